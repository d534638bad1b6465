import { asTensor, type Operand } from "../convert.js";
import { full } from "../create.js";
import { isFloat } from "../dtype.js";
import { cast } from "../primitives/cast.js";
import { conv } from "../primitives/conv.js";
import { poolWindow, type PoolOptions } from "../primitives/pooling.js";
import { reshape } from "../primitives/reshape.js";
import { windowCounts, type PerAxis } from "../primitives/window.js";
import type { Tensor } from "../tensor.js";

/**
 * The mean of each window of an image [N, C, L] or [N, C, H, W]; windows of the `size` given, one beside the other unless
 * `strides` says otherwise. Padding counts as zeros, as in Flux and PyTorch. Integers give float64.
 *
 * @throws ShapeError for a window larger than the padded image.
 * @example
 * meanPool(tensor([[[1, 5, 3, 4]]]), 2).toArray() // [[[3, 3.5]]]
 * meanPool(tensor([[[1, 5, 3, 4]]]), 2, { padding: 1 }).toArray() // [[[0.5, 4, 2]]]
 */
export function meanPool(operand: Operand, size: PerAxis, options?: PoolOptions): Tensor {
  const given = asTensor("meanPool", operand);
  const x = isFloat(given.dtype) ? given : cast(given, "float64");
  const whole = poolWindow("meanPool", x, size, options);
  windowCounts("meanPool", x.shape.slice(2), whole); // checks that they fit
  const { kernel, ...window } = whole;
  const [samples, channels, ...image] = x.shape as readonly [number, number, ...number[]];
  // Channel by channel, the convolution with a constant kernel.
  const weights = full([1, 1, ...kernel], 1 / kernel.reduce((a, b) => a * b, 1), x.dtype);
  const y = conv(reshape(x, [samples * channels, 1, ...image]), weights, window);
  return reshape(y, [samples, channels, ...y.shape.slice(2)]);
}
