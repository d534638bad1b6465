import { expect, test } from "vitest";
import {
  add, AutoFiniteDiff, AutoForward, AutoTape, checkGradient, checkpoint, Const, customRule, derivative, Duplicated, exp, gradient, gradientAndHvp, hessian, hvp,
  jacobian, matmul, mul, params, prepareGradient, pullback, pushforward, round, secondDerivative, SecondOrder, sin, slice, square, sub, sum, Tensor, tensor, valueAndDerivative,
  valueAndJacobian, valueGradientAndHessian, withgradient, type Value,
} from "polyad";

const exact = [AutoTape(), AutoForward(), AutoForward({ chunkSize: 2 })] as const;
const pairs = [...exact, SecondOrder(AutoForward(), AutoTape()), SecondOrder(AutoTape(), AutoForward())] as const;

for (const ad of exact) {
  const name = JSON.stringify(ad);
  test(`gradient of numbers, arrays, typed arrays, objects: ${name}`, () => {
    expect(gradient((x) => add(add(mul(3, square(x)), mul(2, x)), 1), ad, 2)).toEqual([14]);
    expect(gradient((x, y, z) => add(mul(x, y), z), ad, 30, 40, 50)).toEqual([40, 30, 1]);
    expect(gradient((x, y) => sum(square(sub(x, y))), ad, [2, 1], [2, 0])).toEqual([[0, 2], [expect.closeTo(0, 15), -2]]);
    expect(gradient((x) => sum(square(x)), ad, new Float32Array([1, 2]))).toEqual([new Float32Array([2, 4])]);
    const [d] = gradient((m) => sum(mul(m.w, m.b)), ad, { w: tensor([1, 2]), b: 3, s: "x", f: sin });
    expect(d.w.toArray()).toEqual([3, 3]);
    expect([d.b, d.s, d.f]).toEqual([3, null, null]);
    expect(gradient((x, y) => mul(x, y), ad, 2, Const(3))).toEqual([3, null]);
    expect(gradient((_x, y) => y, ad, new Float64Array(2), 3)).toEqual([new Float64Array(2), 1]);
    expect(gradient(() => 5, ad, [1, 2])).toEqual([[0, 0]]);
  });
  test(`jacobian, pushforward, pullback: ${name}`, () => {
    const A = tensor([[1, 2], [3, 4], [5, 6]]);
    expect(jacobian((x) => matmul(A, x), ad, new Float64Array([1, 1])).toArray()).toEqual(A.toArray());
    const { val, jacobian: j } = valueAndJacobian((x) => ({ y: mul(x, x), n: sum(x) }), ad, tensor([1, 2]));
    expect(val.y.toArray()).toEqual([1, 4]);
    expect(j.y.toArray()).toEqual([[2, 0], [0, 4]]);
    expect(j.n.toArray()).toEqual([1, 1]);
    expect(jacobian(([a, b]) => [mul(a!, b!), a!], ad, [2, 3]).toArray()).toEqual([[3, 2], [1, 0]]);
    expect(pushforward((x) => mul(x, x), ad, tensor([1, 2]), tensor([1, 0])).toArray()).toEqual([2, 0]);
    expect(pushforward((x) => mul(x, x), ad, tensor([1, 2]), [tensor([1, 0]), tensor([0, 1])]).map((t) => t.toArray())).toEqual([[2, 0], [0, 4]]);
    expect(pullback((x) => mul(x, x), ad, tensor([1, 2]), tensor([1, 1])).toArray()).toEqual([2, 4]);
    expect(derivative((x) => [sin(x), mul(x, x)], ad, 0)).toEqual([1, 0]);
    expect(valueAndDerivative((x) => exp(x), ad, 0)).toEqual({ val: 1, derivative: 1 });
  });
}
for (const ad of pairs) {
  test(`second order: ${JSON.stringify(ad)}`, () => {
    const f = (x: Tensor) => sum(mul(x, mul(x, x)));
    expect(hessian(f, ad, new Float64Array([1, 2])).toArray()).toEqual([[6, 0], [0, 12]]);
    expect(hvp(f, ad, tensor([1, 2]), tensor([1, 1])).toArray()).toEqual([6, 12]);
    expect(secondDerivative((x) => mul(x, mul(x, x)), ad, 2)).toBe(12);
    const r = valueGradientAndHessian((x) => mul(slice(x, 0), slice(x, 1)), ad, tensor([3, 4]));
    expect(r.val).toMatchObject({}); expect((r.val as Tensor).item()).toBe(12);
    expect(r.grad.toArray()).toEqual([4, 3]);
    expect(r.hessian.toArray()).toEqual([[0, 1], [1, 0]]);
    expect(gradientAndHvp(f, ad, tensor([1, 2]), tensor([1, 0])).grad.toArray()).toEqual([3, 12]);
    const t = hessian(({ a, b }) => mul(a, sum(mul(b, b))), ad, { a: 2, b: tensor([1, 3]) });
    expect(t.a.b.toArray()).toEqual([2, 6]);
    expect(t.b.b.toArray()).toEqual([[4, 0], [0, 4]]);
    expect(t.a.a).toBe(0);
  });
}
test("finite differences", () => {
  const poly = (x: Value) => add(add(mul(0.1, mul(x, x)), x), 10);
  expect(gradient(poly, AutoFiniteDiff({ scheme: "forward", step: 0.1 }), 5)[0]).toBeCloseTo(2.01, 10);
  expect(gradient((x) => sum(square(x)), AutoFiniteDiff(), [1, 2])[0][1]).toBeCloseTo(4, 8);
  expect(hessian((x) => sum(mul(x, mul(x, x))), SecondOrder(AutoFiniteDiff(), AutoTape()), tensor([1, 2])).toArray()).toEqual([[expect.closeTo(6, 6), 0], [0, expect.closeTo(12, 6)]]);
  expect(checkGradient((x, m) => sum(mul(sin(x), m.w)), AutoTape(), tensor([1, 2]), { w: tensor([3, 4]) }).map((c) => [c.path, c.ok])).toEqual([["[0]", true], ["[1].w", true]]);
});
test("implicit", () => {
  const x = tensor([2, 1]), y = tensor([2, 0]);
  for (const ad of [AutoTape(), AutoForward(), AutoFiniteDiff()]) {
    const gs = gradient(() => sum(square(sub(x, y))), ad, params(x, y));
    (gs.get(x)!.toArray() as number[]).forEach((v, i) => expect(v).toBeCloseTo([0, 2][i]!, 8));
    (gs.get(y)!.toArray() as number[]).forEach((v, i) => expect(v).toBeCloseTo([0, -2][i]!, 8));
  }
});
test("rules, checkpoint, duplicated, prepared", () => {
  const straight = customRule((x: Value) => round(x), { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] });
  expect(straight(1.7)).toBe(2);
  for (const ad of exact) expect(gradient((x) => mul(3, straight(x)), ad, 1.7)).toEqual([3]);
  const f = checkpoint((m: { w: Value }, x: Value) => ({ y: sin(exp(mul(m.w, x))) }));
  for (const ad of exact) expect(gradient((m, x) => f(m, x).y, ad, { w: 2 }, 0.3)).toEqual([{ w: expect.closeTo(0.3 * Math.exp(0.6) * Math.cos(Math.exp(0.6)), 12) }, expect.closeTo(2 * Math.exp(0.6) * Math.cos(Math.exp(0.6)), 12)]);
  expect(hessian((x) => f({ w: 1 }, x).y, AutoTape(), 0.5)).toBeCloseTo(secondDerivative((x) => sin(exp(x)), AutoForward(), 0.5) as number, 12);
  expect(() => gradient((x) => checkpoint((y: Value) => mul(x, y))(x), AutoTape(), 2)).toThrow(/Pass it as an argument/);
  const d = Duplicated({ a: 2 });
  gradient(({ a }) => mul(a, a), AutoTape(), d);
  expect(d.buffers).toEqual({ a: 4 });
  const step = prepareGradient((x, c) => sum(mul(x, c)), AutoTape(), new Float64Array([1, 2]), Const(tensor([1, 1])));
  expect(step(new Float64Array([3, 4]), tensor([5, 6]))).toEqual([new Float64Array([5, 6]), null]);
  const b = step.buffers();
  expect(step.into(b, new Float64Array([3, 4]), tensor([7, 8]))).toBe(b);
  expect(b[0]).toEqual(new Float64Array([7, 8]));
  expect(() => step(new Float64Array(3), tensor([1, 1]))).toThrow(/prepared for Float64Array\[2\], got Float64Array\[3\]/);
  expect(withgradient((x) => [sum(x), x] as const, AutoTape(), tensor([1, 2])).val[1].toArray()).toEqual([1, 2]);
  const r = withgradient((x, y) => ({ loss: mul(x, y), q: add(x, y) }), 3, 4);
  expect(r).toEqual({ val: { loss: 12, q: 7 }, grad: [4, 3] });
  expect(gradient((x) => gradient((y) => mul(y, mul(y, x)), AutoTape(), x)[0], AutoTape(), 2)).toEqual([8]);
  expect(() => gradient((x) => x, AutoTape(), tensor([1, 2]))).toThrow("gradient: f must return a scalar, got shape [2]. Use jacobian(), or reduce with sum() or mean().");
});
