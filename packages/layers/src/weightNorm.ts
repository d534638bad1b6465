import { AutodiffError, Const, defineLayer, div, getPath, mul, norm, setPath, Tensor, type AnyLayer, type Layer } from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { callPart, checkFunction, type Arguments, type Fn, type Result } from "./layerFunctions.js";
import { checkOptions } from "./options.js";

export interface WeightNormOptions {
  /** The axis along which each slice has a length of its own: 0, the outputs, unless said. */
  readonly axis?: number | undefined;
}

export interface WeightNormFields<L> {
  /** With the direction in place of the weight. */
  readonly layer: L;
  /** The lengths: [out, 1, …]. */
  readonly scale: Tensor;
  readonly field: Const<string>;
  readonly axis: Const<number>;
}

/** A layer whose weight is trained as lengths and directions. */
export type WeightNorm<L> = Layer<WeightNormFields<L>, Arguments<L>, Result<L>>;

export interface WeightNormConstructor {
  <L extends AnyLayer>(layer: L, field: keyof L & string, options?: WeightNormOptions): WeightNorm<L>;
  from<L extends AnyLayer>(fields: WeightNormFields<L>): WeightNorm<L>;
  readonly prototype: Layer<WeightNormFields<Function>, never[], unknown>;
}

/**
 * A layer with w = g·v / ‖v‖ in place of one of its fields: each slice of w along an axis has a length g, `scale`, and the
 * direction of v, which is the field. At first w is as it was. It is the product that is differentiated, so that steps
 * of v leave lengths alone.
 *
 * @throws AutodiffError for a field that is no tensor, an axis that it does not have, or a slice of zeros, which has no
 * direction.
 * @see Salimans and Kingma, "Weight Normalization", 2016.
 * @example
 * const layer = WeightNorm(Dense.from({ weight: [[3, 4]] }), "weight");
 * layer.scale.toArray() // [[5]]
 * layer([1, 1]).toArray() // [7]
 */
export const WeightNorm = completeFields(defineLayer(
  "WeightNorm",
  (layer: Fn, field: string, options: WeightNormOptions = {}): WeightNormFields<Fn> => {
    checkFunction("WeightNorm", "layer", layer);
    checkOptions("WeightNorm", options, ["axis"]);
    const { axis = 0 } = options;
    const v = directionOf(layer, field);
    if (!(Number.isInteger(axis) && axis >= 0 && axis < v.ndim)) throw new AutodiffError(`WeightNorm: expected an axis of ${field}, which has shape [${v.shape.join(", ")}], got ${axis}.`);
    const scale = lengths(v, axis);
    if (v.device.reads === "sync" && scale.dataSync().includes(0)) {
      throw new AutodiffError(`WeightNorm: a slice of ${field} along axis ${axis} is zero, and has no direction. Initialise it otherwise.`);
    }
    return { layer, scale, field: Const(field), axis: Const(axis) };
  },
  (self, ...args: unknown[]): unknown => {
    const { layer, scale, field, axis } = self;
    const v = directionOf(layer, field);
    return callPart("WeightNorm", { layer: setPath(layer, [field], mul(div(v, lengths(v, axis)), scale)) }, 0, args);
  },
  { show: ({ layer, field, axis }) => `WeightNorm(${[String(layer), field.value, ...(axis.value === 0 ? [] : [`axis=${axis.value}`])].join(", ")})`, trainable: ["layer", "scale"] },
), { settings: ["field", "axis"], functions: ["layer"] }) as WeightNormConstructor;

/** ‖v‖ of each slice along an axis; the others have length 1. */
function lengths(v: Tensor, axis: number): Tensor {
  return norm(v, { axis: v.shape.map((_, i) => i).filter((i) => i !== axis), keepDims: true });
}

function directionOf(layer: Fn, field: string): Tensor {
  const v: unknown = Object.hasOwn(layer, field) ? getPath(layer, [field]) : undefined;
  if (v instanceof Tensor && v.ndim > 0) return v;
  throw new AutodiffError(`WeightNorm: expected the name of a tensor of the layer, as "weight", got ${JSON.stringify(field)}. It has ${Object.keys(layer).join(", ") || "no fields"}.`);
}
