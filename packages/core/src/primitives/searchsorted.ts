import { asTensor, type Operand } from "../convert.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { searchKernel } from "../host/argsort.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

export interface SearchOptions {
  /** Where to put an x that equals edges: before them ("left", the default) or after them. */
  readonly side?: "left" | "right" | undefined;
}

type SearchOp = (edges: Operand, x: Operand, options?: SearchOptions) => Tensor;

/**
 * The int32 position at which each x goes into an ascending vector `edges`, which stays in order: the number of edges < x,
 * or ≤ x with side "right". NaN counts as the largest. That `edges` ascends is not checked. Piecewise constant: it carries
 * no derivative.
 *
 * @throws ShapeError if `edges` is not a vector.
 * @example
 * searchsorted(tensor([0, 1, 2]), tensor([-1, 1, 1.5, 9])).toArray() // [0, 1, 2, 3]
 * searchsorted(tensor([0, 1, 2]), 1, { side: "right" }).item() // 2
 */
export const searchsorted: Primitive<SearchOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, { side: "left" | "right" }, SearchOp>({
  name: "searchsorted",
  constant: true,
  parse: (sorted, operand, options) => {
    const { side = "left" } = checkOptions("searchsorted", options, ["side"]);
    if (side !== "left" && side !== "right") throw new AutodiffError(`searchsorted: side is "left" or "right", got ${String(side)}.`);
    return [[asTensor("searchsorted", sorted), asTensor("searchsorted", operand)], { side }];
  },
  dtype: "int32",
  shape: ([edges, x]) => {
    if (edges.ndim !== 1) throw new ShapeError(`searchsorted: expected a vector of ascending edges, got shape ${showShape(edges.shape)}.`);
    return x.shape;
  },
  compute: (out, [edges, x], { side }) => searchKernel(out, edges, x, side === "right"),
  batch: ([edges, x], [moving], attrs) => (moving ? null : searchsorted(edges, x, attrs)),
});
