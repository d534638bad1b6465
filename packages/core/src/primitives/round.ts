import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * The nearest integer, halves going to the even one, elementwise; integers stay as they are. The derivative is 0
 * everywhere.
 *
 * @example
 * round(tensor([0.5, 1.5, -1.2])).toArray() // [0, 2, -1]
 */
export const round: UnaryPrimitive = unary({
  name: "round",
  f: (x) => {
    const up = Math.round(x); // halves upwards
    return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  },
  dtype: "numeric",
});
