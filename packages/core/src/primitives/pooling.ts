import { ShapeError } from "../errors.js";
import { spansOf, type Spans } from "../host/pool.js";
import { checkOptions } from "../options.js";
import { sameShape, showShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { broadcastTo } from "./broadcastTo.js";
import { reshape } from "./reshape.js";
import { extent, imageSize, windowCounts, windowOf, windowOptions, type PerAxis, type Window, type WindowOptions } from "./window.js";

/** How a pooling window moves; `strides` are the window's size unless said. */
export type PoolOptions = WindowOptions;

export function poolWindow(who: string, x: Tensor, size: PerAxis, options: PoolOptions | undefined): Window {
  return windowOf(who, imageSize(who, "x", x.shape).length, size, checkOptions(who, options, windowOptions), size);
}

/** [N, C, …windows]. Each window must have something of the image in it. */
export function poolShape(who: string, x: Tensor, window: Window): Shape {
  const image = imageSize(who, "x", x.shape);
  const counts = windowCounts(who, image, window);
  if (window.padding.some(([before, after]) => before + after > 0) || image.includes(0)) {
    axisSpans(image, counts, window).forEach((spans, axis) => {
      if (spans.counts.includes(0)) {
        const [before, after] = window.padding[axis]!;
        throw new ShapeError(
          `${who}: a window over ${extent(window, axis)} elements along spatial axis ${axis}, of length ${image[axis]!}, ` +
            `has nothing but padding (${before} before, ${after} after) in it. Use less padding.`,
        );
      }
    });
  }
  return [x.shape[0]!, x.shape[1]!, ...counts];
}

function axisSpans(image: readonly number[], counts: readonly number[], { kernel, strides, padding, dilation }: Window): readonly Spans[] {
  return image.map((n, i) => spansOf(n, counts[i]!, kernel[i]!, strides[i]!, padding[i]![0], dilation[i]!));
}

const oneRow = spansOf(1, 1, 1, 1, 0, 1);

/** What a kernel goes over: how many planes, and the windows along either axis. A signal is an image of one row. */
export function poolSpans(x: Tensor, y: Tensor, window: Window): readonly [planes: number, ys: Spans, xs: Spans] {
  const spans = axisSpans(x.shape.slice(2), y.shape.slice(2), window);
  return [x.shape[0]! * x.shape[1]!, spans.length === 2 ? spans[0]! : oneRow, spans.at(-1)!];
}

export function checkLike(who: string, v: Tensor, expected: Shape): void {
  if (!sameShape(v.shape, expected)) throw new ShapeError(`${who}: expected a second operand of shape ${showShape(expected)}, got ${showShape(v.shape)}.`);
}

/** Operands of which some have a leading batch axis, repeated so that all have. */
export function spreadOver(xs: readonly Tensor[], batched: readonly boolean[], size: number): readonly Tensor[] {
  return xs.map((x, i) => (batched[i]! ? x : broadcastTo(x, [size, ...x.shape])));
}

/** An op on [N, C, …] applied to operands [size, N, C, …]: a batch is more samples. */
export function inPlanes(xs: readonly Tensor[], size: number, f: (x: Tensor, y?: Tensor) => Tensor): Tensor {
  const [x, y] = xs.map((t) => reshape(t, [size * t.shape[1]!, ...t.shape.slice(2)]));
  const out = f(x!, y);
  return reshape(out, [size, xs[0]!.shape[1]!, ...out.shape.slice(1)]);
}
