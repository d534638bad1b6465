const said = new Set<string>();

/** Says something once in a process: as a warning of Node's, or on the console of a browser. */
export function warnOnce(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  const { process, console } = globalThis as Partial<Record<"process", Warner>> & Pick<typeof globalThis, "console">;
  if (process?.emitWarning !== undefined) process.emitWarning(message, "PolyadWarning");
  else console.warn(message); // eslint-disable-line no-console -- a browser has nothing else
}

interface Warner {
  readonly emitWarning?: (message: string, name: string) => void;
}
