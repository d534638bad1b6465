import type { ADType } from "./adtypes.js";
import type { Backend, Capabilities } from "./backend.js";
import { AutodiffError, BackendNotLoadedError } from "./errors.js";
import { describe } from "./tensor.js";

interface Registry {
  /** Identifies this copy of core. */
  readonly core: object;
  readonly backends: Map<string, Backend>;
}

const key = Symbol.for("@polyad/core/registry");
const self = {};

/** The process-wide registry: it must belong to this copy of core, or two copies would each see half of the tracers. */
function registry(): Registry {
  const shared = globalThis as { [key]?: Registry };
  const found = (shared[key] ??= { core: self, backends: new Map() });
  if (found.core !== self) {
    throw new AutodiffError(
      "Two copies of @polyad/core are loaded in this process; tensors of one are strangers to the other. Run " +
        "`npm ls @polyad/core`, make the versions agree, and let packages that use it have it as a peer dependency.",
    );
  }
  return found;
}

/**
 * Called by a backend's package when it is imported.
 *
 * @throws AutodiffError for what does not keep the contract, and for a tag that another engine has; `replace` lets this
 *   one take its place.
 */
export function registerBackend<A extends ADType>(backend: Backend<A>, { replace = false }: { readonly replace?: boolean } = {}): void {
  checkBackend(backend);
  const { backends } = registry();
  const { adtype } = backend;
  if (!replace && backends.has(adtype) && backends.get(adtype) !== backend) {
    throw new AutodiffError(
      `registerBackend: an engine is registered as "${adtype}" already, and a tag names one. Take another tag, or registerBackend(backend, { replace: true }).`,
    );
  }
  backends.set(adtype, backend as Backend);
}

/** What each capability must be; total, so that a new one has its rule. */
const capabilityRules: Readonly<Record<keyof Capabilities, readonly [what: string, holds: (x: unknown) => boolean]>> = {
  forward: ['"fast", "slow" or absent', isCost],
  reverse: ['"fast", "slow" or absent', isCost],
  dtypes: ['a list of "float64" and "float32"', (x) => Array.isArray(x) && x.length > 0 && x.every((dtype) => dtype === "float64" || dtype === "float32")],
  order: ["a whole number of at least 1, or Infinity", (x) => x === Infinity || (Number.isInteger(x) && (x as number) >= 1)],
  execution: ['"sync" or "async"', (x) => x === "sync" || x === "async"],
  devices: ["a list of names, or absent", (x) => x === undefined || (Array.isArray(x) && x.every((name) => typeof name === "string"))],
  controlFlow: ["true or false", isBoolean],
  traceable: ["true or false", isBoolean],
  samples: ["true, false or absent", (x) => x === undefined || isBoolean(x)],
  accuracy: ["a function (dtype, order, ad) => relative error, or absent", isOptional],
  chunk: ["a function (n, ad) => count, or absent", isOptional],
};

/** That a backend has the parts of the contract. */
function checkBackend(backend: unknown): void {
  const { adtype, capabilities, pullback, pushforward, withgradient, check } = Object(backend) as Partial<Record<keyof Backend, unknown>>;
  if (typeof adtype !== "string" || adtype === "") {
    throw new AutodiffError(`registerBackend: expected { adtype: "mine", capabilities, pullback or pushforward }, got ${adtype === undefined ? describe(backend) : `adtype ${describe(adtype)}`}.`);
  }
  const refuse = (what: string): never => {
    throw new AutodiffError(`registerBackend: "${adtype}" ${what}.`);
  };
  const methods = { pullback, pushforward, withgradient };
  for (const [name, method] of Object.entries({ ...methods, check })) if (!isOptional(method)) refuse(`gives ${describe(method)} for ${name}; the contract wants a function`);
  if (pullback === undefined && pushforward === undefined) refuse("implements neither pullback nor pushforward; the contract needs one");
  if (typeof capabilities !== "object" || capabilities === null) refuse(`gives ${describe(capabilities)} for its capabilities; the contract wants { ${Object.keys(capabilityRules).join(", ")} }`);
  const given = capabilities as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) if (!(name in capabilityRules)) refuse(`declares ${name}, which is no capability. There are ${Object.keys(capabilityRules).join(", ")}`);
  for (const [name, [what, holds]] of Object.entries(capabilityRules)) if (!holds(given[name])) refuse(`must declare capabilities.${name} as ${what}, got ${describe(given[name])}`);
  if (given["forward"] === undefined && given["reverse"] === undefined) refuse("must declare what a pass costs: capabilities.forward or capabilities.reverse");
  for (const [direction, name] of [["forward", "pushforward"], ["reverse", "pullback"]] as const) {
    if (given[direction] !== undefined && methods[name] === undefined) refuse(`declares capabilities.${direction}, and has no ${name}`);
  }
}

function isCost(x: unknown): boolean {
  return x === undefined || x === "fast" || x === "slow";
}

function isBoolean(x: unknown): boolean {
  return typeof x === "boolean";
}

function isOptional(x: unknown): boolean {
  return x === undefined || typeof x === "function";
}

/** The tags of the engines that are loaded. */
export function loadedBackends(): string[] {
  return [...registry().backends.keys()];
}

/** The engine that a token names. */
export function backendOf(ad: ADType): Backend {
  const backend = registry().backends.get(ad.adtype);
  if (backend) return backend;
  const name = packages[ad.adtype];
  const advice =
    name === undefined
      ? `Import the module that registers it, by registerBackend({ adtype: "${ad.adtype}", … }).`
      : `Install it with \`npm install ${name}\` and load it with \`import "${name}";\`.`;
  const loaded = loadedBackends();
  throw new BackendNotLoadedError(`No engine is loaded for "${ad.adtype}". ${advice} Loaded: ${loaded.length === 0 ? "none" : loaded.join(", ")}.`);
}

const packages: Readonly<Record<string, string>> = {
  tape: "@polyad/backend-tape",
  forward: "@polyad/backend-forward",
  "finite-diff": "@polyad/backend-finite-diff",
  tfjs: "@polyad/backend-tfjs",
};
