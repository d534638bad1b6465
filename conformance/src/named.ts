import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isADType, SecondOrder, type ADType } from "@polyad/core/extend";
import { checkSkips, type Skip } from "./skip.js";

/** An engine that the command line names, and what its modules say of it. */
export interface Named {
  readonly token: ADType;
  /** Modules that define engines, by tag, as they were named. */
  readonly modules: Readonly<Record<string, string>>;
  readonly skip: readonly Skip[];
  /** Tensors on its device now, each from one source. */
  readonly live: readonly (() => number)[];
}

type Module = Readonly<Record<string, unknown>>;

/** Loads the engine of a name, package or file, as seen from the folder where the command runs; a pair is outer/inner. */
export async function engineNamed(name: string): Promise<Named> {
  if (name === "") throw new Error("--engine: a name is empty. Names have commas between, and a pair is outer/inner.");
  const [module, ...settings] = name.split(/:(?=\w+=)/) as [string, ...string[]];
  const alone = isFile(module) && existsSync(module) && !settings.some((setting) => setting.includes("/"));
  const [, outer, inner] = (alone ? null : pair.exec(name)) ?? [];
  if (outer !== undefined) {
    if (pair.test(inner!)) throw new Error(`--engine: ${name} names more than two engines; a pair is outer/inner.`);
    return paired(await engineNamed(outer), await engineNamed(inner!));
  }
  const url = isFile(module) ? fileNamed(module) : locate(/^[\w-]+$/.test(module) ? [`@polyad/backend-${module}`, module] : [module]);
  const loaded = await of(module, async () => (await import(url.href)) as Module);
  const token = await of(module, () => tokenOf(loaded, module, settings));
  const { ready, skip = [], live = await liveOf(token, url) } = loaded;
  if (typeof ready === "function") await of(module, () => Reflect.apply(ready, undefined, [token]) as unknown);
  checkSkips(skip);
  if (live !== undefined && typeof live !== "function") throw new Error(`${module} exports live, which must be a function that counts the tensors on its device.`);
  return { token, modules: { [token.adtype]: module }, skip, live: live === undefined ? [] : [() => Number(Reflect.apply(live, undefined, []))] };
}

/** What a module does, with its name before what it throws. */
async function of<T>(module: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(message.includes(module) ? message : `${module}: ${message}`, { cause });
  }
}

/** outer/inner, where either may be a name, a package of a scope, or a file: a file ends where its extension does. */
const pair = /^(@[^/]+\/[^/]+|(?![a-z]:[\\/])[^@./][^/]*|(?:[./]|[a-z]:[\\/]).*?\.[cm]?[jt]s(?::\w+=[^/]*)*)\/(.*)$/i;

const isFile = (name: string): boolean => /^[./]|^[a-z]:[\\/]/i.test(name);

function paired(outer: Named, inner: Named): Named {
  return {
    token: SecondOrder(outer.token, inner.token),
    modules: { ...inner.modules, ...outer.modules },
    skip: [...outer.skip, ...inner.skip],
    live: [...outer.live, ...inner.live],
  };
}

/** The token that a module exports, or that its factory makes of the options. */
function tokenOf(loaded: Module, name: string, settings: readonly string[]): ADType {
  const candidates = [loaded["default"], ...Object.entries(loaded).flatMap(([key, value]) => (key.startsWith("Auto") ? [value] : []))];
  for (const candidate of candidates) {
    const token: unknown = typeof candidate === "function" ? Reflect.apply(candidate, undefined, settings.length === 0 ? [] : [optionsOf(settings)]) : candidate;
    if (!isADType(token)) continue;
    if (typeof candidate !== "function" && settings.length > 0) throw new Error(`${name} exports a token, which takes no options: leave :${settings.join(":")} out.`);
    return token;
  }
  throw new Error(`${name} exports no engine: export a token as default, or a factory called Auto…, as defineADType makes.`);
}

/** key=value, each; what reads as a number is one. */
function optionsOf(settings: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      const text = setting.slice(at + 1);
      return [setting.slice(0, at), text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text];
    }),
  );
}

/** TensorFlow.js counts its own tensors, the same in all copies of it. */
async function liveOf({ adtype }: ADType, url: URL): Promise<unknown> {
  if (adtype !== "tfjs") return undefined;
  const { memory } = (await import(pathToFileURL(createRequire(url).resolve("@tensorflow/tfjs-core")).href)) as { memory: () => { numTensors: number } };
  return () => memory().numTensors;
}

function fileNamed(name: string): URL {
  const file = resolve(name);
  if (!existsSync(file)) throw new Error(`No file is called ${file}. --engine takes a name, a package, or the path of a module.`);
  return pathToFileURL(file);
}

function locate(names: readonly string[]): URL {
  const { resolve: find } = createRequire(join(process.cwd(), "package.json"));
  for (const name of names) {
    try {
      return pathToFileURL(find(name));
    } catch {
      continue;
    }
  }
  throw new Error(`No engine is installed as ${names.join(" or ")}. Run npm install ${names[0]}, or give a file such as ./my-backend.js.`);
}
