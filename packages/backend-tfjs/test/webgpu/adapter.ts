import { existsSync } from "node:fs";

/** The software Vulkan driver that Debian's chromium brings. */
const software = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Gives this process `navigator.gpu`, by the npm package webgpu; before TensorFlow.js loads. A Vulkan driver that the
 * environment names is used, else the software one. Null, or why there is no WebGPU here.
 */
export async function startWebGpu(): Promise<string | null> {
  if (process.env["VK_ICD_FILENAMES"] === undefined && existsSync(software)) process.env["VK_ICD_FILENAMES"] = software;
  try {
    const { create, globals } = await import("webgpu");
    const gpu = create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return "no WebGPU adapter: no Vulkan driver was found. Install chromium and libvulkan1, or set VK_ICD_FILENAMES";
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true, writable: true });
    return null;
  } catch (error) {
    return `no WebGPU: ${error instanceof Error ? error.message : String(error)}`;
  }
}
