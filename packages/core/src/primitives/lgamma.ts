import { lgamma as onNumber } from "../host/gamma.js";
import { digamma } from "./digamma.js";
import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";

/**
 * ln |Γ(x)| elementwise, where Γ(n) = (n − 1)! for whole n; ∞ at the poles 0, −1, −2, … A few
 * units in the last place, save near its roots below 0, where the terms of the reflection cancel; so `digamma`, `polygamma`.
 *
 * @example
 * lgamma(tensor([1, 5, 0.5])).toArray() // [0, Math.log(24), Math.log(Math.PI) / 2]
 */
export const lgamma: UnaryPrimitive = unary({
  name: "lgamma",
  f: onNumber,
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, digamma(x))], // d ln Γ(x) = ψ(x) dx
});
