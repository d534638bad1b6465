import { existsSync } from "node:fs";
import type { Workplace } from "./engines.js";
import { messageOf } from "./files.js";

const devices = ["cpu", "wasm", "webgpu"] as const;

/**
 * TensorFlow.js, on one of its devices. The model stays on the host, where Adam's steps leave nothing behind that somebody
 * has to free; but on a device that reads asynchronously it lives there, and so do its gradients.
 *
 * @throws Error for a device that is not known, or does not start.
 */
export async function openTfjs(name: string = "wasm"): Promise<Workplace> {
  const device = devices.find((known) => known === name);
  if (device === undefined) throw new Error(`--device ${name}: the engine tfjs works on ${devices.join(", ")}.`);
  if (device === "webgpu") await provideWebGpu();
  const { AutoTfjs, ready, tfjs } = await import("@polyad/backend-tfjs");
  const engine = AutoTfjs({ device });
  await ready(engine);
  const place = tfjs(device);
  return { engine, device: place.reads === "async" ? place : "host" };
}

/** The software Vulkan driver that Debian's chromium brings. */
const software = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Gives this process `navigator.gpu`, as browsers have it, by the npm package webgpu. */
async function provideWebGpu(): Promise<void> {
  if (existsSync(software)) process.env["VK_ADD_DRIVER_FILES"] ??= software; // beside the drivers of a GPU, which is preferred
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "node" }, configurable: true });
  } catch (cause) {
    throw new Error(`--device webgpu: the npm package webgpu, which brings it to Node, cannot be loaded: ${messageOf(cause)}`, { cause });
  }
}
