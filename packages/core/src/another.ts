import { mul } from "./primitives/mul.js";
import { reshape } from "./primitives/reshape.js";
import type { Tensor, Value } from "./tensor.js";

/** The same value as another object: by identity it is told apart from x. */
export function another(x: Tensor): Value {
  return x.weak ? mul(x, 1) : reshape(x, x.shape);
}
