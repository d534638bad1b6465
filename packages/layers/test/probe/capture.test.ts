import { expect, test, describe } from "vitest";
import * as P from "polyad";
import { zoo, wide } from "./zoo.js";
const A = P as any;
const flatNum = (t: any): number[] => P.flatten(t).leaves.filter((x) => x instanceof P.Tensor || typeof x === "number").flatMap((x: any) => (typeof x === "number" ? [x] : [...x.dataSync()]));
const close = (a: number[], b: number[], tol: number) => { expect(a.length).toBe(b.length); a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(tol * (1 + Math.abs(b[i]!)))); };
const out: string[] = [];
for (const [name, [make, inputs]] of Object.entries(zoo)) describe(name, () => {
  const xs = inputs();
  const f32 = xs.map((x: any) => x.dtype === "float64" ? A.cast(x, "float32") : x);
  test("capture", () => {
    const m = A.testMode(wide(make()));
    const y = m(...xs);
    const g = A.trace(m, ...xs);
    close(flatNum(g.evaluate ? g.evaluate(...xs) : g(...xs)), flatNum(y), 1e-12);
    const g2 = A.trace((mm: any, ...x: any[]) => mm(...x), m, ...xs);
    close(flatNum(g2.evaluate ? g2.evaluate(m, ...xs) : g2(m, ...xs)), flatNum(y), 1e-12);
    String(g); g.toMermaid?.(); 
  });
  test("outputSize", () => {
    const m = make();
    const y = A.testMode(m)(...f32);
    const s = A.outputSize(m, f32.map((x: any) => x.shape), xs[0].dtype === "int32" ? { dtype: "int32" } : {});
    expect(s).toEqual([...y.shape]);
    expect(y.dtype).toBe("float32");
  });
  test("print/draw/summary", () => {
    const m = make();
    out.push(`--- ${name}\n${m}\n>> ${A.summary(m)}\n params ${A.parameterCount(m)} bytes ${A.byteSize(m)}`);
    A.drawModel(m); A.drawModel(m, ...f32);
    expect(String(m)).not.toMatch(/undefined|\[object|NaN/);
  });
  test("save/load/loadState/state", () => {
    const m = wide(make());
    const n = A.fmap((x: any) => x instanceof A.Tensor && x.dtype === "float64" ? A.zeros(x.shape) : x, m);
    const l = A.load(A.save(m), n);
    close(flatNum(l), flatNum(m), 0);
    const l2 = A.loadState(n, A.state(m));
    close(flatNum(l2), flatNum(m), 0);
    close(flatNum(A.testMode(l)(...xs)), flatNum(A.testMode(m)(...xs)), 0);
    const l3 = A.loadState(n, m);
    close(flatNum(l3), flatNum(m), 0);
    // via JSON? structuredClone of state
    expect(String(l)).toBe(String(m));
    const other = make();
    expect(() => A.load(A.save(m), other)).toThrow ;
  });
  test("optimiser state save", () => {
    const m = A.testMode(make());
    if (A.parameterCount(m) === 0) return;
    let state = A.setup(A.Adam(0.01), m);
    const loss = (mm: any, ...x: any[]) => A.sum(A.square(mm(...x)));
    const args = xs[0].dtype === "int32" ? xs.map(A.Const) : f32.map(A.Const);
    const [g] = A.gradient(loss, A.AutoTape(), m, ...args);
    const s = A.update(state, m, g);
    const bytes = A.save(s);
    const t = A.load(bytes, { state, model: m });
    const [g1] = A.gradient(loss, A.AutoTape(), s.model, ...args);
    const [g2] = A.gradient(loss, A.AutoTape(), t.model, ...args);
    expect(flatNum(A.update(t.state, t.model, g2).model)).toEqual(flatNum(A.update(s.state, s.model, g1).model));
    const fz = A.update(A.freeze(state), m, g);
    expect(flatNum(fz.model)).toEqual(flatNum(m));
  });
  test("destructure, fmap, toDevice", () => {
    const m = A.testMode(wide(make()));
    const [v, re] = A.destructure(m);
    close(flatNum(re(v)(...xs)), flatNum(m(...xs)), 0);
    A.toHost(m);
  });
  test("empty batch", () => {
    const e = f32.map((x: any) => A.slice(x, [0, 0]));
    const y = A.testMode(make())(...e);
    out.push(`${name} empty -> ${y.shape}`);
    if (y.ndim) expect(y.shape[0]).toBe(0);
  });
  test("NaN propagates", () => {
    if (xs[0].dtype === "int32") return;
    const e = xs.map((x: any) => A.mul(x, NaN));
    const y = A.testMode(wide(make()))(...e);
    expect([...y.dataSync()].every(Number.isNaN)).toBe(true);
  });
  test("wrong sizes name the layer", () => {
    for (const bad of [A.ones([7], "float32"), A.ones([2, 11], "float32"), A.ones([1,1,1,1,1,1], "float32"), A.ones([], "float32"), "hello", null, undefined, {}, Symbol("x"), [[1,2],[3]], [1,"a"]]) {
      try { const y = A.testMode(make())(bad); out.push(`${name}(${P.Tensor.prototype.isPrototypeOf(bad as any) ? (bad as any).shape : typeof bad}) gave ${y?.shape ?? y}`); } catch (e: any) { if (!(e instanceof A.AutodiffError) || e.message.length < 20) out.push(`RAW ${name}(${bad instanceof P.Tensor ? bad.shape : String(bad)}): ${e?.constructor?.name}: ${e?.message}`); else if (!/^layer |^Multi|^scan/.test(e.message)) out.push(`UNNAMED ${name}(${bad instanceof P.Tensor ? bad.shape : typeof bad}): ${e.message}`); }
    }
  });
});
test("zz", async () => { const fs = await import("node:fs" as any); fs.writeFileSync("/tmp/zoo.txt", out.join("\n")); });
