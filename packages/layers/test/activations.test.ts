import fc from "fast-check";
import {
  AutoFiniteDiff, AutoForward, AutoTape, celu, Chain, Dense, derivative, elu, erf, gelu, geluErf, gradient, hardSigmoid, hardSwish, hardTanh, identity, isFinite, leakyRelu, lisht, logCosh, logSigmoid, min, mish,
  only, relu6, secondDerivative, SecondOrder, selu, ShapeError, sigmoid, softplus, softShrink, softSign, sum, swish, tanh as tanhOf, tanhShrink, tensor, Tensor, trelu, type UnaryOp, type Value,
} from "polyad";
import { describe, expect, it, test } from "vitest";
import { engines, exact, expectClose, expectNumbers, plain } from "../../../test/support.js";

fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 20240607) });

interface Row {
  readonly f: UnaryOp;
  /** The definition, in float64, where it is safe. */
  readonly naive: (x: number) => number;
  readonly slope: (x: number) => number;
  /** Second derivative, away from kinks. */
  readonly bend: (x: number) => number;
  readonly kinks: readonly number[];
  /** f, f′ at −1000 and 1000. */
  readonly far: readonly [readonly [number, number], readonly [number, number]];
}

const { exp, tanh, cosh, log, sqrt, abs, PI, SQRT2 } = Math;
const sigma = (x: number): number => 1 / (1 + exp(-x));
const sech2 = (x: number): number => 1 / cosh(x) ** 2;
const normal = (x: number): number => exp((-x * x) / 2) / sqrt(2 * PI);
const [lambda, alpha] = [1.0507009873554805, 1.6732632423543772];
const inside = (x: number, limit: number, a: number, b: number): number => (abs(x) <= limit ? a : b);

/** σ(u), u′ and u″ of gelu's gate. */
const gate = (x: number): readonly [number, number, number] => [sigma(2 * sqrt(2 / PI) * (x + 0.044715 * x ** 3)), 2 * sqrt(2 / PI) * (1 + 0.134145 * x * x), 2 * sqrt(2 / PI) * 0.26829 * x];
const softplusOf = (x: number): number => Math.max(x, 0) + Math.log1p(exp(-abs(x)));

const rows: Readonly<Record<string, Row>> = {
  sigmoid: { f: sigmoid, naive: sigma, slope: (x) => sigma(x) * sigma(-x), bend: (x) => sigma(x) * sigma(-x) * (1 - 2 * sigma(x)), kinks: [], far: [[0, 0], [1, 0]] },
  tanh: { f: tanhOf, naive: tanh, slope: sech2, bend: (x) => -2 * tanh(x) * sech2(x), kinks: [], far: [[-1, 0], [1, 0]] },
  softplus: { f: softplus, naive: (x) => log(1 + exp(x)), slope: sigma, bend: (x) => sigma(x) * sigma(-x), kinks: [], far: [[0, 0], [1000, 1]] },
  logSigmoid: { f: logSigmoid, naive: (x) => -log(1 + exp(-x)), slope: (x) => sigma(-x), bend: (x) => -sigma(x) * sigma(-x), kinks: [], far: [[-1000, 1], [0, 0]] },
  leakyRelu: { f: leakyRelu, naive: (x) => (x > 0 ? x : 0.01 * x), slope: (x) => (x > 0 ? 1 : 0.01), bend: () => 0, kinks: [0], far: [[-10, 0.01], [1000, 1]] },
  elu: { f: elu, naive: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : exp(x)), bend: (x) => (x > 0 ? 0 : exp(x)), kinks: [0], far: [[-1, 0], [1000, 1]] },
  celu: { f: celu, naive: (x) => Math.max(0, x) + Math.min(0, Math.expm1(x)), slope: (x) => (x > 0 ? 1 : exp(x)), bend: (x) => (x > 0 ? 0 : exp(x)), kinks: [0], far: [[-1, 0], [1000, 1]] },
  selu: {
    f: selu, naive: (x) => lambda * (x > 0 ? x : alpha * Math.expm1(x)), slope: (x) => lambda * (x > 0 ? 1 : alpha * exp(x)), bend: (x) => (x > 0 ? 0 : lambda * alpha * exp(x)), kinks: [0],
    far: [[-lambda * alpha, 0], [1000 * lambda, lambda]],
  },
  relu6: { f: relu6, naive: (x) => Math.min(Math.max(x, 0), 6), slope: (x) => (x > 0 && x <= 6 ? 1 : 0), bend: () => 0, kinks: [0, 6], far: [[0, 0], [6, 0]] },
  trelu: { f: trelu, naive: (x) => (x > 1 ? x : 0), slope: (x) => (x > 1 ? 1 : 0), bend: () => 0, kinks: [1], far: [[0, 0], [1000, 1]] },
  softShrink: {
    f: softShrink, naive: (x) => (x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0), slope: (x) => inside(x, 0.5, 0, 1), bend: () => 0, kinks: [-0.5, 0.5], far: [[-999.5, 1], [999.5, 1]],
  },
  swish: {
    f: swish, naive: (x) => x * sigma(x), slope: (x) => sigma(x) * (1 + x * sigma(-x)), bend: (x) => sigma(x) * sigma(-x) * (2 + x * (1 - 2 * sigma(x))), kinks: [], far: [[0, 0], [1000, 1]],
  },
  gelu: {
    f: gelu, naive: (x) => 0.5 * x * (1 + tanh(sqrt(2 / PI) * (x + 0.044715 * x ** 3))), slope: (x) => gate(x)[0] * (1 + x * (1 - gate(x)[0]) * gate(x)[1]),
    bend: (x) => { const [s, u, v] = gate(x); const d = s * (1 - s); return 2 * d * u + x * d * ((1 - 2 * s) * u * u + v); },
    kinks: [], far: [[0, 0], [1000, 1]],
  },
  geluErf: {
    f: geluErf, naive: (x) => 0.5 * x * (1 + erf(x / SQRT2)), slope: (x) => 0.5 * (1 + erf(x / SQRT2)) + x * normal(x), bend: (x) => normal(x) * (2 - x * x), kinks: [], far: [[0, 0], [1000, 1]],
  },
  mish: {
    f: mish, naive: (x) => x * tanh(log(1 + exp(x))), slope: (x) => tanh(softplusOf(x)) + x * sech2(softplusOf(x)) * sigma(x),
    bend: (x) => { const s = softplusOf(x); return sech2(s) * sigma(x) * (2 + x * (1 - sigma(x) - 2 * tanh(s) * sigma(x))); },
    kinks: [], far: [[0, 0], [1000, 1]],
  },
  hardSwish: {
    f: hardSwish, naive: (x) => (x * Math.min(Math.max((x + 3) / 6, 0), 1)), slope: (x) => inside(x, 3, (2 * x + 3) / 6, x > 0 ? 1 : 0), bend: (x) => inside(x, 3, 1 / 3, 0), kinks: [-3, 3], far: [[0, 0], [1000, 1]],
  },
  lisht: { f: lisht, naive: (x) => x * tanh(x), slope: (x) => tanh(x) + x * sech2(x), bend: (x) => 2 * sech2(x) * (1 - x * tanh(x)), kinks: [], far: [[1000, -1], [1000, 1]] },
  hardSigmoid: { f: hardSigmoid, naive: (x) => Math.min(Math.max((x + 3) / 6, 0), 1), slope: (x) => inside(x, 3, 1 / 6, 0), bend: () => 0, kinks: [-3, 3], far: [[0, 0], [1, 0]] },
  hardTanh: { f: hardTanh, naive: (x) => Math.min(Math.max(x, -1), 1), slope: (x) => inside(x, 1, 1, 0), bend: () => 0, kinks: [-1, 1], far: [[-1, 0], [1, 0]] },
  softSign: { f: softSign, naive: (x) => x / (1 + abs(x)), slope: (x) => 1 / (1 + abs(x)) ** 2, bend: (x) => (-2 * Math.sign(x)) / (1 + abs(x)) ** 3, kinks: [0], far: [[-1000 / 1001, 1 / 1001 ** 2], [1000 / 1001, 1 / 1001 ** 2]] },
  tanhShrink: { f: tanhShrink, naive: (x) => x - tanh(x), slope: (x) => tanh(x) ** 2, bend: (x) => 2 * tanh(x) * sech2(x), kinks: [], far: [[-999, 1], [999, 1]] },
  logCosh: { f: logCosh, naive: (x) => log(cosh(x)), slope: tanh, bend: sech2, kinks: [], far: [[1000 - Math.LN2, -1], [1000 - Math.LN2, 1]] },
};

const moderate = fc.double({ min: -20, max: 20, noNaN: true });
const anySize = fc.double({ min: -1e150, max: 1e150, noNaN: true });
const float32s = fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true });
const read = (x: Value): number => (typeof x === "number" ? x : x.item());

/** f′ at each element, by one gradient of the sum. */
const slopes = (f: UnaryOp, ad: (typeof engines)[number], x: Tensor): number[] => [...gradient((t) => sum(f(t)), ad, x)[0].dataSync()];

describe.each(Object.entries(rows))("%s", (name, { f, naive, slope, bend, kinks, far }) => {
  it("is its definition, and so is its derivative, where that is safe in float64", () => {
    fc.assert(fc.property(moderate, (x) => {
      expectClose(f(x), naive(x), 1e-12);
      expectClose(f(tensor([x])), [naive(x)], 1e-12);
      for (const ad of exact) expectClose([derivative(f, ad, x), slopes(f, ad, tensor([x]))], [slope(x), [slope(x)]], 1e-12);
    }), { numRuns: 100 });
  });

  it("has the right second derivative, tape over forward and forward over tape", () => {
    fc.assert(fc.property(moderate.filter((x) => kinks.every((k) => abs(x - k) > 1e-3)), (x) => {
      for (const ad of [SecondOrder(AutoTape(), AutoForward()), SecondOrder(AutoForward(), AutoTape())]) expectClose(secondDerivative(f, ad, x), bend(x), 1e-11);
    }), { numRuns: 100 });
  });

  it("agrees with finite differences away from kinks", () => {
    for (const x of [-2.3, -0.7, 0.3, 1.9, 4.1]) expectClose(derivative(f, AutoFiniteDiff({ scheme: "central6" }), x), slope(x), 1e-8);
  });

  it("is finite at any size, with its derivatives", () => {
    const finite = (x: Tensor): void => {
      expect(min(isFinite(f(x))).item(), `value at ${String(x)}`).toBe(1);
      for (const ad of exact) expect(slopes(f, ad, x).every(Number.isFinite), `slope at ${String(x)}`).toBe(true);
      const second = gradient((t) => sum(gradient((s) => sum(f(s)), AutoTape(), t)[0]), AutoForward(), x)[0];
      expect(min(isFinite(second)).item(), `second derivative at ${String(x)}`).toBe(1);
    };
    fc.assert(fc.property(fc.array(anySize, { minLength: 1, maxLength: 5 }), (xs) => finite(tensor(xs))), { numRuns: 40 });
    fc.assert(fc.property(fc.array(float32s, { minLength: 1, maxLength: 5 }), (xs) => finite(tensor(new Float32Array(xs)))), { numRuns: 40 });
    expect(f(1e150)).toSatisfy(Number.isFinite);
    expect(f(-1e150)).toSatisfy(Number.isFinite);
  });

  it("has these values and derivatives far away", () => {
    [-1000, 1000].forEach((x, side) => {
      const [value, d] = far[side]!;
      for (const ad of exact) {
        expectClose([f(x), derivative(f, ad, x)], [value, d], 1e-15);
        const [narrow] = [tensor(new Float32Array([x]))];
        expectClose([f(narrow), slopes(f, ad, narrow)], [[value], [d]], 1e-6);
      }
    });
  });

  it("takes numbers, tensors of every dtype, arrays and empty tensors, and keeps NaN", () => {
    expect(typeof f(0.5)).toBe("number");
    const x = [-2.5, -0.1, 0, 0.3, 7];
    const narrow = f(tensor(new Float32Array(x)));
    expect(narrow.dtype).toBe("float32");
    expectClose(narrow, x.map(naive), 1e-6);
    expectClose(f(x), x.map(naive), 1e-12);
    expect(f(tensor([-1, 2], null, "int32")).dtype).toBe("float64");
    expectClose(f(tensor([-1, 2], null, "int32")), [naive(-1), naive(2)], 1e-12);
    expectClose(f(tensor([true, false])), [naive(1), naive(0)], 1e-12);
    expect(f(tensor(new Float64Array(0), [0, 3])).shape).toEqual([0, 3]);
    expect([f(NaN), f(tensor([NaN])).item()]).toEqual([NaN, NaN]);
    expect(Number.isNaN(f(tensor(new Float32Array(200).fill(NaN))).dataSync()[150]!)).toBe(true); // the SIMD kernels, too
    expect(f.name).toBe(name);
  });

  it("has the convention's derivative at its kinks, on every engine that works by rules", () => {
    for (const k of [...kinks, 0]) for (const ad of exact) expectClose(derivative(f, ad, k), slope(k), 1e-15);
  });

  it("gives a number's derivative as a number under a traced number, and of a float32 tensor in float32", () => {
    expect(gradient((x) => f(x), AutoTape(), 0.5)).toEqual([expect.closeTo(slope(0.5), 12)]);
    const [d] = gradient((x) => sum(f(x)), AutoForward(), tensor(new Float32Array([0.5])));
    expect([d.dtype, d.shape]).toEqual(["float32", [1]]);
  });
});

test("parameters", () => {
  expect(leakyRelu(tensor([-2, 0, 3]), 0.5).toArray()).toEqual([-1, 0, 3]);
  expect(elu(-1, 2)).toBe(2 * Math.expm1(-1));
  expect(celu(-1, 2)).toBe(2 * Math.expm1(-0.5));
  expect(trelu([1, 2, 3], 2).toArray()).toEqual([0, 0, 3]);
  expect(softShrink([-3, 0.5, 3], 1).toArray()).toEqual([-2, 0, 2]);
  for (const ad of exact) {
    expect(derivative((x) => leakyRelu(x, 0.5), ad, 0)).toBe(0.5);
    expect(derivative((x) => elu(x, 2), ad, 0)).toBe(2);
    expect(derivative((x) => celu(x, 2), ad, 0)).toBe(1);
    expect(secondDerivative((x) => celu(x, 2), SecondOrder(ad, AutoTape()), -1)).toBeCloseTo(Math.exp(-0.5) / 2, 14);
  }
});

test("gelu approximates geluErf within 0.0005", () => {
  for (let x = -10; x <= 10; x += 0.01) expect(Math.abs(gelu(x) - geluErf(x))).toBeLessThan(0.0005);
});

test("relative accuracy where the definition has none", () => {
  expectClose(gelu(-5) / (-5 * Math.exp(2 * Math.sqrt(2 / Math.PI) * (-5 - 0.044715 * 125))), 1 / (1 + Math.exp(2 * Math.sqrt(2 / Math.PI) * (-5 - 0.044715 * 125))), 1e-12);
  expectClose(geluErf(-10) / (-10 * 7.619853024160525e-24), 1, 1e-12); // Φ(−10)
  expectClose(logCosh(1e-8) / 5e-17, 1, 1e-12);
  expectClose(logCosh(tensor(new Float32Array([1e-3]))).item() / 4.99999916666e-7, 1, 1e-6);
  expectClose(mish(-50) / (-50 * Math.exp(-50)), 1, 1e-12);
  expectClose(swish(-100) / (-100 * Math.exp(-100)), 1, 1e-12);
  expect(elu(-1e-20)).toBe(-1e-20);
});

test("infinite arguments", () => {
  const values = (f: UnaryOp): unknown => plain([f(-Infinity), f(Infinity)]);
  expect(values(leakyRelu)).toEqual([-Infinity, Infinity]);
  expect(values(elu)).toEqual([-1, Infinity]);
  expect(values(relu6)).toEqual([0, 6]);
  expect(values(hardSigmoid)).toEqual([0, 1]);
  expect(values(hardTanh)).toEqual([-1, 1]);
  expect(values(logCosh)).toEqual([Infinity, Infinity]);
  for (const ad of exact) expect(derivative(elu, ad, -Infinity)).toBe(0);
});

test("a layer prints its activation by name, and trains it", () => {
  const model = Chain(Dense(2, 3, gelu), Dense(3, 1, leakyRelu));
  expect(String(model)).toMatch(/gelu[\s\S]*leakyRelu/);
});

describe("identity and only", () => {
  it("identity is what it is given", () => {
    const x = tensor([1]);
    expect(identity(x)).toBe(x);
  });

  it.each(engines)("only, $adtype: the single element as a number, whatever the rank", (ad) => {
    expect([only(3), only([4]), only([[5]]), only(tensor(6)), only(tensor([7], null, "int32"))]).toEqual([3, 4, 5, 6, 7]);
    expectNumbers(ad, gradient((x) => only(x), ad, tensor([[2]])), [[[1]]]);
    expectNumbers(ad, gradient((x) => only(x), ad, 2), [1]);
    const [d] = gradient((x) => only(x), ad, tensor(new Float32Array([2])));
    expect(d.dtype).toBe("float32");
  });

  it("only refuses several, and none", () => {
    expect(() => only([1, 2])).toThrow(new ShapeError("only: expected one element, got shape [2]. Use mean() or sum() of several."));
    expect(() => only(tensor(new Float64Array(0), [0, 2]))).toThrow("only: expected one element, got shape [0, 2].");
  });
});

test("values read back from traced code are those of plain code", () => {
  for (const { f } of Object.values(rows)) {
    const seen: number[] = [];
    gradient((x) => { const y = f(x); seen.push(read(y)); return y; }, AutoForward(), 0.7);
    expect(seen).toEqual([f(0.7)]);
  }
});
