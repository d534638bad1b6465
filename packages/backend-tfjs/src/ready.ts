import { getBackend, setBackend } from "@tensorflow/tfjs-core";
import { AutodiffError, type AutoTfjs, type TfjsDevice } from "@polyad/core/extend";

const packages = {
  cpu: () => import("@tensorflow/tfjs-backend-cpu"),
  wasm: () => import("@tensorflow/tfjs-backend-wasm"),
  webgpu: () => import("@tensorflow/tfjs-backend-webgpu"),
} as const;

/** Loads a device of TensorFlow.js; once is enough. */
export async function ready({ device }: Pick<AutoTfjs, "device">): Promise<void> {
  await load(device);
  const before = getBackend();
  if (!(await setBackend(device))) throw new AutodiffError(`tfjs: the device ${device} could not be started.`);
  if (before && before !== device) await setBackend(before);
}

async function load(device: TfjsDevice): Promise<void> {
  try {
    await packages[device]();
  } catch (cause) {
    throw new AutodiffError(`tfjs: the package @tensorflow/tfjs-backend-${device} could not be loaded. Install it with \`npm install @tensorflow/tfjs-backend-${device}\`.`, { cause });
  }
}
