import { expect, test, describe } from "vitest";
import * as P from "polyad";
import * as T from "../../../backend-tfjs/src/index.js";
import { zoo } from "./zoo.js";
const A = P as any;
const flatNum = (t: any): number[] => P.flatten(t).leaves.filter((x) => x instanceof P.Tensor || typeof x === "number").flatMap((x: any) => (typeof x === "number" ? [x] : [...x.dataSync()]));
const close = (a: number[], b: number[], tol: number) => { expect(a.length).toBe(b.length); a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(tol * (1 + Math.abs(b[i]!)))); };
const tf = (T as any).AutoTfjs({ device: "cpu" });
for (const [name, [make, inputs]] of Object.entries(zoo)) for (const mode of ["train", "test"]) describe(`${name} ${mode}`, () => {
  const rng = P.generator(4);
  const rand = (m: any) => A.fmapWithPath((path: any, x: any) => x instanceof P.Tensor && x.dtype !== "int32" ? A.cast(path.at(-1) === "variance" ? A.add(A.rand(P.generator(x.size), x.shape), 0.5) : A.randn(P.generator(x.size + 1), x.shape), "float32") : x, m);
  const fresh = () => (mode === "train" ? A.trainMode : A.testMode)(rand(make()));
  const xs = inputs().map((x: any) => x.dtype === "float64" ? A.cast(x, "float32") : x);
  const args = xs[0].dtype === "int32" ? xs.map((x: any) => A.Const(x)) : xs;
  const f = A.withState((m: any, ...x: any[]) => { const y = m(...x); return A.sum(A.mul(y, A.sin(A.add(A.mul(y, 1.7), 0.3)))); });
  test("tfjs engine", async () => {
    await (T as any).ready(tf);
    const t = A.withgradient(f, A.AutoTape(), fresh(), ...args);
    const w = await A.withgradient(f, tf, fresh(), ...args);
    close(flatNum(w.grad), flatNum(t.grad), 2e-4);
    close(flatNum([...w.val.state.values()]), flatNum([...t.val.state.values()]), 1e-4);
  });
  test("device model, tape", async () => {
    await (T as any).ready(tf);
    const m = fresh(); 
    const d = A.toDevice(m, (T as any).tfjs("cpu"));
    const t = A.withgradient(f, A.AutoTape(), m, ...args);
    const m2 = A.toDevice(fresh(), (T as any).tfjs("cpu"));
    const xd = A.toDevice(xs, (T as any).tfjs("cpu"));
    const w = A.withgradient(f, A.AutoTape(), m2, ...(xs[0].dtype === "int32" ? xd.map(A.Const) : xd));
    close(flatNum(w.grad), flatNum(t.grad), 2e-4);
  });
});
