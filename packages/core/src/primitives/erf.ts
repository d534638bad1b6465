import { erf as onNumber } from "../host/erf.js";
import { unary, type UnaryPrimitive } from "./elementwise.js";
import { gaussian } from "./gaussian.js";
import { mul } from "./mul.js";

/**
 * The error function 2/√π ∫₀ˣ e^(−t²) dt elementwise; for large x see `erfc`.
 *
 * @example
 * erf(tensor([0, 1, Infinity])).toArray() // [0, 0.8427007929497149, 1]
 */
export const erf: UnaryPrimitive = unary({
  name: "erf",
  f: onNumber,
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(v, mul(twoOverRootPi, gaussian(x)))], // d erf x = 2/√π e^(−x²) dx
});

export const twoOverRootPi = 1.1283791670955126;
