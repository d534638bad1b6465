import type { ADType } from "./adtypes.js";
import type { Backend } from "./backend.js";
import { AutodiffError, BackendNotLoadedError } from "./errors.js";

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

/** Called by a backend's package when it is imported. */
export function registerBackend<A extends ADType>(backend: Backend<A>): void {
  if (!backend.pullback && !backend.pushforward) {
    throw new AutodiffError(`registerBackend: "${backend.adtype}" implements neither pullback nor pushforward; the contract needs one.`);
  }
  registry().backends.set(backend.adtype, backend as Backend);
}

/** The tags of the engines that are loaded. */
export function loadedBackends(): string[] {
  return [...registry().backends.keys()];
}

/** The engine that a token names. */
export function backendOf(ad: ADType): Backend {
  const backend = registry().backends.get(ad.adtype);
  if (backend) return backend;
  const name = packages[ad.adtype] ?? `the package that defines "${ad.adtype}"`;
  const loaded = loadedBackends();
  throw new BackendNotLoadedError(
    `No engine is loaded for "${ad.adtype}". Install it with \`npm install ${name}\` and load it with \`import "${name}";\`. ` +
      `Loaded: ${loaded.length === 0 ? "none" : loaded.join(", ")}.`,
  );
}

const packages: Readonly<Record<string, string>> = {
  tape: "@polyad/backend-tape",
  forward: "@polyad/backend-forward",
  "finite-diff": "@polyad/backend-finite-diff",
  tfjs: "@polyad/backend-tfjs",
  onnx: "@polyad/backend-onnx",
};
