import { existsSync } from "node:fs";

/** The software Vulkan driver that Debian's chromium brings. */
const software = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Gives this process `navigator.gpu`, by the npm package webgpu; before TensorFlow.js loads. That of a GPU,
 * where there is a Vulkan driver for it, else the software one. Null, or why there is no WebGPU here.
 */
export async function startWebGpu(): Promise<string | null> {
  if (existsSync(software)) process.env["VK_ADD_DRIVER_FILES"] ??= software; // beside the drivers of a GPU, which is preferred
  try {
    const { create, globals } = await import("webgpu");
    const gpu = create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return "no WebGPU adapter: no Vulkan driver was found. Install chromium and libvulkan1, or set VK_ADD_DRIVER_FILES";
    console.info(`WebGPU by ${adapter.info.description || adapter.info.vendor}`);
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true, writable: true });
    return null;
  } catch (error) {
    return `no WebGPU: ${error instanceof Error ? error.message : String(error)}`;
  }
}
