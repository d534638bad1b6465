import { definePrimitive } from "../primitive.js";
import { shapeOf, type Value } from "../tensor.js";
import type { UnaryOp, UnaryPrimitive } from "./elementwise.js";

/**
 * x itself, but a constant to every derivative, of whatever order. Engines that only sample a function, as finite
 * differences do, cannot see it.
 *
 * @example
 * gradient((x: Value) => mul(stopGradient(x), x), AutoTape(), 3) // [3]
 */
export const stopGradient: UnaryPrimitive = definePrimitive<readonly [Value], Value, null, UnaryOp>({
  name: "stopGradient",
  elementwise: true,
  constant: true,
  shape: ([x]) => shapeOf(x),
  evaluate: ([x]) => x,
  batch: ([x]) => stopGradient(x),
});
