import { gaussian as onNumber } from "../host/erf.js";
import { clamp } from "./clamp.js";
import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";

/**
 * e^(−x²) elementwise, √π/2 times the derivative of erf x; it keeps its digits where exp(−x²), of a rounded x², would
 * lose them.
 *
 * @example
 * gaussian(tensor([0, 1, 20])).toArray() // [1, 0.36787944117144233, 1.9151695967140057e-174]
 */
export const gaussian: UnaryPrimitive = unary({
  name: "gaussian",
  f: onNumber,
  dtype: "float",
  partials: (out, [x]) => [(v) => mul(v, mul(-2, mul(clamp(x, -40, 40), out)))], // d e^(−x²) = −2x e^(−x²) dx; clamped, as ∞·0 is NaN
});
