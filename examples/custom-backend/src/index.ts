import {
  abs, add, cast, defineADType, div, isFloat, max, maximum, mul, registerBackend, shapeOf, sizeOf, stopGradient, sub,
  type ADType, type DType, type FlatFunction, type Pushforward, type Tangents, type Value,
} from "@polyad/core/extend";

/** Central differences at the steps h and h/2, extrapolated to h = 0. */
export interface AutoRichardson extends ADType {
  readonly adtype: "richardson";
  readonly execution: "sync";
}
export const AutoRichardson: () => AutoRichardson = defineADType("richardson", "sync");

/** h where x and dx are of size one: there what h⁴ leaves out and what rounding leaves of differences are alike. */
const steps = { float64: 2 ** -12, float32: 2 ** -6 };

/**
 * J·dx ≈ (4 D(h/2) − D(h)) / 3 with D(h) = (f(x + h dx) − f(x − h dx)) / 2h, of fourth order: L. F. Richardson,
 * Phil. Trans. R. Soc. A 210 (1911). Written in ops, so that other engines can differentiate it, and it them.
 */
function pushforward(f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[]): Pushforward {
  const ys = f(xs);
  const step = steps[[...xs, ...ys].some((x) => typeof x !== "number" && x.dtype === "float32") ? "float32" : "float64"];
  const along = (dxs: Tangents): Tangents => {
    const moved = xs.filter((_, i) => dxs[i] !== undefined); // what is undefined is a zero
    const h = div(mul(step, largest(moved, 1)), largest(dxs, 2 ** -500));
    const at = (t: Value): readonly Value[] => f(xs.map((x, i) => (dxs[i] === undefined ? x : add(x, mul(t, dxs[i])))));
    const [above, below, nearAbove, nearBelow] = [at(h), at(mul(-1, h)), at(mul(0.5, h)), at(mul(-0.5, h))];
    return ys.map((y, i) => {
      if (typeof y !== "number" && !isFloat(y.dtype)) return undefined; // an int result carries no derivative
      const [wide, narrow] = [sub(above[i]!, below[i]!), sub(nearAbove[i]!, nearBelow[i]!)];
      return div(sub(mul(8, narrow), wide), mul(6, h));
    });
  };
  return { ys, tangents: tangents.map(along) };
}

/** The largest magnitude in some values, at least `least`: a number, and a constant to whoever differentiates this. */
function largest(values: Tangents, least: number): Value {
  const filled = values.filter((x) => x !== undefined && sizeOf(shapeOf(x)) > 0) as readonly Value[];
  return filled.reduce<Value>((most, x) => maximum(most, cast(max(abs(stopGradient(x))), "number")), least);
}

/** 5k (6h)⁴ + ε (10/h)ᵏ for derivatives of order k: what the formula leaves out, and what rounding leaves of differences. */
function accuracy(dtype: DType, order: number): number {
  const [h, epsilon] = dtype === "float32" ? [steps.float32, 2 ** -23] : [steps.float64, 2 ** -52];
  return order === 0 ? 0 : 5 * order * (6 * h) ** 4 + epsilon * (10 / h) ** order;
}

registerBackend<AutoRichardson>({
  adtype: "richardson",
  capabilities: { forward: "slow", dtypes: ["float64", "float32"], order: Infinity, execution: "sync", traceable: true, controlFlow: true, samples: true, accuracy },
  pushforward,
});
