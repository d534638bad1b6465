import { engine, getBackend, scalar, setBackend, Tensor } from "@tensorflow/tfjs-core";
import type { KernelBackend } from "@tensorflow/tfjs-core";
import { AutodiffError, type AutoTfjs, type TfjsDevice } from "@polyad/core/extend";
import { restore } from "./current.js";
import { tfjs } from "./device.js";

const packages = {
  cpu: () => import("@tensorflow/tfjs-backend-cpu"),
  wasm: () => import("@tensorflow/tfjs-backend-wasm"),
  webgpu: () => import("@tensorflow/tfjs-backend-webgpu"),
} as const;

/**
 * Loads a device of TensorFlow.js; once is enough. TensorFlow.js's own current backend stays what it was, if there was one.
 *
 * @throws AutodiffError, as a rejection, if the device's package is missing or the device does not start, or if there are
 *   two copies of TensorFlow.js.
 */
export async function ready({ device }: Pick<AutoTfjs, "device">): Promise<void> {
  const to = tfjs(device);
  await load(device);
  const before = getBackend();
  await start(device);
  checkCopies();
  restore(before);
  if (device === "webgpu") {
    const { device: gpu } = engine().registry[device] as KernelBackend & { readonly device: GPUDevice };
    void gpu.lost.then(({ reason, message }) => (to.lost = message || reason));
  }
}

async function load(device: TfjsDevice): Promise<void> {
  try {
    await packages[device]();
  } catch (cause) {
    throw new AutodiffError(`tfjs: the package @tensorflow/tfjs-backend-${device} could not be loaded. Install it with \`npm install @tensorflow/tfjs-backend-${device}\`.`, { cause });
  }
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
