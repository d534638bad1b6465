import { add, argmax, backendOf, Const, cast, Duplicated, flatten, floor, gradient, log, mod, mul, params, pullback, square, sub, sum, Tensor, tensor, where, withgradient, type Value } from "@polyad/core/extend";
import type { Check, Needs } from "../check.js";
import { ensure, expectTree } from "../compare.js";
import type { Engine } from "../engine.js";
import { tensorOf } from "../tree.js";

type Near = (actual: unknown, expected: unknown, where?: string) => Promise<void>;

function activity(name: string, run: (engine: Engine, near: Near) => Promise<void>, needs: Partial<Needs> = {}, without?: Check["without"]): Check {
  return {
    group: "scenarios",
    subject: `activity: ${name}`,
    name: `activity: ${name}`,
    ops: [],
    needs: { order: 1, single: true, dtypes: ["float64"], ...needs },
    ...(without && { without }),
    run: async (engine) => {
      for (const again of ["", ", called again"]) await run(engine, (actual, expected, where = "gradient") => expectTree(actual, expected, (dtype) => engine.tolerance(dtype, 1), where + again));
    },
  };
}

const floats = (...xs: number[]): Float64Array => Float64Array.from(xs);

/** Which arguments are differentiated, and in what form their gradients come: all of it beyond one argument. */
export const activities: readonly Check[] = [
  activity("one gradient per argument, each in its own form", async ({ ad }, near) => {
    const f = (a: Value, b: Value, c: Value, [d, e]: readonly Value[]): Value => add(mul(a, sum(mul(b, c))), mul(d!, e!));
    const args = [2, tensor([1, -3]), new Float32Array([0.5, 4]), [3, 5]] as const;
    await near(await gradient(f, ad, ...args), [-11.5, tensor([1, 8]), new Float32Array([2, -6]), [5, 3]]);
  }, { dtypes: ["float64", "float32"] }),
  activity("[2, 1] against [2, 0]", async ({ ad }, near) => {
    await near(await gradient((x, y) => sum(square(sub(x, y))), ad, [2, 1], [2, 0]), [[0, 2], [0, -2]]);
  }),
  activity("Const arguments, and Const inside a tree, are null", async ({ ad }, near) => {
    const tree = { w: tensor([1, 2]), frozen: Const(tensor([3, 4])) };
    const f = (t: { w: Value; frozen: unknown }, c: Value): Value => sum(mul(mul(t.w, t.frozen as Value), c));
    await near(await Reflect.apply(gradient as Function, undefined, [f, ad, tree, Const(2)]), [{ w: tensor([6, 8]), frozen: null }, null]);
  }),
  activity("int and bool leaves, strings and functions are null", async ({ ad }, near) => {
    const tree = { x: 2, ids: new Int32Array([1, 2]), mask: tensorOf([1, 0], [2], "bool"), text: "text", f: Math.sin, date: new Date(0), nothing: null };
    const f = ({ x, ids }: { x: Value; ids: unknown }): Value => mul(x, sum(cast(ids as Value, "float64")));
    await near(await Reflect.apply(gradient as Function, undefined, [f, ad, tree]), [{ x: 3, ids: null, mask: null, text: null, f: null, date: null, nothing: null }]);
  }),
  activity("zeros for what is not used", async ({ ad }, near) => {
    const grads = await gradient((x, _y, _z, { w: _w }) => mul(x, 3), ad, 2, tensor([[1], [2]]), new Float32Array(3), { w: [1, new Float64Array(2)] });
    await near(grads, [3, tensor([[0], [0]]), new Float32Array(3), { w: [0, new Float64Array(2)] }]);
  }, { dtypes: ["float64", "float32"] }),
  activity("a constant function", async ({ ad }, near) => {
    await near(await withgradient((_x) => 5, ad, tensor([1, 2])), { val: 5, grad: [tensor([0, 0])] });
  }),
  activity("an empty tensor", async ({ ad }, near) => {
    await near(await withgradient((x) => sum(x), ad, floats()), { val: tensorOf([0], [], "float64"), grad: [floats()] });
  }),
  activity("auxiliary results after the loss", async ({ ad }, near) => {
    const f = (x: Value): [Value, { y: Value; text: string }, Int32Array] => [sum(square(x)), { y: mul(x, 2), text: "aux" }, Int32Array.of(7)];
    const { val, grad } = await withgradient(f, ad, tensor([1, -2]));
    await near(val, [tensorOf([5], [], "float64"), { y: tensor([2, -4]), text: "aux" }, Int32Array.of(7)], "val");
    await near(grad, [tensor([2, -4])]);
  }),
  activity("auxiliary results beside the loss", async ({ ad }, near) => {
    const f = (x: Value, y: Value): { loss: Value; both: Value } => ({ loss: mul(x, y), both: add(x, y) });
    await near(await withgradient(f, ad, 3, 4), { val: { loss: 12, both: 7 }, grad: [4, 3] });
  }),
  activity("Duplicated fills its buffers, or adds to them", async ({ ad }, near) => {
    const x = Duplicated({ a: 2, b: tensor([1, 3]) });
    const f = ({ a, b }: { a: Value; b: Value }): Value => mul(a, sum(square(b)));
    for (const again of ["first", "again"]) {
      await gradient(f as never, ad, x);
      await near(x.buffers, { a: 10, b: floats(4, 12) }, again);
    }
    const adding = Duplicated({ a: 2, b: tensor([1, 3]) }, { buffers: x.buffers, zero: false });
    await gradient(f as never, ad, adding);
    await near(adding.buffers, { a: 20, b: floats(8, 24) }, "added");
  }),
  activity("captured parameters, implicitly", async ({ ad }, near) => {
    const [w, b, unused] = [tensor([[1, 2]]), tensor([3]), tensor([4])];
    const grads = await gradient(() => mul(sum(square(w)), sum(b)), ad, params({ w, b }, unused));
    await near([w, b, unused].map((p) => grads.get(p)), [tensor([[6, 12]]), tensor([5]), tensor([0])]);
  }),
  activity("the same tensor in two places: a gradient for each", async ({ ad }, near) => {
    const w = tensor([1, -2]);
    await near(await gradient(({ first, second }: { first: Value; second: Value }) => sum(mul(first, mul(second, second))), ad, { first: w, second: w } as never), [
      { first: tensor([1, 4]), second: tensor([2, 8]) },
    ]);
  }),
  activity("integers computed from x", async ({ ad }, near) => {
    const f = (x: Value): Value => mul(x, cast(mod(cast(floor(x), "int32"), 3), "float64"));
    const x = tensor([-1.5, 2.5, 7.5]); // of −2, 2 and 7 the remainders are 1, 2 and 1
    await near(await withgradient((at) => [sum(f(at)), f(at)], ad, x), { val: [tensorOf([11], [], "float64"), tensor([-1.5, 5, 7.5])], grad: [tensor([1, 2, 1])] });
  }),
  activity("f branches on values", async ({ ad }, near) => {
    const sign = (x: Value): number => Math.sign(x instanceof Tensor ? x.item() : x);
    const f = (x: Value): Value => mul(x, sign(x) > 0 ? 2 : -3);
    for (const [x, slope] of [[1.5, 2], [-1.5, -3]] as const) {
      await near(await withgradient(f, ad, x), { val: slope * x, grad: [slope] });
      await near(await gradient(f, ad, tensor(x)), [tensor(slope)]);
    }
  }, {}, ({ ad }) => (!backendOf(ad).capabilities.controlFlow ? "f may not branch on values" : ad.execution === "async" ? "f cannot await a value to branch on it" : undefined)),
  activity("the branch not chosen receives an exact zero", async ({ ad }, near) => {
    // The derivative of log at 0 is infinite, and 0·∞ would be NaN.
    const f = (x: Value, y: Value): Value => sum(log(where(tensorOf([1, 0], [2], "bool"), x, y)));
    await near(await gradient(f, ad, tensor([0, 1]), tensor([1, 0])), [tensor([Infinity, 0]), tensor([0, Infinity])]);
  }, { rules: true }),
  activity("results are the caller's own", async ({ ad }, near) => {
    const x = floats(1, 2);
    const [first] = await gradient((v) => sum(v), ad, x);
    first.fill(9);
    await near(await gradient((v) => sum(v), ad, x), [floats(1, 1)], "after writing to an earlier result");
    await near(x, floats(1, 2), "the argument");
  }),
  activity("operators that run at the same time", async ({ ad }, near) => {
    const at = (c: number): unknown => gradient((x) => sum(mul(c, square(x))), ad, tensor([c, 1]));
    await near(await Promise.all([at(2), at(-3), at(5)]), [[tensor([8, 4])], [tensor([18, -6])], [tensor([50, 10])]]);
  }),
  activity("an integer result before one that carries a derivative", async ({ ad }, near) => {
    const f = (x: Value): readonly Value[] => [argmax(x), square(x)];
    const x = tensor([1.5, -2]);
    await near(await Reflect.apply(pullback as Function, undefined, [f, ad, x, [null, tensor([1, -0.5])]]), tensor([3, 2]), "pullback");
  }),
  activity("gradients are trees that flatten like their arguments", async ({ ad }) => {
    const x = { a: [1, 2], b: { c: tensor([3]) } };
    const [g] = (await gradient((t) => add(sum(t.a), sum(t.b.c)), ad, x)) as [unknown];
    ensure(flatten(g).def.paths.join() === flatten(x).def.paths.join(), () => `paths ${flatten(g).def.paths.join()}`);
  }),
];
