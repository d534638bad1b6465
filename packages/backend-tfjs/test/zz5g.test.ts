import { it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import * as P0 from "polyad";
import { startWebGpu } from "./webgpu/adapter.js";
await startWebGpu();
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";
const P = P0 as any;
const { sum, square, tensor, gradient } = P;
it("play", async () => {
  for (const device of ["webgpu", "wasm"] as const) {
    const ad = AutoTfjs({ device }) as any; await ready(ad);
    const s = P.prepareGradient((x: any) => sum(square(x)), ad, tensor([1, 2]));
    const b = s.buffers(); console.log(device, b);
    try { console.log(await s.into(b, tensor([1, 2]))); } catch (e: any) { console.log(device, e.message); }
    try { const [p, q] = [s.buffers(), s.buffers()]; await Promise.all([s.into(p, tensor([1, 2])), s.into(q, tensor([3, 4]))]); console.log(p, q); } catch (e: any) { console.log(device, e.message); }
    const s2 = P.prepareWithgradient((x: any) => sum(square(x)), ad, tensor([1, 2])); const b2 = s2.buffers(); console.log(b2); try { console.log(await s2.into(b2, tensor([1, 2]))); } catch (e: any) { console.log(device, e.message); }
    try { console.log(await gradient((x: any) => sum(P.exp(gradient((y: any) => sum(square(y)), ad, x)[0])), ad, tensor([0.5]))); } catch (e: any) { console.log(device, "nested:", e.message); }
  }
});
