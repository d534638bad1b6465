import type { Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { convTransposeKernel } from "../host/conv.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { windowMap } from "./conv.js";
import { filterMap } from "./convFilter.js";
import { batchOf, formOf, imageAndKernel, like, thirdShape, type ConvOptions, type Form } from "./trilinear.js";
import { extent, lengths, windowOf, windowOptions, type PerAxis } from "./window.js";

export interface ConvTransposeOptions extends ConvOptions {
  /** How much larger the result is than the smallest image of which a convolution has the size of y: below the strides. */
  readonly outputPadding?: PerAxis | undefined;
}

type ConvTransposeOp = (y: Operand, w: Operand, options?: ConvTransposeOptions) => Tensor;

/**
 * The transpose of `conv` in its image: x[n, c, strides·p + dilation·k − padding] = Σ w[o, c, k] · y[n, o, p], for y of
 * shape [N, O, …P] and w [O, C / groups, …K]. Along each axis the result has
 * strides·(P − 1) + dilation·(K − 1) + 1 − padding + outputPadding elements.
 *
 * @throws ShapeError for channels that differ, groups that do not divide them, more padding than there is result, or an
 * `outputPadding` that is not smaller than the strides.
 * @example
 * convTranspose(tensor([[[1, 2]]]), tensor([[[1, 1, 1]]]), { strides: 2 }).toArray() // [[[1, 1, 3, 2, 2]]]
 */
export const convTranspose: Primitive<ConvTransposeOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Form, ConvTransposeOp>({
  name: "convTranspose",
  parse: (windows, kernel, given) => {
    const { outputPadding = 0, ...options } = checkOptions("convTranspose", given, [...windowOptions, "groups", "outputPadding"]);
    const [y, w] = imageAndKernel("convTranspose", windows, kernel, "C, O / groups");
    return [[y, w], formOf("convTranspose", resultSize(y, w, outputPadding, options), w.shape.slice(2), options)];
  },
  dtype: "numeric",
  shape: (inputs, form) => thirdShape("convTranspose", ["y", "w"], inputs, form),
  compute: (out, [y, w], form) => convTransposeKernel(out, y, w, form),
  jvp: (_out, [y, w], form) => [(dy) => imageMap(dy, w, form), (dw) => imageMap(y, dw, form)],
  vjp: (_out, [y, w], form) => [(ct) => like(windowMap(ct, w, form), y), (ct) => like(filterMap(ct, y, form), w)],
  batch: batchOf(["y", "w"], "x", (y, w, form) => imageMap(y, w, form)),
});

/** ∂T/∂x. */
export function imageMap(y: Tensor, w: Tensor, form: Form): Tensor {
  return bind(convTranspose, [y, w], form) as Tensor;
}

function resultSize(y: Tensor, w: Tensor, outputPadding: PerAxis, { groups: _, ...options }: ConvOptions): readonly number[] {
  const counts = y.shape.slice(2);
  const window = windowOf("convTranspose", counts.length, w.shape.slice(2), options);
  const more = lengths("convTranspose", "outputPadding", counts.length, outputPadding, 0);
  return counts.map((count, axis) => {
    const stride = window.strides[axis]!;
    if (more[axis]! >= stride) {
      throw new ShapeError(`convTranspose: expected outputPadding below the strides, which are ${stride} along spatial axis ${axis}, got ${more[axis]!}.`);
    }
    const [before, after] = window.padding[axis]!;
    const size = stride * (count - 1) + extent(window, axis) - before - after + more[axis]!;
    if (count > 0 && size >= 0) return size;
    throw new ShapeError(`convTranspose: ${count} windows along spatial axis ${axis}, with padding ${before} and ${after}, are of no image.`);
  });
}
