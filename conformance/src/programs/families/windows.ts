import type { Builder } from "../builder.js";
import { elements } from "../shapes.js";
import { existing, tensorLike, type Family } from "./pick.js";

/** Convolution and pooling of an earlier value, seen as one sample of signals or images. */
function addWindow(b: Builder): void {
  const op = b.choose(existing(["conv", "conv", "convTranspose", "convFilter", "maxPool", "meanPool", "poolAtMax", "unpoolAtMax"]));
  const given = tensorLike(b);
  const shape = b.shape(given);
  const rank = shape.length > 1 && b.chance(0.5) ? 2 : 1;
  const [channels, image] = [elements(shape.slice(0, -rank)), shape.slice(-rank)];
  const x = b.call("reshape", [given], [[1, channels, ...image]]);
  const pools = op.includes("Pool") || op.includes("AtMax");
  const kernel = image.map((n) => b.integer(1, Math.min(n, 3)));
  const strides = image.map(() => b.integer(1, 2));
  const dilation = image.map((n, i) => (2 * (kernel[i]! - 1) < n && b.chance(0.3) ? 2 : 1));
  const padding = image.map(() => (pools ? [0, 0] : [b.integer(0, 1), b.integer(0, 1)]));
  const counts = image.map((n, i) => Math.floor((n + padding[i]![0]! + padding[i]![1]! - dilation[i]! * (kernel[i]! - 1) - 1) / strides[i]!) + 1);
  const groups = channels % 2 === 0 && b.chance(0.3) ? 2 : 1;
  const outputs = groups * b.integer(1, 2);
  if (op === "conv") b.call(op, [x, b.fresh([outputs, channels / groups, ...kernel])], [{ strides, padding, dilation, groups }]);
  else if (op === "convTranspose") b.call(op, [x, b.fresh([channels, outputs / groups, ...kernel])], [{ strides, dilation, groups }]);
  else if (op === "convFilter") b.call(op, [x, b.fresh([1, outputs, ...counts])], [kernel, { strides, padding, dilation, groups }]);
  else if (op === "maxPool" || op === "meanPool") b.call(op, [x], [kernel, { strides, dilation }]);
  else b.call(op, [x, b.fresh([1, channels, ...(op === "poolAtMax" ? image : counts)])], [{ kernel, strides, padding, dilation }]);
}

export const windows: readonly Family[] = [{ weight: 1.5, add: addWindow }];
