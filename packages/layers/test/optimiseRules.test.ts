import { expect, test } from "vitest";
import {
  AccumGrad, AdaBelief, AdaDelta, AdaGrad, Adam, AdaMax, AdamW, AMSGrad, AutoTape, ClipGrad, ClipNorm, Descent, fmap, full, gradient, leaves, Lion,
  MixedPrecision, Momentum, mul, NAdam, neg, Nesterov, OAdam, ones, OptimiserChain, RAdam, RMSProp, Rprop, setup, SignDecay, square, sub, sum, Tensor, tensor,
  update, WeightDecay, zeros, type OptimiserState, type Rule,
} from "polyad";

// Every rule against a transcription of its published formula: one element at a time, in float64, with nothing shared.

/** The step by a gradient g at x, from a rule that keeps its own state. */
type Scalar = (x: number, g: number) => number;

const { sqrt, abs, max, min, sign } = Math;

/** η·m̂/(√v̂ + ε), and what it is made of. */
function adamTerms(b1: number, b2: number, epsilon = 1e-8) {
  let [m, v, t] = [0, 0, 0];
  return (g: number) => {
    t += 1;
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const mHat = m / (1 - b1 ** t);
    return { m, v, t, mHat, term: mHat / (sqrt(v / (1 - b2 ** t)) + epsilon) };
  };
}

const cases: readonly [name: string, rule: Rule, scalar: () => Scalar][] = [
  ["Descent", Descent(), () => (_x, g) => 0.1 * g],
  ["Momentum", Momentum(), () => {
    let v = 0;
    return (_x, g) => (v = 0.9 * v + 0.01 * g);
  }],
  ["Nesterov", Nesterov(), () => {
    let v = 0;
    return (_x, g) => {
      const next = 0.9 * v - 0.001 * g; // Sutskever's velocity; the point ahead of x is what is kept
      const step = -(0.9 * next - 0.001 * g);
      v = next;
      return step;
    };
  }],
  ["RMSProp", RMSProp(), () => {
    let q = 0;
    return (_x, g) => {
      q = 0.9 * q + 0.1 * g ** 2;
      return (0.001 * g) / (sqrt(q) + 1e-8);
    };
  }],
  ["RMSProp, centred", RMSProp(0.01, { rho: 0.8, epsilon: 1e-6, centred: true }), () => {
    let [q, l] = [0, 0];
    return (_x, g) => {
      q = 0.8 * q + 0.2 * g ** 2;
      l = 0.8 * l + 0.2 * g;
      return (0.01 * g) / (sqrt(q - l ** 2) + 1e-6);
    };
  }],
  ["Rprop", Rprop(), () => {
    let [last, rate] = [0, 0.001];
    return (_x, g) => {
      const agreement = last * g;
      if (agreement > 0) rate = min(rate * 1.2, 50);
      if (agreement < 0) rate = max(rate * 0.5, 1e-6);
      last = agreement < 0 ? 0 : g;
      return rate * sign(last);
    };
  }],
  ["Rprop at its bounds", Rprop(1, { gamma: [0.9, 1.1] }), () => {
    let [last, rate] = [0, 1];
    return (_x, g) => {
      const agreement = last * g;
      if (agreement > 0) rate = min(rate * 1.2, 1.1);
      if (agreement < 0) rate = max(rate * 0.5, 0.9);
      last = agreement < 0 ? 0 : g;
      return rate * sign(last);
    };
  }],
  ["Adam", Adam(), () => {
    const terms = adamTerms(0.9, 0.999);
    return (_x, g) => 0.001 * terms(g).term;
  }],
  ["Adam with other hyperparameters", Adam(0.3, { beta: [0.5, 0.7], epsilon: 0.1 }), () => {
    const terms = adamTerms(0.5, 0.7, 0.1);
    return (_x, g) => 0.3 * terms(g).term;
  }],
  ["AdamW", AdamW(0.01, { lambda: 0.1 }), () => {
    const terms = adamTerms(0.9, 0.999);
    return (x, g) => 0.01 * (terms(g).term + 0.1 * x);
  }],
  ["AdamW, uncoupled", AdamW(0.01, { lambda: 0.1, couple: false }), () => {
    const terms = adamTerms(0.9, 0.999);
    return (x, g) => 0.01 * terms(g).term + 0.1 * x;
  }],
  ["RAdam", RAdam(), () => {
    const terms = adamTerms(0.9, 0.999);
    return (_x, g) => {
      const { t, term, mHat } = terms(g);
      const longest = 2 / (1 - 0.999) - 1;
      const length = longest - (2 * t * 0.999 ** t) / (1 - 0.999 ** t);
      if (length <= 4) return 0.001 * mHat;
      return 0.001 * term * sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
    };
  }],
  ["AdaMax", AdaMax(), () => {
    let [m, u, t] = [0, 0, 0];
    return (_x, g) => {
      t += 1;
      m = 0.9 * m + 0.1 * g;
      u = max(0.999 * u, abs(g));
      return ((0.001 / (1 - 0.9 ** t)) * m) / (u + 1e-8);
    };
  }],
  ["NAdam", NAdam(), () => {
    const terms = adamTerms(0.9, 0.999);
    return (_x, g) => {
      const { m, v, t } = terms(g);
      const ahead = (0.9 * m) / (1 - 0.9 ** (t + 1)) + (0.1 * g) / (1 - 0.9 ** t);
      return (0.001 * ahead) / (sqrt((v * 0.999) / (1 - 0.999 ** t)) + 1e-8);
    };
  }],
  ["OAdam", OAdam(), () => {
    const terms = adamTerms(0.5, 0.9);
    let last = 0;
    return (_x, g) => {
      const now = 0.001 * terms(g).term;
      const step = 2 * now - last;
      last = now;
      return step;
    };
  }],
  ["AdaGrad", AdaGrad(), () => {
    let q = 1e-8;
    return (_x, g) => {
      q += g * g;
      return (0.1 * g) / (sqrt(q) + 1e-8);
    };
  }],
  ["AdaDelta", AdaDelta(), () => {
    let [q, d] = [0, 0];
    return (_x, g) => {
      q = 0.9 * q + 0.1 * g * g;
      const step = (g * sqrt(d + 1e-8)) / sqrt(q + 1e-8);
      d = 0.9 * d + 0.1 * step * step;
      return step;
    };
  }],
  ["AMSGrad", AMSGrad(), () => {
    let [m, v, largest] = [1e-8, 1e-8, 1e-8];
    return (_x, g) => {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      largest = max(largest, v);
      return (0.001 * m) / (sqrt(largest) + 1e-8);
    };
  }],
  ["AdaBelief", AdaBelief(), () => {
    let [m, s, t] = [0, 0, 0];
    return (_x, g) => {
      t += 1;
      m = 0.9 * m + 0.1 * g;
      s = 0.999 * s + 0.001 * (g - m) ** 2 + 1e-16;
      return (0.001 * (m / (1 - 0.9 ** t))) / (sqrt(s / (1 - 0.999 ** t)) + 1e-16);
    };
  }],
  ["Lion", Lion(), () => {
    let m = 0;
    return (_x, g) => {
      const step = 0.001 * sign(0.9 * m + 0.1 * g);
      m = 0.99 * m + 0.01 * g;
      return step;
    };
  }],
  ["WeightDecay", WeightDecay(), () => (x, g) => g + 5e-4 * x],
  ["SignDecay", SignDecay(), () => (x, g) => g + 1e-3 * sign(x)],
  ["ClipGrad", ClipGrad(0.5), () => (_x, g) => min(max(g, -0.5), 0.5)],
  ["WeightDecay and Adam", OptimiserChain(WeightDecay(0.1), Adam(0.01)), () => {
    const terms = adamTerms(0.9, 0.999);
    return (x, g) => 0.01 * terms(g + 0.1 * x).term;
  }],
  ["an empty chain", OptimiserChain(), () => (_x, g) => g],
  ["a chain in a chain", OptimiserChain(OptimiserChain(ClipGrad(1)), Momentum(0.1, { rho: 0.5 })), () => {
    let v = 0;
    return (_x, g) => (v = 0.5 * v + 0.1 * min(max(g, -1), 1));
  }],
  ["AccumGrad of 2 and Momentum", OptimiserChain(AccumGrad(2), Momentum(0.1)), () => {
    let [v, half] = [0, null as number | null];
    return (_x, g) => {
      if (half === null) {
        half = g;
        return 0;
      }
      v = 0.9 * v + 0.1 * ((half + g) / 2);
      half = null;
      return v;
    };
  }],
  ["MixedPrecision", MixedPrecision(Adam(0.01)), () => {
    const terms = adamTerms(0.9, 0.999);
    return (_x, g) => 0.01 * terms(g).term;
  }],
];

/** Gradients that change sign, vanish, are tiny and large; a column for each element. */
const start = [1, -2, 0.5, 0, 3, -1e-3, 1e6];
const gradientAt = (x: readonly number[], t: number): number[] => [2 * x[0]!, Math.cos(t + x[1]!), t % 2 === 0 ? 1 : -1, 0, 1e-7 * (t + 1), x[5]! - 0.3 * t, 1e5 * Math.sin(t + 1)];

// The bar is three steps; ten reach both branches of RAdam, and a second sign change of Rprop.
test.each(cases)("%s follows its formula", (_name, rule, scalar) => {
  let model = tensor(start);
  let state = setup(rule, model);
  const by = start.map(() => scalar());
  let expected = start;
  for (let t = 0; t < 10; t++) {
    const g = gradientAt(expected, t);
    expected = expected.map((x, i) => x - by[i]!(x, g[i]!));
    ({ state, model } = update(state, model, tensor(g)));
    const got = model.toArray() as number[];
    got.forEach((x, i) => expect(abs(x - expected[i]!), `step ${t + 1}, element ${i}: ${x} against ${expected[i]}`).toBeLessThanOrEqual(1e-12 * max(1, abs(expected[i]!))));
  }
});

test("every rule is deterministic, keeps float32, and takes a gradient of zeros as one", () => {
  for (const [name, rule] of cases) {
    const model = tensor(new Float32Array([1, -2, 0.5]), [3, 1]);
    const state = setup(rule, model);
    const grad = tensor(new Float32Array([0.5, 0, -1]), [3, 1]);
    const [once, again] = [update(state, model, grad), update(state, model, grad)];
    expect(once.model.toArray(), name).toEqual(again.model.toArray());
    expect([once.model.dtype, once.model.shape], name).toEqual(["float32", [3, 1]]);
    const arrays = leaves(once.state).filter((leaf) => leaf instanceof Tensor);
    const wide = rule.name === "MixedPrecision" ? "float64" : "float32";
    for (const x of arrays) expect([x.dtype, x.shape], name).toEqual([wide, [3, 1]]);
    const still = update(state, model, tensor(new Float32Array(3), [3, 1]));
    expect(still.model.dataSync().every(Number.isFinite), name).toBe(true);
  }
});

test("empty arrays and scalars train", () => {
  for (const [name, rule] of cases) {
    const model = { none: tensor(new Float64Array(0), [0, 3]), one: tensor(2) };
    const next = update(setup(rule, model), model, { none: tensor(new Float64Array(0), [0, 3]), one: tensor(1) }).model;
    expect([next.none.shape, next.one.shape], name).toEqual([[0, 3], []]);
    if (name !== "AccumGrad of 2 and Momentum" && name !== "Rprop") expect(next.one.item(), name).toBeLessThan(2);
  }
});

test("Lion keeps its momentum: after gradients 1, 1, 1, -0.2 it still goes down", () => {
  let model = tensor([0]);
  let state = setup(Lion(1), model);
  for (const g of [1, 1, 1, -0.2]) ({ state, model } = update(state, model, tensor([g])));
  // m = 0.029701 after three; 0.9·m − 0.02 > 0, so that the fourth step is −1 again.
  expect(model.toArray()).toEqual([-4]);
});

test("RMSProp, centred, survives a gradient that stays the same", () => {
  let model = tensor([1, 1]);
  let state = setup(RMSProp(1e-3, { centred: true }), model);
  for (let t = 0; t < 500; t++) ({ state, model } = update(state, model, tensor([0.1, 1 / 3])));
  expect((model.toArray() as number[]).every(Number.isFinite)).toBe(true);
});

test("Rprop sees the sign of gradients whose product is too small for a float", () => {
  let model = tensor(new Float32Array([1]));
  let state = setup(Rprop(0.25), model);
  for (let t = 0; t < 2; t++) ({ state, model } = update(state, model, tensor(new Float32Array([1e-30]))));
  expect(model.item()).toBeCloseTo(1 - 0.25 - 0.3, 6);
});

test("ClipGrad clips elements, and NaN stays", () => {
  const x = tensor([0, 0, 0, 0]);
  const { model } = update(setup(ClipGrad(2), x), x, tensor([5, -Infinity, 1, NaN]));
  expect(model.toArray()).toEqual([-2, 2, -1, NaN]);
});

test("ClipNorm scales each array by itself, for every norm", () => {
  const model = { a: zeros([2, 1]), b: zeros([2]), c: zeros([3]) };
  const grad = { a: tensor([[3], [-4]]), b: tensor([0.3, 0.4]), c: zeros([3]) };
  const step = (rule: Rule) => fmap((x) => (x instanceof Tensor ? neg(x).toArray() : x), update(setup(rule, model), model, grad).model) as object;
  const near = (x: object) => JSON.parse(JSON.stringify(x, (_key, v: unknown) => (typeof v === "number" ? Number(v.toFixed(12)) + 0 : v))) as object;
  expect(near(step(ClipNorm(1)))).toEqual({ a: [[0.6], [-0.8]], b: [0.3, 0.4], c: [0, 0, 0] });
  expect(near(step(ClipNorm(3.5, { p: 1 })))).toEqual({ a: [[1.5], [-2]], b: [0.3, 0.4], c: [0, 0, 0] });
  expect(near(step(ClipNorm(1, { p: Infinity })))).toEqual({ a: [[0.75], [-1]], b: [0.3, 0.4], c: [0, 0, 0] });
});

test.each([1, 2, Infinity])("three steps with ClipNorm, p = %s, against its formula", (p) => {
  const gradients = [[0.3, -0.4, 1.2], [0.01, 0.02, -0.03], [-5, 0, 2]];
  let [model, mine, v]: [Tensor, number[], number[]] = [tensor([1, -2, 3]), [1, -2, 3], [0, 0, 0]];
  let state = setup(OptimiserChain(ClipNorm(0.7, { p }), Momentum(0.1)), model);
  for (const g of gradients) {
    ({ state, model } = update(state, model, tensor(g)));
    const length = p === 1 ? g.reduce((a, x) => a + abs(x), 0) : p === 2 ? sqrt(g.reduce((a, x) => a + x * x, 0)) : max(...g.map(abs));
    v = v.map((x, i) => 0.9 * x + 0.1 * g[i]! * min(1, 0.7 / length));
    mine = mine.map((x, i) => x - v[i]!);
    (model.toArray() as number[]).forEach((x, i) => expect(abs(x - mine[i]!)).toBeLessThan(1e-12));
  }
  expect(() => ClipNorm(1, { p: 3 })).toThrow("ClipNorm: expected 1, 2 or Infinity for p, got 3.");
});

test("ClipNorm refuses a norm that is not finite", () => {
  const x = zeros([2], "float32");
  for (const bad of [NaN, Infinity, -Infinity]) {
    expect(() => update(setup(ClipNorm(1), x), x, tensor(new Float32Array([1, bad])))).toThrow(
      /^ClipNorm: the norm of the gradient of a float32\[2\] is (NaN|Infinity), and no scaling mends that\./,
    );
  }
});

test("AccumGrad hands on a mean of n, and the rest of the chain does not run before", () => {
  let model = tensor([0, 0]);
  let state = setup(OptimiserChain(AccumGrad(3), Momentum(1, { rho: 0.5 })), model);
  const momentum = () => ((state!.state as readonly unknown[])[1] as Tensor).toArray();
  const seen: unknown[] = [];
  for (const g of [[1, 0], [2, 0], [3, 3], [6, 0], [6, 0], [6, 0]]) {
    ({ state, model } = update(state, model, tensor(g)));
    seen.push([model.toArray(), momentum()]);
  }
  const [none, first, second] = [[[0, 0], [0, 0]], [[-2, -1], [2, 1]], [[-9, -1.5], [7, 0.5]]];
  expect(seen.map((x) => JSON.stringify(x).replaceAll("-0,", "0,"))).toEqual([none, none, first, first, first, second].map((x) => JSON.stringify(x)));
});

test("MixedPrecision gathers steps that float32 would lose", () => {
  const run = (rule: Rule) => {
    let model = ones([1], "float32");
    let state = setup(rule, model);
    for (let t = 0; t < 1000; t++) ({ state, model } = update(state, model, full([1], 1e-9, "float32")));
    return model.item();
  };
  expect(run(Descent(1))).toBe(1);
  expect(run(MixedPrecision(Descent(1)))).toBe(Math.fround(1 - 1e-6));
});

const makingSteps = [
  Descent(0.1), Momentum(0.02), Nesterov(0.02), RMSProp(0.01), RMSProp(0.01, { centred: true }), Rprop(0.1), Adam(0.05), AdamW(0.05), RAdam(0.05), AdaMax(0.05),
  NAdam(0.05), OAdam(0.02), AdaGrad(0.5), AdaDelta(0.9, { epsilon: 1e-4 }), AMSGrad(0.05), AdaBelief(0.05), Lion(0.01), MixedPrecision(Adam(0.05)),
].map((rule) => ({ rule, title: JSON.stringify(rule) }));

test.each(makingSteps)("a quadratic is minimised by $title", ({ rule }) => {
  const loss = ({ w }: { w: Tensor }) => sum(mul(tensor([1, 4]), square(sub(w, tensor([3, -1])))));
  let model = { w: tensor([0, 0]) };
  let state: OptimiserState<Rule, typeof model> = setup(rule, model);
  for (let t = 0; t < 500; t++) ({ state, model } = update(state, model, gradient(loss, AutoTape(), model)[0]));
  expect(loss(model).item()).toBeLessThan(0.13); // from 13; Lion keeps its pace to the end
});
