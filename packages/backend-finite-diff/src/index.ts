import {
  add,
  AutoFiniteDiff,
  div,
  isFloat,
  mul,
  registerBackend,
  type DType,
  type FiniteDiffScheme,
  type FlatFunction,
  type Pushforward,
  type Tangents,
  type Value,
} from "@polyad/core/extend";

export { AutoFiniteDiff };

/** f′(x) ≈ Σ wₖ·f(x + k·h) / h, with an error of order hᵖ. */
interface Formula {
  /** p, the order of accuracy. */
  readonly order: number;
  /** [k, wₖ] */
  readonly weights: readonly (readonly [k: number, w: number])[];
}

// B. Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", Math. Comp. 51 (1988), table 1.
const formulas: Readonly<Record<FiniteDiffScheme, Formula>> = {
  forward: { order: 1, weights: [[0, -1], [1, 1]] },
  backward: { order: 1, weights: [[-1, -1], [0, 1]] },
  central: { order: 2, weights: [[-1, -1 / 2], [1, 1 / 2]] },
  central4: { order: 4, weights: [[-2, 1 / 12], [-1, -2 / 3], [1, 2 / 3], [2, -1 / 12]] },
  central6: { order: 6, weights: [[-3, -1 / 60], [-2, 3 / 20], [-1, -3 / 4], [1, 3 / 4], [2, -3 / 20], [3, 1 / 60]] },
};

/** J·dx for each dx, by differences of f along it. Written in ops, so that other engines can differentiate it. */
function pushforward(f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[], ad: AutoFiniteDiff): Pushforward {
  const { order, weights } = formulas[ad.scheme ?? "central"];
  const ys = f(xs);
  const along = (dxs: Tangents): Tangents => {
    const h = ad.step ?? chooseStep(xs, dxs, ys, order);
    const shifted = (k: number): readonly Value[] =>
      k === 0 ? ys : f(xs.map((x, i) => (dxs[i] === undefined ? x : add(x, mul(k * h, dxs[i])))));
    const samples = weights.map(([k]) => shifted(k));
    return ys.map((y, i) => {
      if (typeof y !== "number" && !isFloat(y.dtype)) return undefined;
      const terms = weights.map(([, w], s) => mul(w, samples[s]![i]!));
      return div(terms.reduce((total, term) => add(total, term)), h);
    });
  };
  return { ys, tangents: tangents.map(along) };
}

/**
 * h balances the formula's error hᵖ against rounding ε/h, at the scale of the inputs that dx moves. One float32 among
 * these and what f gives is enough for rounding to be float32's.
 */
function chooseStep(xs: readonly Value[], dxs: Tangents, ys: readonly Value[], order: number): number {
  const rounded = [...xs.filter((_, i) => dxs[i] !== undefined), ...ys];
  const epsilon = rounded.some((x) => typeof x !== "number" && x.dtype === "float32") ? 2 ** -23 : 2 ** -52;
  let scale = 1;
  let length = 0;
  xs.forEach((x, i) => {
    const dx = dxs[i];
    if (dx === undefined) return;
    const direction = elements(dx);
    elements(x).forEach((at, j) => {
      if (direction[j] === 0) return;
      scale = Math.max(scale, Math.abs(at));
      length = Math.max(length, Math.abs(direction[j]!));
    });
  });
  return (epsilon ** (1 / (order + 1)) * scale) / (length === 0 ? 1 : length);
}

/**
 * eₖ = hᵖ + eₖ₋₁/h: what the formula leaves out, and what a difference makes of the error below it; for functions whose
 * higher derivatives reach a hundred.
 */
function accuracy(dtype: DType, order: number, { scheme = "central", step }: AutoFiniteDiff): number {
  const p = formulas[scheme].order;
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const h = step ?? epsilon ** (1 / (p + 1));
  let error = epsilon;
  for (let k = 0; k < order; k++) error = h ** p + error / h;
  return order === 0 ? 0 : 100 * error;
}

function elements(x: Value): ArrayLike<number> & { forEach(f: (x: number, i: number) => void): void } {
  return typeof x === "number" ? [x] : x.dataSync();
}

registerBackend<AutoFiniteDiff>({
  adtype: "finite-diff",
  capabilities: {
    forward: "slow",
    dtypes: ["float64", "float32"],
    order: Infinity,
    execution: "sync",
    traceable: true,
    controlFlow: true,
    samples: true,
    accuracy,
    chunk: () => 1,
  },
  pushforward,
});
