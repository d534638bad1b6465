import { expect, test } from "vitest";
process.env["VK_ICD_FILENAMES"] ??= "/usr/lib/chromium/vk_swiftshader_icd.json";
const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "node" }, configurable: true, writable: true });
import * as core from "@polyad/core";
test("shader", async () => {
  const tf = await import("@tensorflow/tfjs-core");
  const { AutoTfjs, ready } = await import("@polyad/backend-tfjs");
  const { byShader } = await import("../../src/lowering/shader.js");
  await ready(AutoTfjs({ device: "webgpu" }));
  await tf.setBackend("webgpu");
  (tf.backend() as never as { device: GPUDevice }).device.addEventListener("uncapturederror", (e) => console.log("VALIDATION", (e as GPUUncapturedErrorEvent).error.message.slice(0, 600)));
  const xs = Float32Array.from([0, 1e-20, 1e-6, 1e-3, 0.1, 0.3, 0.42, 0.49, 0.51, 0.7, 0.9, 0.999999, 1, 1.2, 1.5, 1.5707963, 2, 3, 3.1415927, 5, 8, 9.5, 10, 30, 88, 88.6, 100, 9999, 10001, 12345.678, 1e5, 1e6, 1e10, 1e20, 3e38, Infinity, NaN].flatMap((x) => [x, -x]));
  for (const [name, f] of Object.entries({ exp: core.exp, expm1: core.expm1, log: core.log, log1p: core.log1p, sin: core.sin, cos: core.cos, tan: core.tan, asin: core.asin, acos: core.acos, atan: core.atan, sinh: core.sinh, cosh: core.cosh, tanh: core.tanh, asinh: core.asinh, acosh: core.acosh, atanh: core.atanh, sigmoid: core.sigmoid, softplus: core.softplus, erf: core.erf, erfc: core.erfc })) {
    const got = await byShader(name as never, tf.tensor1d(xs)).data();
    let worst = 0, at = 0; const bad: string[] = [];
    xs.forEach((x, i) => {
      const want = Math.fround(f(x) as number), g = got[i]!;
      if (Object.is(want, g) || (Number.isNaN(want) && Number.isNaN(g)) || want === g) return;
      const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(want)))) - 23);
      const off = Math.abs(want - g) / ulp;
      if (!(off < 1e3)) bad.push(`${x}: ${g} want ${want}`);
      else if (off > worst) { worst = off; at = x; }
    });
    console.log(name, worst, at, bad.join("; "));
  }
  const ys = Float32Array.from([0, -0, 1, -1, 2, -2, Infinity, -Infinity, NaN, 1e-5, -1e-5]);
  const A: number[] = [], B: number[] = []; for (const a of ys) for (const b of ys) { A.push(a); B.push(b); }
  const g = await byShader("atan2", tf.tensor1d(A), tf.tensor1d(B)).data();
  A.forEach((a, i) => { const w = Math.fround(Math.atan2(a, B[i]!)); if (!(Math.abs(w - g[i]!) < 4e-7 || (Number.isNaN(w) && Number.isNaN(g[i]!))) || Object.is(w, -0) !== Object.is(g[i], -0)) console.log("atan2", a, B[i], g[i], w); });
  expect(1).toBe(1);
});
