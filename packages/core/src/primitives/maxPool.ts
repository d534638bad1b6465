import { asTensor, type Operand } from "../convert.js";
import { maxWindows } from "../host/pool.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { poolAtMax } from "./poolAtMax.js";
import { inPlanes, poolSpans, poolShape, poolWindow, type PoolOptions } from "./pooling.js";
import { unpoolAtMax } from "./unpoolAtMax.js";
import type { PerAxis, Window } from "./window.js";

type MaxPoolOp = (x: Operand, size: PerAxis, options?: PoolOptions) => Tensor;

/**
 * The largest element of each window of an image [N, C, L] or [N, C, H, W]; windows of the `size` given, one beside the
 * other unless `strides` says otherwise. Padding is never chosen. NaN wins. Elements that tie share the derivative equally.
 *
 * @throws ShapeError for a window larger than the padded image, or one of which nothing is in the image.
 * @example
 * maxPool(tensor([[[1, 5, 3, 4]]]), 2).toArray() // [[[5, 4]]]
 * maxPool(tensor([[[1, 5, 3, 4]]]), 3, { strides: 1, padding: 1 }).toArray() // [[[5, 5, 5, 4]]]
 */
export const maxPool: Primitive<MaxPoolOp> = definePrimitive<readonly [Tensor], Tensor, Window, MaxPoolOp>({
  name: "maxPool",
  parse: (operand, size, options) => {
    const x = asTensor("maxPool", operand);
    return [[x], poolWindow("maxPool", x, size, options)];
  },
  shape: ([x], window) => poolShape("maxPool", x, window),
  compute: (out, [x], window) => maxWindows(x.elements, out.elements, ...poolSpans(x, out, window)),
  // maxPool(x) = A(x)·x, where A averages over the elements that tie, and is constant piece by piece.
  jvp: (_out, [x], window) => [(dx) => poolAtMax(x, dx, window)],
  vjp: (_out, [x], window) => [(ct) => unpoolAtMax(x, ct, window)],
  batch: ([x], _batched, { kernel, ...window }, size) => inPlanes([x], size, (flat) => maxPool(flat, kernel, window)),
});
