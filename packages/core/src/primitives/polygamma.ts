import { AutodiffError } from "../errors.js";
import { digamma } from "../host/gamma.js";
import { largestOrder, polygamma as onNumbers } from "../host/polygamma.js";
import { add } from "./add.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";

/**
 * ψ⁽ⁿ⁾(x) elementwise, the n-th derivative of `digamma`; shapes broadcast. The order n is a whole number from 0 to 170; it
 * only decides, so it has no derivative and no say in the dtype. At a pole x = 0, −1, −2, …: ∞ for odd n, NaN for even n
 * below 0, and at 0 the limit from the side of its sign.
 *
 * @throws AutodiffError for any other order.
 * @example
 * polygamma(1, tensor([1, 0.5])).toArray() // [Math.PI ** 2 / 6, Math.PI ** 2 / 2]
 */
export const polygamma: BinaryPrimitive = binary({
  name: "polygamma",
  f: (n, x) => {
    if (!Number.isInteger(n) || n < 0 || n > largestOrder) {
      throw new AutodiffError(`polygamma: the order is a whole number from 0 to ${largestOrder}, got ${n}.`);
    }
    return n === 0 ? digamma(x) : onNumbers(n, x);
  },
  dtype: "float",
  decides: 0,
  singular: true,
  partials: (_out, [n, x]) => [null, (v) => mul(v, polygamma(add(n, 1), x))], // d ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁺¹⁾(x) dx
});
