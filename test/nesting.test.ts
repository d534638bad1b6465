import { expect, test } from "vitest";
import { currentTrace } from "@polyad/core/extend";
import {
  add, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, checkpoint, Const, cos, customRule, derivative, exp, gradient, gradientAndHvp, hessian, hvp, jacobian, matmul, mul,
  params, prepareGradient, pullback, pushforward, secondDerivative, SecondOrder, sin, slice, square, stack, stopGradient, sub, sum, Tensor, tensor, transpose, withgradient, type Value,
} from "polyad";
import { expectClose, plain } from "./support.js";

// Derivatives of derivatives: every engine inside of every other, to depth 3, against closed forms.

const tape = AutoTape(), forward = AutoForward(), chunked = AutoForward({ chunkSize: 2 }), differences = AutoFiniteDiff({ scheme: "central6" });
const rules = [tape, forward] as const;
const combinations = rules.flatMap((outer) => rules.map((inner) => SecondOrder(outer, inner)));
const show = (x: unknown) => JSON.stringify(x);

type Scalar = (x: Value) => Value;
type Vector = (x: Tensor) => Tensor;

/** Every way to differentiate a function of one number. */
const scalar = rules.flatMap((ad): [string, (f: Scalar) => Scalar][] => [
  [`${ad.adtype} gradient`, (f) => (x) => gradient(f, ad, x)[0]],
  [`${ad.adtype} derivative`, (f) => (x) => derivative(f, ad, x)],
  [`${ad.adtype} pushforward`, (f) => (x) => pushforward(f, ad, x, 1)],
  [`${ad.adtype} pullback`, (f) => (x) => pullback(f, ad, x, 1)],
  [`${ad.adtype} jacobian`, (f) => (x) => jacobian(f, ad, x)],
]);

/** Every way to differentiate a function that acts on each element of a vector: its Jacobian is diagonal. */
const elementwise = [...rules, chunked].flatMap((ad): [string, (f: Vector) => Vector][] => [
  [`${show(ad)} gradient`, (f) => (x) => gradient((y) => sum(f(y)), ad, x)[0]],
  [`${show(ad)} pushforward`, (f) => (x) => pushforward(f, ad, x, tensor([1, 1, 1]))],
  [`${show(ad)} pullback`, (f) => (x) => pullback(f, ad, x, tensor([1, 1, 1]))],
  [`${show(ad)} jacobian`, (f) => (x) => sum(jacobian(f, ad, x), { axis: 1 })],
]);

// x·exp(x²) and its derivatives.
const bell = (x: number) => [
  x * Math.exp(x * x),
  (1 + 2 * x ** 2) * Math.exp(x * x),
  (6 * x + 4 * x ** 3) * Math.exp(x * x),
  (6 + 24 * x ** 2 + 8 * x ** 4) * Math.exp(x * x),
] as const;

test("depth 1 to 3 on numbers: every operator of every engine inside of every other", () => {
  const f: Scalar = (x) => mul(x, exp(mul(x, x)));
  for (const at of [0.7, -1.3]) {
    const [, first, second, third] = bell(at);
    for (const [, c] of scalar) {
      expectRelative(c(f)(at), first);
      for (const [, b] of scalar) {
        expectRelative(b(c(f))(at), second);
        for (const [, a] of scalar) expectRelative(a(b(c(f)))(at), third);
      }
    }
  }
});

for (const [outermost, a] of elementwise) {
  test(`depth 1 to 3 on tensors: every operator of every engine inside of ${outermost}`, () => {
    const f: Vector = (x) => mul(x, exp(mul(x, x)));
    const xs = [0.7, -1.3, 0.2];
    const expected = [1, 2, 3].map((order) => xs.map((x) => bell(x)[order]!));
    expectRelative(a(f)(tensor(xs)), expected[0]);
    for (const [, b] of elementwise) {
      expectRelative(a(b(f))(tensor(xs)), expected[1]);
      for (const [, c] of elementwise) expectRelative(a(b(c(f)))(tensor(xs)), expected[2]);
    }
  });
}

// f(x) = Σ sin(Ax): ∇f = Aᵀcos(Ax), H = −Aᵀ diag(sin Ax) A, T = −Σₘ Aₘᵢ Aₘⱼ Aₘₖ cos(Ax)ₘ
const rows = [[1, 2, -1], [0.5, -0.3, 0.8]];
const A = tensor(rows);
const at = [0.3, -0.4, 0.9];
const x0 = tensor(at);
const wave = (x: Tensor) => sum(sin(matmul(A, x)));
const Ax = rows.map((row) => row.reduce((s, a, i) => s + a * at[i]!, 0));
const over = (weights: readonly number[], ...indices: readonly number[]) => rows.reduce((s, row, m) => s + indices.reduce((p, i) => p * row[i]!, weights[m]!), 0);
const n3 = [0, 1, 2];
const waveGradient = n3.map((i) => over(Ax.map(Math.cos), i));
const waveHessian = n3.map((i) => n3.map((j) => over(Ax.map((y) => -Math.sin(y)), i, j)));
const waveThird = n3.map((i) => n3.map((j) => n3.map((k) => over(Ax.map((y) => -Math.cos(y)), i, j, k))));

for (const outer of [tape, forward, chunked]) {
  for (const inner of [tape, forward, chunked]) {
    const on = `${show(outer)} over ${show(inner)}`;
    const both = SecondOrder(outer, inner);

    test(`hessian, hvp and what is built from them, ${on}`, () => {
      expectRelative(hessian(wave, both, x0), waveHessian);
      expectRelative(jacobian((x) => gradient(wave, inner, x)[0], outer, x0), waveHessian);
      const v = [1, -2, 0.5];
      const Hv = waveHessian.map((row) => row.reduce((s, h, j) => s + h * v[j]!, 0));
      expectRelative(hvp(wave, both, x0, tensor(v)), Hv);
      expectRelative(gradientAndHvp(wave, both, x0, tensor(v)), { grad: waveGradient, hvp: Hv });
      expectRelative(hvp(wave, both, x0, [tensor(v), tensor([0, 1, 0])]), [Hv, waveHessian[1]]);
      expectRelative(secondDerivative((t) => wave(mul(x0, t)), both, 1), at.reduce((s, x, i) => s + x * waveHessian[i]!.reduce((r, h, j) => r + h * at[j]!, 0), 0));
    });

    for (const innermost of rules) {
      test(`third order, ${on} over ${innermost.adtype}`, () => {
        const second = SecondOrder(inner, innermost);
        expectRelative(jacobian((x) => jacobian((y) => gradient(wave, innermost, y)[0], inner, x), outer, x0), waveThird);
        expectRelative(jacobian((x) => hessian(wave, second, x), outer, x0), waveThird);
        // ∇ₓ Σᵢ (Hv)ᵢ = Σᵢⱼ Tᵢⱼₖ vⱼ, and ∇ᵥ Σᵢ (Hv)ᵢ = H1
        const v = [1, -2, 0.5];
        const [dx, dv] = gradient((x, v) => sum(hvp(wave, second, x, v)), outer, x0, tensor(v));
        expectRelative(dx, n3.map((k) => sumOver((i, j) => waveThird[i]![j]![k]! * v[j]!)));
        expectRelative(dv, n3.map((j) => n3.reduce((s, i) => s + waveHessian[i]![j]!, 0)));
        // A batch of tangents inside of a derivative
        expectRelative(gradient((x) => sum(hessian(wave, second, x)), outer, x0), [n3.map((k) => sumOver((i, j) => waveThird[i]![j]![k]!))]);
        expectRelative(pushforward((x) => hessian(wave, second, x), outer, x0, tensor([0, 0, 1])), n3.map((i) => n3.map((j) => waveThird[i]![j]![2]!)));
        expectRelative(gradient((x) => sum(square(jacobian((y) => sin(matmul(A, y)), inner, x))), outer, x0), [
          n3.map((k) => rows.reduce((s, row, m) => s - 2 * Math.cos(Ax[m]!) * Math.sin(Ax[m]!) * row[k]! * row.reduce((t, a) => t + a * a, 0), 0)),
        ]);
      });
    }
  }
}

function sumOver(term: (i: number, j: number) => number): number {
  return n3.reduce((s, i) => n3.reduce((t, j) => t + term(i, j), s), 0);
}

test("perturbation confusion on numbers", () => {
  for (const [, a] of scalar) {
    for (const [, b] of scalar) {
      // d/dx x·(d/dy (x + y)) = 1; an engine that confuses the two ε answers 2.
      expect(plain(a((x) => mul(x, b((y) => add(x, y))(1)))(1))).toBe(1);
      // d/dx x·(d/dy xy at 2) = d/dx x² = 2x
      expect(plain(a((x) => mul(x, b((y) => mul(x, y))(2)))(3))).toBe(6);
      // d/dx (d/dy xy² at y = x) = d/dx 2x² = 4x
      expect(plain(a((x) => b((y) => mul(x, mul(y, y)))(x))(3))).toBe(12);
      // The inner function ignores its own argument: d/dx (d/dy x²) = 0, and the other way d/dx (x·d/dy y) = 1
      expect(plain(a((x) => b(() => mul(x, x))(x))(3))).toBe(0);
      expect(plain(a((x) => mul(x, b((y) => y)(x)))(3))).toBe(1);
      // Two derivatives side by side, one of which sees the other's result: d/dx (2x · 3x²) = 18x²
      expect(plain(a((x) => mul(b((y) => mul(y, y))(x), b((y) => mul(y, mul(y, y)))(x)))(2))).toBe(72);
      for (const [, c] of scalar) {
        // d/dx x·(d/dy y·(d/dz xyz)) = d/dx x·(d/dy xy²) = d/dx 2x²y at y = 5 = 4xy
        expect(plain(a((x) => mul(x, b((y) => mul(y, c((z) => mul(x, mul(y, z)))(7)))(5)))(3))).toBe(60);
      }
    }
  }
});

test("perturbation confusion on tensors and batches", () => {
  const x = tensor([1, 2, 3]);
  for (const outer of [tape, forward, chunked]) {
    for (const inner of [tape, forward, chunked]) {
      // Σ x·∇_y Σ xy² at y = x is Σ 2x³
      expectRelative(gradient((x) => sum(mul(x, gradient((y) => sum(mul(x, square(y))), inner, x)[0])), outer, x), [[6, 24, 54]]);
      // ∂(xy²)/∂y at y = x is diag(2x²)
      expectRelative(gradient((x) => sum(jacobian((y) => mul(x, square(y)), inner, x)), outer, x), [[4, 8, 12]]);
      // the Hessian of Σ xy³ at y = x is diag(6x²)
      expectRelative(gradient((x) => sum(hessian((y) => sum(mul(x, mul(y, square(y)))), inner, x)), outer, x), [[12, 24, 36]]);
      expectRelative(jacobian((x) => sum(jacobian((y) => mul(x, y), inner, x), { axis: 0 }), outer, x), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
      expectRelative(jacobian((x) => mul(x, jacobian((y) => add(slice(x, 0), y), inner, 1)), outer, x), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
      // seeds that are traced: the pushforward along x of y ↦ y² at y = x is 2x²
      expectRelative(gradient((x) => sum(pushforward(square, inner, x, x)), outer, x), [[4, 8, 12]]);
      expectRelative(gradient((x) => sum(pullback(square, inner, x, x)), outer, x), [[4, 8, 12]]);
      expectRelative(gradient((x) => sum(hvp((y) => sum(mul(y, square(y))), inner, x, x)), outer, x), [[12, 24, 36]]);
      // constants that are traced
      expectRelative(gradient((x) => sum(jacobian((y, c) => mul(y, c), inner, tensor([5, 5, 5]), x)), outer, x), [[1, 1, 1]]);
      expectRelative(gradient((x) => sum(gradient((y, c) => sum(mul(square(y), c)), inner, tensor([5, 5, 5]), Const(x))[0]), outer, x), [[10, 10, 10]]);
    }
  }
});

test("trees and arrays of numbers inside of a derivative", () => {
  for (const outer of [tape, forward, chunked]) {
    for (const inner of [tape, forward, chunked]) {
      const energy = (m: { w: Tensor; s: Value; list: readonly Value[] }) => mul(sum(mul(m.w, square(m.w))), mul(m.s, mul(m.list[0]!, m.list[1]!)));
      const m0 = { w: tensor([1, 2]), s: 3, list: [4, 5] };
      // Σw³·s·a·b; the gradient's squared norm, then its derivative by s
      const f = (m: typeof m0) => energy(m);
      const norm = (m: { w: Tensor; s: Value; list: readonly Value[] }) => {
        const [d] = gradient(energy, inner, m);
        return add(sum(square(d.w)), add(square(d.s), add(square(d.list[0]!), square(d.list[1]!))));
      };
      expect(plain(f(m0))).toBe(9 * 60);
      // |∇|² = (sab)²·9Σw⁴ + (Σw³)²·((ab)² + (sb)² + (sa)²)
      const [d] = gradient(norm, outer, m0);
      expectRelative(d.s, 2 * 3 * 400 * 9 * 17 + 81 * 2 * 3 * (25 + 16));
      expectRelative(d.w, [1, 2].map((w) => 3600 * 36 * w ** 3 + 2 * 9 * 3 * w ** 2 * (400 + 225 + 144)));
      expectRelative(d.list, [2 * 4 * 225 * 9 * 17 + 81 * 2 * 4 * (25 + 9), 2 * 5 * 144 * 9 * 17 + 81 * 2 * 5 * (16 + 9)]);
      expectRelative(jacobian(([a, b]) => gradient(([c, d]) => mul(mul(c!, c!), d!), inner, [a!, b!])[0], outer, [2, 3]), [[6, 4], [4, 0]]);
    }
  }
});

test("finite differences outside and inside", () => {
  for (const ad of [tape, forward, chunked]) {
    // outside: an error of the sixth order, and no rounding to speak of
    expectClose(gradient((x) => gradient((y) => mul(y, exp(y)), ad, x)[0], differences, 0.7)[0], 2.7 * Math.exp(0.7), 1e-10);
    expectClose(jacobian((x) => gradient(wave, ad, x)[0], differences, x0), waveHessian, 1e-10);
    expectClose(hessian(wave, SecondOrder(differences, ad), x0), waveHessian, 1e-10);
    expectClose(hvp(wave, SecondOrder(differences, ad), x0, tensor([1, 0, 0])), waveHessian[0], 1e-10);
    // inside: differentiating what the differences compute, which is exact up to their own error
    expectClose(gradient((x) => gradient((y) => mul(y, exp(y)), differences, x)[0], ad, 0.7)[0], 2.7 * Math.exp(0.7), 1e-10);
    expectClose(jacobian((x) => gradient(wave, differences, x)[0], ad, x0), waveHessian, 1e-10);
    expectClose(hessian(wave, SecondOrder(ad, differences), x0), waveHessian, 1e-10);
    // both, and between
    expectClose(gradient((x) => mul(x, gradient((y) => add(x, y), differences, 1)[0]), ad, 1)[0], 1, 1e-10);
    expectClose(gradient((x) => mul(x, gradient((y) => add(x, y), ad, 1)[0]), differences, 1)[0], 1, 1e-10);
    expectClose(jacobian((x) => jacobian((y) => gradient(wave, ad, y)[0], differences, x), ad, x0), waveThird, 1e-9);
  }
});

test("the implicit form inside of the explicit one, the other way round, and in itself", () => {
  const w = tensor([1, 2]), x = tensor([3, 4]);
  for (const outer of [tape, forward, differences]) {
    for (const inner of [tape, forward, differences]) {
      const close = outer === differences || inner === differences ? 1e-8 : 1e-12;
      // ∇_w Σ w²x = 2wx
      const mixed = (x: Tensor) => sum(gradient(() => sum(mul(square(w), x)), inner, params(w)).get(w));
      expectClose(gradient(mixed, outer, x), [[2, 4]], close);
      // by a traced parameter: ∇_x Σ x³ = 3x², whose derivative is 6x
      const own = (x: Tensor) => sum(gradient(() => sum(mul(x, square(x))), inner, params(x)).get(x));
      expectClose(gradient(own, outer, x), [[18, 24]], close);
      // explicit in implicit
      const gs = gradient(() => sum(gradient((x) => sum(mul(w, square(x))), inner, x)[0]), outer, params(w));
      expectClose(gs.get(w), [6, 8], close);
      // implicit in implicit: of another parameter, and of the same
      const two = gradient(() => sum(gradient(() => sum(mul(square(w), x)), inner, params(w)).get(w)), outer, params(x));
      expectClose(two.get(x), [2, 4], close);
      const same = gradient(() => sum(gradient(() => sum(mul(w, square(w))), inner, params(w)).get(w)), outer, params(w));
      expectClose(same.get(w), [6, 12], close);
      // the same parameter, captured outside and passed inside
      const passed = gradient(() => sum(gradient((v) => sum(mul(v, square(v))), inner, w)[0]), outer, params(w));
      expectClose(passed.get(w), [6, 12], close);
      // implicit in implicit in explicit: Σ w³x
      const three = gradient((x) => sum(gradient(() => sum(gradient(() => sum(mul(x, mul(w, square(w)))), inner, params(w)).get(w)), outer, params(w)).get(w)), tape, x);
      expectClose(three, [[6, 12]], close === 1e-8 ? 1e-4 : close);
      // a parameter that is the result
      const one = tensor(3);
      expectClose(gradient(() => one, inner, params(one)).get(one), 1, close);
      expectClose(gradient(() => gradient(() => mul(one, one), inner, params(one)).get(one), outer, params(one)).get(one), 2, close);
    }
  }
});

test("checkpoint at second and third order", () => {
  const plainly = (x: Value) => sin(exp(x));
  const stored = checkpoint(plainly);
  const [, ...derivatives] = ((u: number) => [
    Math.sin(u), u * Math.cos(u), u * Math.cos(u) - u * u * Math.sin(u), u * Math.cos(u) - 3 * u * u * Math.sin(u) - u ** 3 * Math.cos(u),
  ])(Math.exp(0.4));
  for (const [, c] of scalar) {
    expectRelative(c(stored)(0.4), derivatives[0]);
    for (const [, b] of scalar) {
      expectRelative(b(c(stored))(0.4), derivatives[1]);
      for (const [, a] of scalar) expectRelative(a(b(c(stored)))(0.4), derivatives[2]);
    }
  }
  // on tensors and trees, and checkpoints in checkpoints
  const block = checkpoint((m: { A: Tensor }, x: Tensor) => ({ y: sin(matmul(m.A, x)) }));
  const whole = checkpoint((x: Tensor) => sum(block({ A }, x).y));
  for (const both of combinations) {
    expectRelative(hessian((x) => sum(block({ A }, x).y), both, x0), waveHessian);
    expectRelative(hessian(whole, both, x0), waveHessian);
    expectRelative(hvp(whole, both, x0, tensor([0, 1, 0])), waveHessian[1]);
  }
  // a derivative under a checkpoint
  const slope = checkpoint((x: Value) => gradient((y) => mul(y, mul(y, y)), tape, x)[0]);
  for (const [, a] of scalar) expectRelative(a(slope)(2), 12);
});

test("a rule of one's own at second order", () => {
  // The same derivative as the composite's, written in ops: it can be differentiated again.
  const sine = customRule((x: Value) => sin(x), { jvp: (_y, [x]) => [(dx) => mul(dx, cos(x))], vjp: (_y, [x]) => [(ct) => mul(ct, cos(x))] });
  for (const [, c] of scalar) {
    expectRelative(c(sine)(0.4), Math.cos(0.4));
    for (const [, b] of scalar) {
      expectRelative(b(c(sine))(0.4), -Math.sin(0.4));
      for (const [, a] of scalar) expectRelative(a(b(c(sine)))(0.4), -Math.cos(0.4));
    }
  }
  // A rule that is deliberately another function's holds at second order too: d²/dx² is that of the rule.
  const strange = customRule((x: Value) => mul(x, 0), { jvp: (_y, [x]) => [(dx) => mul(dx, exp(x))], vjp: (_y, [x]) => [(ct) => mul(ct, exp(x))] });
  for (const [, a] of scalar) for (const [, b] of scalar) expectRelative(a(b(strange))(0.4), Math.exp(0.4));
  // On tensors, in batches
  const wave1 = (x: Tensor) => sum(sineOf(matmul(A, x)));
  const sineOf = customRule((x: Tensor) => sin(x), { jvp: (_y, [x]) => [(dx) => mul(dx, cos(x))], vjp: (_y, [x]) => [(ct) => mul(ct, cos(x))] });
  for (const both of combinations) {
    expectRelative(hessian(wave1, both, x0), waveHessian);
    expectRelative(jacobian((x) => jacobian((y) => gradient(wave1, both.inner, y)[0], both.outer, x), both.inner, x0), waveThird);
  }
});

test("a rule or a checkpoint that captures a traced value says so", () => {
  for (const ad of rules) {
    const scaled = (x: Value) => customRule((y: Value) => mul(x, y), { jvp: () => [(dy) => dy], vjp: () => [(ct) => ct] });
    expect(() => gradient((x) => scaled(x)(x), ad, 2)).toThrow(AutodiffError);
    expect(() => gradient((x) => scaled(x)(x), ad, 2)).toThrow("Pass it as an argument instead.");
  }
  expect(() => gradient((x) => checkpoint((y: Value) => mul(x, y))(x), tape, 2)).toThrow("Pass it as an argument instead.");
  expect(currentTrace()).toBeNull();
});

test("stopGradient stops every level", () => {
  for (const [, a] of scalar) {
    expect(plain(a((x) => mul(x, stopGradient(x)))(3))).toBe(3);
    expect(plain(a((x) => stopGradient(mul(x, x)))(3))).toBe(0);
    for (const [, b] of scalar) {
      // d/dx (x·[x]) = [x], a constant
      expect(plain(b(a((x) => mul(x, stopGradient(x))))(3))).toBe(0);
      expect(plain(a((x) => b((y) => mul(y, stopGradient(x)))(5))(3))).toBe(0);
      expect(plain(a((x) => mul(x, b((y) => mul(y, stopGradient(y)))(x)))(3))).toBe(3);
      // stopped inside alone: d/dx (d/dy y²[x]) at y = x is d/dx 2x[x] = 2[x]
      expect(plain(a((x) => b((y) => mul(square(y), stopGradient(x)))(x))(3))).toBe(6);
      expect(plain(a((x) => stopGradient(b((y) => mul(square(y), x))(5)))(3))).toBe(0);
    }
  }
  const v = tensor([1, 2, 3]);
  for (const both of combinations) expectRelative(hessian((x) => sum(mul(stopGradient(x), square(x))), both, v), [[2, 0, 0], [0, 4, 0], [0, 0, 6]]);
});

test("closures that capture traced values", () => {
  for (const [, a] of scalar) {
    for (const [, b] of scalar) {
      // A function made inside, called inside of another derivative
      expectRelative(a((x) => {
        const scale = (y: Value) => mul(x, square(y));
        return add(scale(3), b(scale)(3));
      })(2), 9 + 6);
      // A closure from the outer level called at the inner, twice removed
      expectRelative(a((x) => b((y) => {
        const g = () => mul(x, y);
        return mul(g(), g());
      })(3))(2), 4 * 2 * 3);
    }
  }
});

test("aux results of an inner call keep the outer derivative", () => {
  for (const outer of rules) {
    for (const inner of rules) {
      const f = (x: Value) => {
        const { val, grad } = withgradient((y) => ({ loss: mul(y, y), twice: mul(y, x) }), inner, x);
        return add(val.loss, add(val.twice, grad[0]));
      };
      expectRelative(gradient(f, outer, 3), [2 * 3 + 2 * 3 + 2]);
    }
  }
});

test("a prepared operator inside of a derivative", () => {
  for (const outer of rules) {
    for (const inner of rules) {
      const step = prepareGradient((x: Tensor) => sum(mul(x, square(x))), inner, tensor([1, 2]));
      expectRelative(gradient((x) => sum(step(x)[0]), outer, tensor([3, 4])), [[18, 24]]);
    }
  }
});

test("stacks of traced scalars from several levels", () => {
  for (const outer of rules) {
    for (const inner of rules) {
      const f = (x: Value) => sum(square(jacobian((y) => stack([mul(x, y), y, x, 1]), inner, 2)));
      // ∂/∂y (xy, y, x, 1) = (x, 1, 0, 0)
      expectRelative(gradient(f, outer, 3), [6]);
    }
  }
});

test("an exception at any depth leaves no trace behind", () => {
  const boom = new Error("boom");
  const levels = [...scalar, ["finite-diff gradient", (f: Scalar): Scalar => (x) => gradient(f, differences, x)[0]] as const];
  const fail = (): Value => {
    throw boom;
  };
  for (const [, a] of levels) {
    expect(() => a(fail)(1)).toThrow(boom);
    expect(currentTrace()).toBeNull();
    for (const [, b] of levels) {
      expect(() => a(b(fail))(1)).toThrow(boom);
      expect(currentTrace()).toBeNull();
      // caught at the outer level, which goes on
      const caught = (x: Value) => {
        const before = currentTrace();
        expect(() => b(fail)(x)).toThrow(boom);
        expect(currentTrace()).toBe(before);
        return mul(x, 2);
      };
      expectClose(a(caught)(1), 2, 1e-10);
      for (const [, c] of levels.slice(0, 3)) {
        expect(() => a(b(c((x) => (currentTrace() === null ? x : fail()))))(1)).toThrow(boom);
        expect(currentTrace()).toBeNull();
      }
    }
  }
  for (const both of combinations) {
    for (const op of [() => hessian(fail, both, x0), () => hvp(fail, both, x0, x0), () => gradient(() => hessian(fail, both, x0), tape, 1), () => gradient(fail, both.outer, params(x0))]) {
      expect(op).toThrow(boom);
      expect(currentTrace()).toBeNull();
    }
    expectRelative(hessian(wave, both, x0), waveHessian);
  }
  // in the backward pass of a checkpoint, and in a rule
  let armed = true;
  const rule = customRule((x: Value) => x, { vjp: () => [() => fail()], jvp: () => [() => fail()] });
  for (const ad of rules) expect(() => gradient((x) => rule(x), ad, 1)).toThrow(boom);
  const second = checkpoint((x: Value) => {
    if (!armed) fail();
    armed = false;
    return mul(x, x);
  });
  expect(() => gradient((x) => second(x), tape, 1)).toThrow(boom);
  expect(currentTrace()).toBeNull();
});

test("subtraction of a captured tensor and transposes keep their place", () => {
  // ∇² of ½|Ax − b|² is AᵀA
  const b = tensor([1, 2]);
  for (const both of combinations) {
    const expected = plain(matmul(transpose(A), A));
    expectRelative(hessian((x) => mul(0.5, sum(square(sub(matmul(A, x), b)))), both, x0), expected);
  }
});

/** Equal to a relative error of 1e-12. */
function expectRelative(got: unknown, expected: unknown): void {
  expectClose(got, expected, 1e-12);
}
