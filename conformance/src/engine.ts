import { AutodiffError, backendOf, describe, type ADType, type DType, type SecondOrder } from "@polyad/core/extend";

/** An engine, or a pair of them, as the suite sees it: what it says of itself. */
export interface Engine {
  readonly ad: ADType;
  /** For people: the tag with its options, or `outer over inner`. */
  readonly name: string;
  /** dtypes of active values. */
  readonly dtypes: readonly DType[];
  /** Orders of derivative that its operators give: a pair gives the second alone. */
  readonly orders: { readonly lowest: number; readonly highest: number };
  /** Works from samples of f. */
  readonly samples: boolean;
  readonly traceable: boolean;
  /** In what it computes, whatever the dtype: float32, if that is what it declares of float64. */
  readonly precision: "float64" | "float32";
  /** Has a pullback of its own; else one is put together from tangents along a basis. */
  readonly reverse: boolean;
  /**
   * The one rule of tolerance: the largest |got − expected| that passes is `tolerance(dtype, order) · scale · κ`.
   * Scale is the largest magnitude that enters, at least 1, κ the condition number where a scenario states one. Values
   * agree exactly; a derivative of order k by rules to 2^(4 + 4k) units of roundoff: 3e-14 and 5e-13 in float64; an
   * engine that declares another accuracy is held to that.
   */
  tolerance(dtype: DType, order: number): number;
}

/** Unit roundoff. */
export function roundoff(dtype: DType): number {
  return dtype === "float32" ? 2 ** -24 : 2 ** -53;
}

/** Tolerance of rules alone. */
export function exactTolerance(dtype: DType, order: number): number {
  return order === 0 ? 0 : 2 ** (4 + 4 * order) * roundoff(dtype);
}

/** What a token's backend says of itself. @throws BackendNotLoadedError */
export function engineOf(ad: ADType): Engine {
  return ad.adtype === "second-order" ? pairOf(ad as SecondOrder) : singleOf(ad);
}

/** A first derivative without one right digit is wrong. */
const leastAccurate = 0.1;

/** By order. */
const heldTo = ["values", "first derivatives", "second derivatives", "third derivatives"] as const;

/** Where an engine is not held to what rules give, but to what it declares, at each order that it is held at; null where to rules. */
export function accuracyOf({ dtypes, orders, tolerance }: Engine): string | null {
  const parts = heldTo.flatMap((what, order) => {
    if (order < orders.lowest || order > orders.highest) return [];
    const loose = dtypes.filter((dtype) => tolerance(dtype, order) > exactTolerance(dtype, order));
    return loose.length === 0 ? [] : `${what} ${loose.map((dtype) => `${tolerance(dtype, order).toExponential(1)} in ${dtype}`).join(", ")}`;
  });
  return parts.length === 0 ? null : `held to the accuracy that it declares: ${parts.join("; ")}`;
}

function singleOf(ad: ADType): Engine {
  const { capabilities } = backendOf(ad);
  const declared = (dtype: DType, order: number): number => {
    const accuracy: unknown = capabilities.accuracy?.(dtype, order, ad) ?? 0;
    if (typeof accuracy === "number" && accuracy >= 0 && (accuracy < leastAccurate || order > 1)) return accuracy;
    throw new AutodiffError(`${nameOf(ad)}: capabilities.accuracy must give a relative error of at least 0, and below ${leastAccurate} for first derivatives; got ${describe(accuracy)} for ${dtype} at order ${order}. Nothing could be held to that.`);
  };
  return {
    ad,
    name: nameOf(ad),
    dtypes: capabilities.dtypes,
    orders: { lowest: 0, highest: capabilities.order },
    samples: capabilities.samples ?? false,
    traceable: capabilities.traceable,
    precision: declared("float64", 0) > 2 ** -30 ? "float32" : "float64",
    reverse: capabilities.reverse !== undefined,
    tolerance: (dtype, order) => Math.max(exactTolerance(dtype, order), declared(dtype, order)),
  };
}

function pairOf(ad: SecondOrder): Engine {
  const [outer, inner] = [engineOf(ad.outer), engineOf(ad.inner)];
  const inexact = [outer, inner].filter((e) => e.tolerance("float64", 1) > exactTolerance("float64", 1));
  return {
    ad,
    name: `${outer.name} over ${inner.name}`,
    dtypes: outer.dtypes.filter((dtype) => inner.dtypes.includes(dtype)),
    orders: { lowest: 2, highest: inner.traceable ? 2 : 1 },
    samples: outer.samples || inner.samples,
    traceable: outer.traceable && inner.traceable,
    precision: outer.precision === "float32" || inner.precision === "float32" ? "float32" : "float64",
    reverse: outer.reverse && inner.reverse,
    // Two that sample lose accuracy twice; one loses it once.
    tolerance: (dtype, order) =>
      Math.max(exactTolerance(dtype, order), ...inexact.map((e) => e.tolerance(dtype, inexact.length === 2 ? order : Math.min(order, 1)))),
  };
}

function nameOf({ adtype, execution: _execution, ...options }: ADType): string {
  const shown = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return shown.length === 0 ? adtype : `${adtype} (${shown.join(", ")})`;
}
