import { expectTypeOf } from "vitest";
import {
  add, AutoFiniteDiff, AutoForward, AutoTape, backward, callable, checkGradient, checkpoint, compose, Const, customRule, defineADType, defineLayer, derivative, destructure,
  div, Duplicated, exp, fmap, grad, gradient, gradientAndHvp, hessian, hvp, jacobian, matmul, mul, neg, param, params, partition, pipe, pow, prepareDerivative, prepareGradient,
  prepareHessian, prepareHvp, prepareJacobian, preparePullback, preparePushforward, prepareWithgradient, pullback, pushforward, relu, secondDerivative, SecondOrder, sigmoid,
  sin, slice, square, stack, sub, sum, tensor, valueAndDerivative, valueAndJacobian, valueAndPullback, valueAndPushforward, valueDerivativeAndSecondDerivative,
  valueGradientAndHessian, withgradient, zeros, type ADType, type CheckedLeaf, type Grads, type Layer, type Param, type Tensor, type TypedArray, type Value,
} from "polyad";

// What the compiler promises of the public API. Nothing here runs: tsc is the test.

const AutoLater = defineADType("later", "async");
const later = AutoLater();
declare const wide: ADType;
declare const declared: Value;
const tape = AutoTape(), forward = AutoForward(), differences = AutoFiniteDiff();

// Layers

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number) => ({ W: zeros([nOut, nIn]), b: zeros([nOut]), act: relu }),
  (self, x: Tensor) => self.act(add(matmul(self.W, x), self.b)),
);
const a = Affine(10, 5);
expectTypeOf(Affine).parameters.toEqualTypeOf<[nIn: number, nOut: number]>();
expectTypeOf(a(zeros([10]))).toEqualTypeOf<Tensor>();
expectTypeOf(a.W).toEqualTypeOf<Tensor>();
expectTypeOf(a.act).toEqualTypeOf<typeof relu>();
expectTypeOf(Affine.from({ W: a.W, b: a.b, act: relu })).toEqualTypeOf<typeof a>();
// @ts-expect-error fields are read only
a.W = zeros([5, 10]);
// @ts-expect-error a layer of tensors takes a tensor
a(5);
// @ts-expect-error from() takes all fields
Affine.from({ W: a.W });

const Poly = defineLayer("Poly", (theta: number[]) => ({ theta }), (self, x: Value) => add(self.theta[0]!, mul(self.theta[1]!, x)));
const p = Poly([1, 2, 3]);
expectTypeOf(p(5)).toEqualTypeOf<Value>();
expectTypeOf(p.theta).toEqualTypeOf<number[]>();

// gradient

const g1 = gradient((x, m) => m(x), tape, 5, p);
expectTypeOf(g1).toEqualTypeOf<[number, { theta: number[] }]>();
expectTypeOf(Poly.from(g1[1])).toEqualTypeOf<typeof p>();
expectTypeOf(gradient((x, y) => add(mul(x, y), 1), 2, 3)).toEqualTypeOf<[number, number]>();

const g3 = gradient((m, x, c) => sum(mul(m(x), c)), later, a, zeros([10]), Const(zeros([5])));
expectTypeOf(g3).toEqualTypeOf<Promise<[{ W: Tensor; b: Tensor; act: null }, Tensor, null]>>();

expectTypeOf(gradient((v) => sum(v), tape, new Float64Array(3))).toEqualTypeOf<[Float64Array<ArrayBuffer>]>();
expectTypeOf(gradient((v) => sum(v), tape, new Float32Array(3))).toEqualTypeOf<[Float32Array<ArrayBuffer>]>();
expectTypeOf(gradient((v) => sum(v), forward, zeros([3]))).toEqualTypeOf<[Tensor]>();
expectTypeOf(gradient(([a, b]) => add(mul(a, a), b), tape, [1, 2])[0][0]).toEqualTypeOf<number>();
expectTypeOf(gradient((x) => sum(x), tape, [1, 2] as number[])).toEqualTypeOf<[number[]]>();
expectTypeOf(gradient(() => 5, tape)).toEqualTypeOf<[]>();
expectTypeOf(gradient(() => 5)).toEqualTypeOf<[]>();

// What f sees

gradient((x) => {
  expectTypeOf(x).toEqualTypeOf<Value>();
  return x;
}, tape, 5);
gradient((x, y, z) => {
  expectTypeOf(x).toEqualTypeOf<Tensor>();
  expectTypeOf(y).toEqualTypeOf<Tensor>();
  expectTypeOf(z).toEqualTypeOf<Tensor>();
  expectTypeOf(x.shape).toEqualTypeOf<readonly number[]>();
  expectTypeOf(x.mul(2)).toEqualTypeOf<Tensor>();
  return sum(add(x, mul(y, z)));
}, tape, new Float64Array(3), zeros([3]), Const(zeros([3])));
gradient((m) => {
  expectTypeOf(m.w).toEqualTypeOf<Tensor>();
  expectTypeOf(m.b).toEqualTypeOf<Value>();
  expectTypeOf(m.layers[0]!.x).toEqualTypeOf<Tensor>();
  return sum(mul(m.w, m.b));
}, tape, { w: new Float64Array(3), b: 1, layers: [{ x: zeros([2]) }] });
gradient((m) => {
  expectTypeOf(m).toEqualTypeOf<typeof a>();
  return sum(m.W);
}, tape, Duplicated(a));
gradient((m) => {
  expectTypeOf(m.get("w")).toEqualTypeOf<Value | undefined>();
  return m.get("w")!;
}, tape, new Map([["w", 1]]));

// Arithmetic on a traced value does not compile.

// @ts-expect-error a number argument is a Value inside f
gradient((x) => x * 2, tape, 5);
// @ts-expect-error
gradient((x) => x + 1, tape, 5);
// @ts-expect-error
gradient((x) => (x > 0 ? x : neg(x)), tape, 5);
// @ts-expect-error
gradient((x) => Math.sin(x), tape, 5);
// @ts-expect-error a Value has no shape
gradient((x) => x.shape[0]!, tape, 5);
// @ts-expect-error an array of Values has no sum
gradient((x) => x[0] * x[1], tape, [1, 2]);
// @ts-expect-error f must return a scalar Value
gradient((x) => [x], tape, 5);
// @ts-expect-error and not a promise
gradient(async (x) => x, tape, 5);
// @ts-expect-error f takes as many arguments as are given
gradient((x: Value, y: Value) => mul(x, y), tape, 5);
// @ts-expect-error a tensor argument is not a number
gradient((x: number) => x, tape, 5);
// @ts-expect-error the engine is a token, not a string
void gradient((x: Value) => x, "tape", 5);

// Trees

class Model {
  readonly kind = "model";
  constructor(
    readonly w: Tensor,
    readonly n: number,
  ) {}
}
expectTypeOf(gradient((m) => sum(m.w), tape, { w: zeros([2]), s: "x", f: sin, d: new Date(), flag: true, none: null, u: undefined })[0]).toEqualTypeOf<{
  w: Tensor; s: null; f: null; d: null; flag: null; none: null; u: null;
}>();
expectTypeOf(gradient((m) => sum(m.w), tape, new Model(zeros([2]), 1))[0].w).toEqualTypeOf<Tensor>();
expectTypeOf(gradient((m) => sum(m.w), tape, new Model(zeros([2]), 1))[0].kind).toEqualTypeOf<null>();
expectTypeOf(gradient((m) => m.get("a")!, tape, new Map([["a", 1]]))).toEqualTypeOf<[Map<string, number>]>();
expectTypeOf(gradient((x, i) => sum(mul(x, i)), tape, zeros([2]), Const(new Int32Array(2)))).toEqualTypeOf<[Tensor, null]>();
expectTypeOf(gradient((m) => sum(m.x), tape, { x: zeros([2]), i: new Int32Array(2) })[0].i).toEqualTypeOf<null>();
expectTypeOf(gradient((x, y) => mul(x, y.a), tape, Duplicated(2), Duplicated({ a: 3 }))).toEqualTypeOf<[number, { a: number }]>();
expectTypeOf(Duplicated({ a: zeros([2]), n: 1, f: sin }).buffers).toEqualTypeOf<{ a: Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>; n: number; f: null }>();
expectTypeOf(gradient((m) => m.a, tape, { a: 1, c: Const(zeros([2])) })[0].c).toEqualTypeOf<null>();

// Composition, anonymous layers, nesting of layers

const anonymous = callable({ theta: [10, 1, 0.1] }, (self, x: Value) => mul(self.theta[0]!, x));
expectTypeOf(anonymous).toEqualTypeOf<Layer<{ theta: number[] }, [x: Value], Value>>();
const poly4 = compose(p, anonymous);
expectTypeOf(poly4.outer).toEqualTypeOf<typeof p>();
expectTypeOf(poly4.inner).toEqualTypeOf<typeof anonymous>();
expectTypeOf(poly4(5)).toEqualTypeOf<Value>();
expectTypeOf(gradient((x, q) => q(x), tape, 5, poly4)).toEqualTypeOf<[number, { outer: { theta: number[] }; inner: { theta: number[] } }]>();
expectTypeOf(gradient(pipe, tape, 5, poly4)).toEqualTypeOf<[number, { outer: { theta: number[] }; inner: { theta: number[] } }]>();
expectTypeOf(gradient((x: Value, q: typeof p) => q(x), tape, 5, p)).toEqualTypeOf<[number, { theta: number[] }]>();
const two = callable({ lay1: a, lay2: Affine(5, 1) }, (self, x: Tensor) => self.lay2(self.lay1(x)));
expectTypeOf(gradient((m, x) => sum(m(x)), tape, two, zeros([10]))).toEqualTypeOf<
  [{ lay1: { W: Tensor; b: Tensor; act: null }; lay2: { W: Tensor; b: Tensor; act: null } }, Tensor]
>();
const loss = (m: typeof two, x: Tensor, y: Tensor) => sum(square(sub(m(x), y)));
expectTypeOf(gradient(loss, tape, two, zeros([10]), Const(zeros([1])))[0].lay1.W).toEqualTypeOf<Tensor>();
expectTypeOf(compose(sin, exp)(declared)).toEqualTypeOf<Value>();
// @ts-expect-error the inner layer's result must fit
compose(p, (x: Value) => String(x));

// The engine's token says what comes back.

expectTypeOf(gradient((x) => x, tape, 5)).toEqualTypeOf<[number]>();
expectTypeOf(gradient((x) => x, forward, 5)).toEqualTypeOf<[number]>();
expectTypeOf(gradient((x) => x, differences, 5)).toEqualTypeOf<[number]>();
expectTypeOf(gradient((x) => x, later, 5)).toEqualTypeOf<Promise<[number]>>();
expectTypeOf(gradient((x) => x, wide, 5)).toEqualTypeOf<[number] | Promise<[number]>>();
declare const either: AutoTape | AutoForward;
expectTypeOf(gradient((x) => x, either, 5)).toEqualTypeOf<[number]>();
export async function library(ad: ADType): Promise<number> {
  const [d] = await gradient((x) => square(x), ad, 3);
  expectTypeOf(d).toEqualTypeOf<number>();
  const { val } = await withgradient((x) => square(x), ad, 3);
  expectTypeOf(val).toEqualTypeOf<Value>();
  return d;
}
/** A library that takes an engine generically, and hands on what it returns. */
export function newton<A extends ADType>(f: (x: Value) => Value, ad: A, x: number) {
  return secondDerivative(f, ad, x);
}
expectTypeOf(hessian((x) => sum(x), SecondOrder(forward, tape), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(hessian((x) => sum(x), SecondOrder(forward, later), zeros([2]))).toEqualTypeOf<Promise<Tensor>>();
expectTypeOf(hessian((x) => sum(x), SecondOrder(later, tape), zeros([2]))).toEqualTypeOf<Promise<Tensor>>();
expectTypeOf(SecondOrder(forward, tape)).toEqualTypeOf<SecondOrder<AutoForward, AutoTape>>();
expectTypeOf(SecondOrder(forward, tape).execution).toEqualTypeOf<"sync">();
expectTypeOf(later.adtype).toEqualTypeOf<"later">();
// @ts-expect-error an unknown option
AutoForward({ chunk: 2 });
// @ts-expect-error an unknown scheme
AutoFiniteDiff({ scheme: "centre" });

// withgradient

expectTypeOf(withgradient((x) => square(x), tape, 3)).toEqualTypeOf<{ val: Value; grad: [number] }>();
expectTypeOf(withgradient((x) => sum(x), tape, zeros([2])).val).toEqualTypeOf<Tensor>();
expectTypeOf(withgradient((x, q) => q(x), tape, 5, p)).toEqualTypeOf<{ val: Value; grad: [number, { theta: number[] }] }>();
const pair = withgradient((x) => [sum(x), x, "aux"] as const, tape, zeros([2]));
expectTypeOf(pair.val[1]).toEqualTypeOf<Tensor>();
expectTypeOf(pair.val[2]).toEqualTypeOf<"aux">();
expectTypeOf(pair.grad).toEqualTypeOf<[Tensor]>();
const named = withgradient((x, y) => ({ loss: mul(x, y), q: add(x, y), n: 3 }), 3, 4);
expectTypeOf(named).toEqualTypeOf<{ val: { loss: Value; q: Value; n: number }; grad: [number, number] }>();
expectTypeOf(withgradient((x) => ({ loss: sum(x) }), later, zeros([2]))).toEqualTypeOf<Promise<{ val: { loss: Tensor }; grad: [Tensor] }>>();
expectTypeOf(withgradient((x) => sum(x), wide, zeros([2]))).toEqualTypeOf<{ val: Tensor; grad: [Tensor] } | Promise<{ val: Tensor; grad: [Tensor] }>>();
// @ts-expect-error an object needs a loss
withgradient((x) => ({ value: x }), tape, 3);
// @ts-expect-error gradient takes no aux
gradient((x) => ({ loss: x }), tape, 3);

// Implicit and tracked forms

const W = zeros([2]);
expectTypeOf(gradient(() => sum(W), params(W))).toEqualTypeOf<Grads>();
expectTypeOf(gradient(() => sum(W), tape, params(W, a))).toEqualTypeOf<Grads>();
expectTypeOf(gradient(() => sum(W), later, params(W))).toEqualTypeOf<Promise<Grads>>();
expectTypeOf(gradient(() => sum(W), params(W)).get(W)).toEqualTypeOf<Tensor>();
expectTypeOf(withgradient(() => sum(W), tape, params(W))).toEqualTypeOf<{ val: Tensor; grad: Grads }>();
expectTypeOf(param(W)).toEqualTypeOf<Param>();
expectTypeOf(grad(param(W))).toEqualTypeOf<Tensor>();
expectTypeOf(backward(sum(param(W)))).toEqualTypeOf<void>();
expectTypeOf(param(W)).toExtend<Tensor>();

// derivative

expectTypeOf(derivative((x) => sin(x), tape, 0)).toEqualTypeOf<number | Tensor>();
expectTypeOf(derivative((x) => [sin(x), 1] as const, forward, 0)[1]).toEqualTypeOf<number>();
expectTypeOf(derivative((x) => ({ y: mul(zeros([2]), x) }), forward, 0)).toEqualTypeOf<{ y: Tensor }>();
expectTypeOf(derivative((x) => ({ y: mul(zeros([2]), x) }), later, 0)).toEqualTypeOf<Promise<{ y: Tensor }>>();
expectTypeOf(secondDerivative((x) => mul(zeros([2]), x), SecondOrder(forward, tape), 0)).toEqualTypeOf<Tensor>();
expectTypeOf(valueAndDerivative((x) => mul(zeros([2]), x), tape, 0)).toEqualTypeOf<{ val: Tensor; derivative: Tensor }>();
expectTypeOf(valueDerivativeAndSecondDerivative((x) => mul(zeros([2]), x), tape, 0)).toEqualTypeOf<{ val: Tensor; derivative: Tensor; secondDerivative: Tensor }>();
// @ts-expect-error x is a number
derivative((x) => x, tape, [1, 2]);

// jacobian

expectTypeOf(jacobian((x) => mul(x, x), forward, new Float64Array(2))).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((x) => mul(x, x), forward, zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((x) => mul(x, zeros([2])), forward, 3)).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((x) => ({ y: mul(x, x), n: sum(x) }), tape, zeros([2]))).toEqualTypeOf<{ y: Tensor; n: Tensor }>();
expectTypeOf(jacobian((m) => ({ y: mul(m.w, m.b), s: "s" }), tape, { w: zeros([2]), b: 3 })).toEqualTypeOf<{ y: { w: Tensor; b: Tensor }; s: null }>();
expectTypeOf(jacobian((x) => [mul(x[0]!, x[1]!), x[0]!], tape, [2, 3])).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((x, c) => mul(x, c), forward, zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((x) => mul(x, x), later, zeros([2]))).toEqualTypeOf<Promise<Tensor>>();
expectTypeOf(jacobian((x) => mul(x, x), wide, zeros([2]))).toEqualTypeOf<Tensor | Promise<Tensor>>();
expectTypeOf(valueAndJacobian((x) => ({ y: mul(x, x) }), tape, zeros([2]))).toEqualTypeOf<{ val: { y: Tensor }; jacobian: { y: Tensor } }>();

// hessian, hvp

expectTypeOf(hessian((x) => sum(mul(x, x)), tape, new Float64Array(2))).toEqualTypeOf<Tensor>();
expectTypeOf(hessian(({ a, b }) => mul(a, sum(b)), tape, { a: 2, b: zeros([2]) })).toEqualTypeOf<{ a: { a: number; b: Tensor }; b: { a: Tensor; b: Tensor } }>();
expectTypeOf(hessian((x) => sum(x), tape, [1, 2])).toEqualTypeOf<Tensor>();
expectTypeOf(hessian((x, c) => sum(mul(x, c)), tape, zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(valueGradientAndHessian((x) => sum(x), tape, zeros([2]))).toEqualTypeOf<{ val: Value; grad: Tensor; hessian: Tensor }>();
expectTypeOf(hvp((x) => sum(x), tape, zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(hvp((x) => sum(x), tape, zeros([2]), [zeros([2]), zeros([2])])).toEqualTypeOf<Tensor[]>();
expectTypeOf(hvp((x) => sum(x), tape, new Float64Array(2), new Float64Array(2))).toEqualTypeOf<Float64Array<ArrayBuffer>>();
expectTypeOf(hvp((m) => m.a, tape, { a: 1 }, { a: 1 })).toEqualTypeOf<{ a: number }>();
expectTypeOf(hvp((x) => sum(x), tape, [1, 2], [3, 4])).toEqualTypeOf<[number, number]>();
expectTypeOf(hvp((x) => sum(x), tape, [1, 2], [[3, 4], [5, 6]])).toEqualTypeOf<[number, number][]>();
expectTypeOf(hvp((x) => sum(x), tape, [1, 2] as number[], [3, 4])).toEqualTypeOf<number[]>();
expectTypeOf(hvp((x) => sum(x), tape, zeros([2]), new Float64Array(2))).toEqualTypeOf<Tensor>();
expectTypeOf(hvp((x) => sum(x), tape, zeros([2]), [new Float64Array(2)])).toEqualTypeOf<Tensor[]>();
expectTypeOf(hvp((m) => m.a, tape, { a: 1 }, [{ a: 1 }, { a: 2 }])).toEqualTypeOf<{ a: number }[]>();
expectTypeOf(gradientAndHvp((x) => sum(x), later, zeros([2]), zeros([2]))).toEqualTypeOf<Promise<{ grad: Tensor; hvp: Tensor }>>();

// pushforward, pullback

expectTypeOf(pushforward((x) => mul(x, x), forward, zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(pushforward((x) => mul(x, x), forward, zeros([2]), [zeros([2])])).toEqualTypeOf<Tensor[]>();
expectTypeOf(pushforward((x) => ({ y: mul(x, 2), s: "s" }), forward, zeros([2]), zeros([2]))).toEqualTypeOf<{ y: Tensor; s: null }>();
expectTypeOf(valueAndPushforward((x) => mul(x, x), forward, zeros([2]), zeros([2]))).toEqualTypeOf<{ val: Tensor; tangent: Tensor }>();
expectTypeOf(pullback((x) => mul(x, x), tape, zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(pullback((m) => mul(m.w, m.b), tape, { w: new Float64Array(2), b: 3 }, zeros([2]))).toEqualTypeOf<{ w: Float64Array<ArrayBuffer>; b: number }>();
expectTypeOf(valueAndPullback((x) => mul(x, x), tape, zeros([2]), zeros([2]))).toEqualTypeOf<{ val: Tensor; grad: Tensor }>();

// Prepared forms

const step = prepareGradient((x, c) => sum(mul(x, c)), tape, new Float64Array(2), Const(zeros([2])));
expectTypeOf(step(new Float64Array(2), zeros([2]))).toEqualTypeOf<[Float64Array<ArrayBuffer>, null]>();
expectTypeOf(step.buffers()).toEqualTypeOf<[Float64Array<ArrayBuffer>, null]>();
expectTypeOf(step.into(step.buffers(), new Float64Array(2), zeros([2]))).toEqualTypeOf<[Float64Array<ArrayBuffer>, null]>();
expectTypeOf(step.dispose()).toEqualTypeOf<void>();
// @ts-expect-error bare values, without Const
step(new Float64Array(2), Const(zeros([2])));
// @ts-expect-error of the same length
prepareGradient((x) => sum(x), tape, [1, 2])([3, 4, 5]);
// @ts-expect-error all arguments
step(new Float64Array(2));
const onModel = prepareGradient(loss, tape, two, zeros([10]), Const(zeros([1])));
expectTypeOf(onModel(two, zeros([10]), zeros([1]))[0].lay2.b).toEqualTypeOf<Tensor>();
expectTypeOf(onModel.buffers()[0].lay2.b).toEqualTypeOf<TypedArray>();
expectTypeOf(onModel.buffers()[0].lay2.act).toEqualTypeOf<null>();
const number = prepareGradient((x) => square(x), tape, 3);
expectTypeOf(number(4)).toEqualTypeOf<[number]>();
expectTypeOf(prepareGradient((x) => sum(x), tape, [1, 2])([3, 4])).toEqualTypeOf<[[number, number]]>();
expectTypeOf(prepareGradient((m) => sum(m.a), tape, { a: [1, 2], b: { c: 3 }, s: "x" })({ a: [3, 4], b: { c: 5 }, s: "x" })[0].b.c).toEqualTypeOf<number>();
expectTypeOf(prepareGradient((x, c) => mul(x, c), tape, 2, Const(3))(4, 5)).toEqualTypeOf<[number, null]>();
expectTypeOf(number.buffers()).toEqualTypeOf<[Float64Array<ArrayBuffer>]>();
expectTypeOf(prepareGradient((x) => square(x), later, 3)(4)).toEqualTypeOf<Promise<[number]>>();
expectTypeOf(prepareGradient((x) => square(x), later, 3).buffers()).toEqualTypeOf<Promise<[Float64Array<ArrayBuffer>]>>();
expectTypeOf(prepareWithgradient((x) => ({ loss: sum(x), x }), tape, zeros([2]))(zeros([2]))).toEqualTypeOf<{ val: { loss: Tensor; x: Tensor }; grad: [Tensor] }>();
expectTypeOf(prepareDerivative((x) => mul(zeros([2]), x), tape, 3)(4)).toEqualTypeOf<Tensor>();
expectTypeOf(prepareJacobian((x) => mul(x, x), forward, zeros([2]))(zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(prepareHessian((x) => sum(x), tape, zeros([2]))(zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(prepareHvp((x) => sum(x), tape, zeros([2]), zeros([2]))(zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(preparePushforward((x) => mul(x, x), forward, zeros([2]), zeros([2]))(zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();
expectTypeOf(preparePullback((x) => mul(x, x), tape, zeros([2]), zeros([2]))(zeros([2]), zeros([2]))).toEqualTypeOf<Tensor>();

// Nesting: a gradient inside f is of what f sees.

expectTypeOf(gradient((x) => gradient((y) => mul(y, y), tape, x)[0], tape, 2)).toEqualTypeOf<[number]>();
gradient((x) => {
  const [d] = gradient((y) => mul(y, y), tape, x);
  expectTypeOf(d).toExtend<Value>();
  return mul(d, x);
}, tape, 2);
gradient((x) => {
  const [d] = gradient((y) => sum(mul(y, y)), tape, x);
  expectTypeOf(d).toEqualTypeOf<Tensor>();
  return sum(d.mul(x));
}, tape, new Float64Array(2));
gradient((m) => {
  const [d] = gradient((q) => q(2), tape, m);
  return add(d.theta[0]!, mul(d.theta[1]!, 2));
}, tape, p);
// @ts-expect-error inside f the gradient by a traced value is no plain number
gradient((x) => gradient((y) => mul(y, y), tape, x)[0] * 2, tape, 2);
gradient((x) => sum(hessian((y) => sum(mul(y, mul(y, y))), tape, x)), tape, zeros([2]));
gradient((x) => derivative((y) => mul(x, y), forward, 1), tape, 2);
gradient((x) => withgradient((y) => mul(y, y), tape, x).val, tape, 2);

// Ops: numbers stay numbers, tensors tensors.

declare const v: Value;
declare const t: Tensor;
expectTypeOf(mul(2, 3)).toEqualTypeOf<number>();
expectTypeOf(mul(t, 3)).toEqualTypeOf<Tensor>();
expectTypeOf(mul(2, t)).toEqualTypeOf<Tensor>();
expectTypeOf(mul(v, 3)).toEqualTypeOf<Value>();
expectTypeOf(mul(v, v)).toEqualTypeOf<Value>();
expectTypeOf(mul(v, t)).toEqualTypeOf<Tensor>();
expectTypeOf(pow(div(2, 3), 2)).toEqualTypeOf<number>();
expectTypeOf(sigmoid(t)).toEqualTypeOf<Tensor>();
expectTypeOf(sin(v)).toEqualTypeOf<Value>();
expectTypeOf(relu(2)).toEqualTypeOf<number>();
expectTypeOf(sum(t)).toEqualTypeOf<Tensor>();
expectTypeOf(slice(t, 0)).toEqualTypeOf<Tensor>();
expectTypeOf(stack([v, v])).toEqualTypeOf<Tensor>();
expectTypeOf(mul([1, 2], 3)).toEqualTypeOf<Tensor>();
expectTypeOf(tensor([1, 2]).add(1).tanh().sum()).toEqualTypeOf<Tensor>();

// Rules, checkpoints, trees

const straight = customRule((x: Value) => mul(x, 2), { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] });
expectTypeOf(straight(1)).toEqualTypeOf<Value>();
const ofTensors = customRule((x: Tensor) => sin(x), { vjp: (y, [x]) => [(ct) => {
  expectTypeOf([y, x, ct]).toEqualTypeOf<Tensor[]>();
  return ct.mul(x);
}] });
expectTypeOf(ofTensors(t)).toEqualTypeOf<Tensor>();
const stored = checkpoint((m: { w: Value }, x: Tensor) => ({ y: mul(m.w, x), s: "s" }));
expectTypeOf(stored({ w: 2 }, t)).toEqualTypeOf<{ y: Tensor; s: string }>();
expectTypeOf(fmap((x) => x, two)).toEqualTypeOf<typeof two>();
expectTypeOf(fmap((x, dx) => (x === dx ? x : null), two, gradient(loss, tape, two, t, t)[0])).toEqualTypeOf<typeof two>();
expectTypeOf(partition(two, () => true)).toEqualTypeOf<[typeof two, typeof two]>();
expectTypeOf(destructure(two)).toEqualTypeOf<[flat: Tensor, rebuild: ReturnType<typeof destructure<typeof two>>[1]]>();
expectTypeOf(destructure(two)[1](t)).toEqualTypeOf<typeof two>();
expectTypeOf(checkGradient((x) => sum(x), tape, t)).toEqualTypeOf<CheckedLeaf[]>();
expectTypeOf(checkGradient((x) => sum(x), later, t)).toEqualTypeOf<Promise<CheckedLeaf[]>>();
