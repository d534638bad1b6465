import {
  add,
  AutodiffError,
  AutoFiniteDiff,
  div,
  isFloat,
  kindOf,
  mul,
  registerBackend,
  sub,
  Tracer,
  UnsupportedError,
  type DType,
  type FiniteDiffScheme,
  type FlatFunction,
  type Pushforward,
  type Tangents,
  type Value,
} from "@polyad/core/extend";

export { AutoFiniteDiff };

/** f′(x) ≈ Σ w·(f(x + k·h) − f(x + j·h)) / h, with an error of order hᵖ: differences, so that a constant's is exactly 0. */
interface Formula {
  /** p, the order of accuracy. */
  readonly order: number;
  readonly differences: readonly (readonly [k: number, j: number, w: number])[];
}

// B. Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", Math. Comp. 51 (1988), table 1.
const formulas: Readonly<Record<FiniteDiffScheme, Formula>> = {
  forward: { order: 1, differences: [[1, 0, 1]] },
  backward: { order: 1, differences: [[0, -1, 1]] },
  central: { order: 2, differences: [[1, -1, 1 / 2]] },
  central4: { order: 4, differences: [[1, -1, 2 / 3], [2, -2, -1 / 12]] },
  central6: { order: 6, differences: [[1, -1, 3 / 4], [2, -2, -3 / 20], [3, -3, 1 / 60]] },
};

/** J·dx for each dx, by differences of f along it. Written in ops, so that other engines can differentiate it. */
function pushforward(f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[], ad: AutoFiniteDiff): Pushforward {
  const { order, differences } = formulas[ad.scheme ?? "central"];
  const ys = f(xs);
  const along = (dxs: Tangents): Tangents => {
    const h = ad.step ?? chooseStep(xs, dxs, ys, order);
    if (ad.step !== undefined) checkStep(h, xs, dxs);
    const shifted = (k: number): readonly Value[] =>
      k === 0 ? ys : f(xs.map((x, i) => (dxs[i] === undefined ? x : add(x, mul(k * h, dxs[i])))));
    const samples = differences.map(([k, j]) => [shifted(k), shifted(j)] as const);
    return ys.map((y, i) => {
      if (typeof y !== "number" && !isFloat(y.dtype)) return undefined;
      const terms = differences.map(([, , w], s) => mul(w, sub(samples[s]![0][i]!, samples[s]![1][i]!)));
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
  // A number takes the precision of what it meets, which may be any argument.
  const moved = xs.filter((_, i) => dxs[i] !== undefined);
  const rounded = [...(moved.some((x) => kindOf(x) === "number") ? xs : moved), ...ys];
  const epsilon = rounded.some(isSingle) ? 2 ** -23 : 2 ** -52;
  let scale = 1;
  let length = 0;
  const readable = eachMoved(xs, dxs, (at, dx) => {
    scale = Math.max(scale, Math.abs(at));
    length = Math.max(length, Math.abs(dx));
  });
  if (!readable) {
    throw new UnsupportedError(
      "finite-diff: inside trace() values are not known, and the step cannot be chosen by them. Name it: AutoFiniteDiff({ step: 1e-6 }).",
    );
  }
  return (epsilon ** (1 / (order + 1)) * scale) / (length === 0 ? 1 : length);
}

/** Whether a value is rounded to float32, by its dtype or where it lives. */
function isSingle(x: Value): boolean {
  return typeof x !== "number" && (x.dtype === "float32" || x.device.precision === "float32");
}

/** A step that rounding swallows would give 0 for a derivative. */
function checkStep(h: number, xs: readonly Value[], dxs: Tangents): void {
  eachMoved(xs, dxs, (at, dx, round) => {
    if (round(at + h * dx) !== at || !Number.isFinite(at)) return;
    throw new AutodiffError(`finite-diff: the step ${h} is lost in rounding at ${at}. Take a larger one, or none: it is then chosen by the argument's size.`);
  });
}

/** Visits the elements that dx moves; false, with none visited, where values are not known. */
function eachMoved(xs: readonly Value[], dxs: Tangents, visit: (at: number, dx: number, round: (x: number) => number) => void): boolean {
  const moved = xs.flatMap((x, i) => (dxs[i] === undefined ? [] : [[x, dxs[i]] as const]));
  if (moved.flat().some(captured)) return false;
  for (const [x, dx] of moved) {
    const direction = elements(dx);
    const round = isSingle(x) ? Math.fround : Number;
    elements(x).forEach((at, j) => direction[j] !== 0 && visit(at, direction[j]!, round));
  }
  return true;
}

/** Whether a value is only being captured, by a trace at whatever level. */
function captured(x: Value): boolean {
  return x instanceof Tracer && (x.trace.kind === "capture" || captured(x.primal));
}

/**
 * k·5(5h)ᵖ + 10 ε/hᵏ: what the formulas leave out of a function whose derivatives grow by up to 5 with each order, and
 * what rounding leaves of differences of differences.
 */
function accuracy(dtype: DType, order: number, { scheme = "central", step }: AutoFiniteDiff): number {
  const p = formulas[scheme].order;
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const h = step ?? epsilon ** (1 / (p + 1));
  return order === 0 ? 0 : order * 5 * (5 * h) ** p + (10 * epsilon) / h ** order;
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
