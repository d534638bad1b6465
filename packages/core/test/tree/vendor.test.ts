import { AutoFiniteDiff, AutoForward, AutoTape, Const, gradient, jacobian, mul, params, pullback, square, sum, Tensor, tensor, valueAndPullback, valueAndPushforward, withgradient, type Value } from "polyad";
import { describe, expect, it } from "vitest";
import { registerLeaf } from "../../src/tree/vendor.js";

/** Another library's array: a stride over a list of JavaScript's. */
class Strided {
  constructor(
    readonly list: readonly number[],
    readonly shape: readonly number[] = [list.length],
  ) {}
}

declare module "@polyad/core" {
  interface LeafTypes {
    strided: [Strided, Tensor];
  }
}

registerLeaf<Strided>({
  kind: "strided",
  match: (x): x is Strided => x instanceof Strided,
  toTensor: ({ list, shape }) => tensor(Float64Array.from(list), shape),
  fromTensor: (x) => new Strided([...x.dataSync()], x.shape),
});

const exact = [AutoTape(), AutoForward()];
const x = new Strided([1, 2, -3]);

describe.each(exact)("another library's arrays, by $adtype", (ad) => {
  it("are tensors inside of f, and gradients are theirs again", () => {
    const [g] = gradient((m) => sum(mul(square(m.w), m.n)), ad, { w: x, n: 2 });
    expect(g).toEqual({ w: new Strided([4, 8, -12]), n: 14 });
  });

  it("take a derivative that is a plain number", () => {
    expect(gradient((s) => mul(3, s), ad, new Strided([2], []))).toEqual([new Strided([3], [])]);
  });

  it("come back as f gave them, with derivatives like them", () => {
    const f = (): Strided => new Strided([5, 6]);
    expect(valueAndPushforward(f, ad, x, x)).toEqual({ val: new Strided([5, 6]), tangent: new Strided([0, 0]) });
    expect(valueAndPullback(f, ad, x, new Strided([1, 1]))).toEqual({ val: new Strided([5, 6]), grad: new Strided([0, 0, 0]) });
    expect(jacobian(f, ad, tensor([1, 2, 3])).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
  });

  it("are losses, if they are scalar", () => {
    const loss = (() => new Strided([7], [])) as unknown as () => Value;
    expect(withgradient(loss, ad, 2)).toEqual({ val: new Strided([7], []), grad: [0] });
    const list = (() => new Strided([7])) as unknown as () => Value;
    expect(() => withgradient(list, ad, 2)).toThrow("withgradient: f must return a scalar, got shape [1]. Use jacobian(), or reduce with sum() or mean().");
  });

  it("are seeds", () => {
    expect(pullback((m) => square(m), ad, x, new Strided([1, 10, 100]))).toEqual(new Strided([2, 40, -600]));
  });

  it("are no operands where they were not passed", () => {
    const times = mul as (...xs: unknown[]) => Value;
    const message = /^mul: expected a number, a Tensor or an array of numbers, got a Strided\. It is a Tensor in functions to which it is passed as an argument to differentiate; elsewhere convert it first, as fromTf\(t\) does\.$/;
    expect(() => gradient((a) => sum(times(a, x)), ad, tensor([1, 2, 3]))).toThrow(message);
    expect(() => gradient((a, b) => sum(times(a, b)), ad, tensor([1, 2, 3]), Const(x))).toThrow(message);
  });
});

it("are refused where they are captured as parameters", () => {
  expect(() => params({ w: x, v: tensor([1]) })).toThrow("params: expected float tensors and models of them, got an array of strided as argument 0, at .w.");
});

it("finite differences see them, too", () => {
  const [g] = gradient((m) => sum(square(m)), AutoFiniteDiff(), x) as readonly [Strided];
  g.list.forEach((d, i) => expect(d).toBeCloseTo(2 * x.list[i]!, 8));
});

it("a Tensor of another library's is told apart from Polyad's", () => {
  const other = new (class Tensor {})();
  expect(() => (mul as (...xs: unknown[]) => Value)(other, 2)).toThrow("mul: expected a number, a Tensor or an array of numbers, got a Tensor of another library's, or of another copy of @polyad/core.");
  expect(Tensor.name).toBe("Tensor");
});
