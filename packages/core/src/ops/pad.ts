import { asTensor, asValue, type Operand } from "../convert.js";
import { full } from "../create.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { unslice } from "../primitives/unslice.js";
import { where } from "../primitives/where.js";
import { showShape } from "../shape.js";
import { shapeOf, type Tensor } from "../tensor.js";

/** How many elements to put before and after: the same everywhere, the same along every axis, or for each axis. */
export type PadWidths = number | readonly [before: number, after: number] | readonly (readonly [before: number, after: number])[];

export interface PadOptions {
  /** What to put there: a number or a scalar, 0 unless said. */
  readonly value?: Operand | undefined;
}

/**
 * x with a border of `value` around it, as NumPy's `pad` in mode "constant".
 *
 * @throws ShapeError for widths that are not whole, or not one pair for each axis.
 * @example
 * pad(tensor([1, 2]), [1, 2]).toArray() // [0, 1, 2, 0, 0]
 * pad(tensor([[1]]), [[0, 1], [2, 0]], { value: 7 }).toArray() // [[7, 7, 1], [7, 7, 7]]
 */
export function pad(operand: Operand, widths: PadWidths, options?: PadOptions): Tensor {
  const { value = 0 } = checkOptions("pad", options, ["value"]);
  const x = asTensor("pad", operand);
  const pairs = pairsOf(widths, x.ndim);
  if (pairs.length !== x.ndim || !pairs.flat().every((n) => Number.isInteger(n) && n >= 0) || pairs.some((pair) => pair.length !== 2)) {
    const got = typeof widths === "number" ? widths : JSON.stringify(widths);
    throw new ShapeError(`pad: expected whole numbers [before, after] for each axis of shape ${showShape(x.shape)}, got ${got}.`);
  }
  const shape = x.shape.map((n, i) => n + pairs[i]![0] + pairs[i]![1]);
  const at = pairs.map(([start]) => ({ start, step: 1 }));
  const padded = unslice(x, shape, at);
  if (value === 0) return padded;
  const filling = asValue("pad", value);
  if (shapeOf(filling).length > 0) throw new ShapeError(`pad: the value is a scalar, got shape ${showShape(shapeOf(filling))}.`);
  return where(unslice(full(x.shape, 1, "bool"), shape, at), padded, filling);
}

function pairsOf(widths: PadWidths, ndim: number): readonly (readonly [number, number])[] {
  if (typeof widths === "number") return new Array<readonly [number, number]>(ndim).fill([widths, widths]);
  if (!isPair(widths)) return widths;
  return new Array<readonly [number, number]>(ndim).fill(widths);
}

function isPair(widths: Exclude<PadWidths, number>): widths is readonly [number, number] {
  return widths.length === 2 && typeof widths[0] === "number";
}
