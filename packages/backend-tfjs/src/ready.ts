import { engine, getBackend, scalar, setBackend, Tensor, version_core } from "@tensorflow/tfjs-core";
import type { KernelBackend } from "@tensorflow/tfjs-core";
import { AutodiffError, type AutoTfjs, type TfjsDevice } from "@polyad/core/extend";
import { restore } from "./current.js";
import { tfjs } from "./device.js";

/** Loads a device's package: its version, where it says so. */
const packages: Record<TfjsDevice, () => Promise<string | undefined>> = {
  cpu: async () => (await import("@tensorflow/tfjs-backend-cpu")).version_cpu,
  wasm: async () => (await import("@tensorflow/tfjs-backend-wasm")).version_wasm,
  webgpu: async () => void (await import("@tensorflow/tfjs-backend-webgpu")),
};

/**
 * Loads a device of TensorFlow.js; once is enough, but where a GPU's driver refused something. TensorFlow.js's own current backend stays what it was, if there was one.
 *
 * @throws AutodiffError, as a rejection, if the device's package is missing or of another version than the core, if the device
 *   does not start or was lost, or if there are two copies of TensorFlow.js.
 */
export function ready(token: Pick<AutoTfjs, "device">): Promise<void> {
  const { device } = (token as Partial<AutoTfjs> | undefined) ?? {};
  if (device === undefined) return Promise.reject(new AutodiffError('tfjs: expected a token, await ready(AutoTfjs({ device: "wasm" })), or { device: "wasm" }.'));
  const done = turn.then(() => make(device));
  turn = done.catch(() => undefined);
  return done;
}

/** GPUs whose errors are heard already. */
const watched = new WeakSet<GPUDevice>();

/** One at a time: TensorFlow.js gives up a device that is starting when it is asked for another. */
let turn: Promise<void> = Promise.resolve();

async function make(device: TfjsDevice): Promise<void> {
  const to = tfjs(device);
  if (to.lost !== null) to.within(() => undefined); // throws
  await load(device);
  const before = getBackend();
  await start(device);
  checkCopies();
  restore(before);
  if (device === "webgpu") {
    const { device: gpu } = engine().registry[device] as KernelBackend & { readonly device: GPUDevice };
    if (!watched.has(gpu)) gpu.addEventListener("uncapturederror", ({ error }) => (to.refused ??= error.message));
    watched.add(gpu);
    to.refused = null;
    void gpu.lost.then(({ reason, message }) => (to.lost = message || reason));
  }
}

async function load(device: TfjsDevice): Promise<void> {
  let version: string | undefined;
  try {
    version = await packages[device]();
  } catch (cause) {
    throw new AutodiffError(`tfjs: the package @tensorflow/tfjs-backend-${device} could not be loaded. Install it with \`npm install @tensorflow/tfjs-backend-${device}\`.`, { cause });
  }
  if (version === undefined || version === version_core) return;
  throw new AutodiffError(
    `tfjs: @tensorflow/tfjs-backend-${device} is of version ${version}, and @tensorflow/tfjs-core of ${version_core}; they work together in one version only. ` +
      `Install it with \`npm install @tensorflow/tfjs-backend-${device}@${version_core}\`.`,
  );
}

async function start(device: TfjsDevice): Promise<void> {
  let cause: unknown;
  try {
    if (await setBackend(device)) return;
  } catch (error) {
    cause = error;
  }
  const hint = device === "webgpu" ? "There is no WebGPU here (navigator.gpu), or no GPU that it can use: AutoTfjs({ device: \"wasm\" }) needs none." : "TensorFlow.js's own warning above says why.";
  throw new AutodiffError(`tfjs: the device ${device} could not be started. ${hint}`, { cause });
}

/** Copies share one engine: its tensors are of the class of the copy that was loaded first. */
function checkCopies(): void {
  const probe = scalar(0);
  const own = Object.getPrototypeOf(probe) === Tensor.prototype;
  probe.dispose();
  if (own) return;
  throw new AutodiffError(
    "tfjs: two copies of @tensorflow/tfjs-core are loaded, one by @polyad/backend-tfjs and one by other code. `npm ls @tensorflow/tfjs-core` shows where they come from; " +
      "give both the same version, and run `npm dedupe`.",
  );
}
