import { engine, getBackend, setBackend } from "@tensorflow/tfjs-core";
import { AutodiffError, type TfjsDevice } from "@polyad/core/extend";

/**
 * TensorFlow.js has one current backend: its kernels run there, and would silently move to it what lives elsewhere. So
 * the device that is to work is made current first, and others find theirs again afterwards.
 */

/** Makes a device current. @throws AutodiffError for one that is not ready. */
export function enter(name: TfjsDevice): void {
  if (getBackend() === name) return;
  if (!(name in engine().registry)) {
    throw new AutodiffError(`tfjs ${name} is not ready. Call \`await ready(AutoTfjs({ device: "${name}" }))\` first, once.`);
  }
  makeCurrent(name);
}

/** Runs f with a device as the current one. */
export function within<R>(name: TfjsDevice, f: () => R): R {
  const before = getBackend();
  enter(name);
  try {
    return f();
  } finally {
    restore(before);
  }
}

/** Makes the backend current again that was so before, if there was one. */
export function restore(before: string | null | undefined): void {
  if (typeof before === "string" && before !== getBackend() && before in engine().registry) makeCurrent(before);
}

type Engine = ReturnType<typeof engine>;

/** What `setBackend` set for each backend. */
const set = new Map<string, { readonly instance: Engine["backendInstance"]; readonly profiler: Engine["profiler"] }>();

/** `setBackend` sets up all kernels anew, a millisecond on wasm: it is called the first time, and repeated by hand. */
function makeCurrent(name: string): void {
  const e = engine();
  const known = set.get(name);
  if (known !== undefined && known.instance === e.registry[name]) {
    e.backendName = name;
    e["backendInstance"] = known.instance;
    e["profiler"] = known.profiler;
  } else {
    void setBackend(name); // at once, since it is initialised
    set.set(name, { instance: e["backendInstance"], profiler: e["profiler"] });
  }
}
