import { erfc as onNumber } from "../host/erf.js";
import { unary, type UnaryPrimitive } from "./elementwise.js";
import { twoOverRootPi } from "./erf.js";
import { gaussian } from "./gaussian.js";
import { mul } from "./mul.js";

/**
 * 1 − erf x elementwise, the complementary error function; it keeps its digits where that difference would lose them.
 *
 * @example
 * erfc(tensor([0, 1, 10])).toArray() // [1, 0.15729920705028513, 2.088487583762545e-45]
 */
export const erfc: UnaryPrimitive = unary({
  name: "erfc",
  f: onNumber,
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(v, mul(-twoOverRootPi, gaussian(x)))], // d erfc x = −2/√π e^(−x²) dx
});
