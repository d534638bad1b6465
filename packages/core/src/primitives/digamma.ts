import { digamma as onNumber } from "../host/gamma.js";
import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { polygamma } from "./polygamma.js";

/**
 * ψ(x) = Γ′(x)/Γ(x) elementwise, the derivative of `lgamma`; NaN at the poles −1, −2, …, and −∞ at 0 (∞ at −0), the limit
 * from its side.
 *
 * @example
 * digamma(tensor([1, 2])).toArray() // [-0.5772156649015329, 0.42278433509846714]
 */
export const digamma: UnaryPrimitive = unary({
  name: "digamma",
  f: onNumber,
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, polygamma(1, x))], // d ψ(x) = ψ′(x) dx
});
