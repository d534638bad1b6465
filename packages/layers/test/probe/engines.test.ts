import { expect, test, describe } from "vitest";
import * as P from "polyad";
import { zoo, wide } from "./zoo.js";
const A = P as any;
const flatNum = (t: any): number[] => P.flatten(t).leaves.filter((x) => x instanceof P.Tensor || typeof x === "number").flatMap((x: any) => (typeof x === "number" ? [x] : [...x.dataSync()]));
const close = (a: number[], b: number[], tol: number) => { expect(a.length).toBe(b.length); a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(tol * (1 + Math.abs(b[i]!)))); };
for (const [name, [make, inputs]] of Object.entries(zoo)) for (const mode of ["train", "test"] as const) describe(`${name} ${mode}`, () => {
  const fresh = () => (mode === "train" ? A.trainMode : A.testMode)(wide(make()));
  const xs = inputs();
  const active = xs[0].dtype !== "int32";
  const args = active ? xs : xs.map((x: any) => A.Const(x));
  const loss = (m: any, ...x: any[]) => { const y = m(...x); return A.sum(A.mul(y, A.sin(A.add(A.mul(y, 1.7), 0.3)))); };
  const f = A.withState(loss);
  test("engines", () => {
    const t = A.withgradient(f, A.AutoTape(), fresh(), ...args);
    const w = A.withgradient(f, A.AutoForward(), fresh(), ...args);
    const d = A.withgradient(f, A.AutoFiniteDiff(), fresh(), ...args);
    close(flatNum(w.grad), flatNum(t.grad), 1e-9);
    close(flatNum(d.grad), flatNum(t.grad), 1e-5);
    expect(w.val.loss.item()).toBeCloseTo(t.val.loss.item(), 12);
    expect(flatNum([...w.val.state.values()])).toEqual(flatNum([...t.val.state.values()]));
    expect(flatNum([...d.val.state.values()])).toEqual(flatNum([...t.val.state.values()]));
  });
  test("second order", () => {
    const m = fresh();
    const v = A.fmap((x: any) => x instanceof A.Tensor && x.dtype === "float64" ? A.ones(x.shape) : x, m);
    if (P.flatten(m).leaves.every((l) => !(l instanceof P.Tensor))) return;
    const g = (mm: any) => f(mm, ...xs).loss;
    const h1 = A.hvp(g, A.SecondOrder(A.AutoForward(), A.AutoTape()), m, v);
    const h2 = A.hvp(g, A.AutoForward(), fresh(), v);
    const h3 = A.hvp(g, A.AutoTape(), fresh(), v);
    close(flatNum(h2), flatNum(h1), 1e-8);
    close(flatNum(h3), flatNum(h1), 1e-8);
  });
  test("checkpoint", () => {
    const t = A.withgradient(f, A.AutoTape(), fresh(), ...args);
    const c = A.withgradient(A.withState((m: any, ...x: any[]) => { const y = A.checkpoint((mm: any, ...xx: any[]) => mm(...xx))(m, ...x); return A.sum(A.mul(y, A.sin(A.add(A.mul(y, 1.7), 0.3)))); }), A.AutoTape(), fresh(), ...args);
    close(flatNum(c.grad), flatNum(t.grad), 1e-10);
    expect(flatNum([...c.val.state.values()])).toEqual(flatNum([...t.val.state.values()]));
  });
  test("prepare", () => {
    const m = fresh();
    let g; 
    g = A.gradient((mm: any, ...x: any[]) => f(mm, ...x).loss, A.AutoTape(), m, ...args);
    const m2 = fresh();
    const step = A.prepareGradient((mm: any, ...x: any[]) => f(mm, ...x).loss, A.AutoTape(), m2, ...args);
    close(flatNum(step(fresh(), ...xs)), flatNum(g), 1e-10);
    console.log("ok prepare", name, mode);
  });
});
