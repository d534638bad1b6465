import { tensor, type Value } from "@polyad/core/extend";
import * as p from "@polyad/core/extend";

export type Call = (...xs: Value[]) => Value;
export type Row = readonly [args: readonly number[], value: number, ...partials: number[]];

const at = (f: unknown): Call => f as Call;
const inf = Infinity;
const tenthQuotient = 9; // 0.1 as a float64 is a little more than a tenth: it goes into 1 nine times

/** Exact values and partial derivatives where the functions bend, or end. */
export const kinks: Readonly<Record<string, readonly [Call, readonly Row[]]>> = {
  relu: [at(p.relu), [[[0], 0, 0], [[-0], 0, 0], [[3], 3, 1], [[-3], 0, 0], [[inf], inf, 1], [[-inf], 0, 0], [[NaN], NaN]]],
  abs: [at(p.abs), [[[0], 0, 0], [[-0], 0, 0], [[-3], 3, -1], [[3], 3, 1], [[-inf], inf, -1], [[NaN], NaN, NaN]]],
  sign: [at(p.sign), [[[0], 0, 0], [[-3], -1, 0], [[inf], 1, 0], [[NaN], NaN, 0]]],
  floor: [at(p.floor), [[[1], 1, 0], [[-0.5], -1, 0], [[inf], inf, 0], [[NaN], NaN, 0]]],
  ceil: [at(p.ceil), [[[1], 1, 0], [[-0.5], 0, 0], [[0.5], 1, 0]]],
  round: [
    at(p.round),
    [[[0.5], 0, 0], [[1.5], 2, 0], [[2.5], 2, 0], [[-0.5], 0, 0], [[-1.5], -2, 0], [[-2.5], -2, 0], [[0.49999999999999994], 0, 0], [[2251799813685249.5], 2251799813685250, 0], [[9007199254740991], 9007199254740991, 0], [[-inf], -inf, 0], [[NaN], NaN, 0]],
  ],
  maximum: [at(p.maximum), [[[1, 2], 2, 0, 1], [[2, 1], 2, 1, 0], [[1, 1], 1, 0.5, 0.5], [[0, -0], 0, 0.5, 0.5], [[inf, inf], inf, 0.5, 0.5], [[NaN, 1], NaN], [[1, NaN], NaN]]],
  minimum: [at(p.minimum), [[[1, 2], 1, 1, 0], [[2, 1], 1, 0, 1], [[1, 1], 1, 0.5, 0.5], [[-inf, -inf], -inf, 0.5, 0.5], [[NaN, 1], NaN], [[1, NaN], NaN]]],
  clamp: [
    at(p.clamp),
    [[[0.5, 0, 1], 0.5, 1, 0, 0], [[0, 0, 1], 0, 1, 0, 0], [[1, 0, 1], 1, 1, 0, 0], [[-1, 0, 1], 0, 0, 1, 0], [[2, 0, 1], 1, 0, 0, 1], [[-1, 1, 0], 0, 0, 0, 1], [[5, -inf, inf], 5, 1, 0, 0], [[NaN, 0, 1], NaN]],
  ],
  where: [at(p.where), [[[1, 2, 3], 2, 0, 1, 0], [[0, 2, 3], 3, 0, 0, 1], [[0, inf, 3], 3, 0, 0, 1], [[NaN, 2, 3], 2, 0, 1, 0]]],
  sqrt: [at(p.sqrt), [[[0], 0, inf], [[inf], inf, 0], [[-1], NaN, NaN]]],
  rsqrt: [at(p.rsqrt), [[[0], inf, -inf], [[inf], 0, 0]]],
  reciprocal: [at(p.reciprocal), [[[0], inf, -inf], [[-0], -inf, -inf], [[inf], 0, 0]]],
  log: [at(p.log), [[[0], -inf, inf], [[inf], inf, 0], [[-1], NaN]]],
  log1p: [at(p.log1p), [[[-1], -inf, inf], [[inf], inf, 0]]],
  log2: [at(p.log2), [[[0], -inf, inf]]],
  erf: [at(p.erf), [[[inf], 1, 0], [[-inf], -1, 0], [[NaN], NaN, NaN]]],
  erfc: [at(p.erfc), [[[inf], 0, 0], [[-inf], 2, 0], [[30], 0, 0], [[NaN], NaN, NaN]]],
  gaussian: [at(p.gaussian), [[[inf], 0, 0], [[-inf], 0, 0], [[1e300], 0, 0], [[NaN], NaN, NaN]]],
  lgamma: [at(p.lgamma), [[[inf], inf, inf], [[0], inf, -inf], [[-0], inf, inf], [[-3], inf, NaN], [[-1e300], inf, NaN], [[-inf], inf, NaN], [[1e306], inf, Math.log(1e306)], [[NaN], NaN, NaN]]],
  digamma: [at(p.digamma), [[[inf], inf, 0], [[0], -inf, inf], [[-0], inf, inf], [[-3], NaN, inf], [[-inf], NaN, NaN], [[NaN], NaN, NaN]]],
  polygamma: [
    at(p.polygamma),
    [
      [[0, 1], -0.5772156649015329, 0, Math.PI ** 2 / 6], [[1, 0], inf, 0, -inf], [[2, 0], -inf, 0, inf], [[2, -0], inf, 0, inf], [[1, -2], inf, 0, NaN], [[2, -2], NaN, 0, inf],
      [[1, inf], 0, 0, 0], [[3, 1e200], 0, 0, 0], [[1, -inf], NaN, 0, NaN], [[1, NaN], NaN, 0, NaN],
      [[1, -0.5], 8.934802200544679, 0, -0.82879664423432], [[20, 0.1], -2.432902008176637e39, 0, 5.1090942171709375e41],
      [[150, 1000], -4.101778391925375e-190, 0, 6.155667955327251e-191],
    ],
  ],
  exp: [at(p.exp), [[[-inf], 0, 0], [[inf], inf, inf], [[NaN], NaN, NaN]]],
  expm1: [at(p.expm1), [[[-inf], -1, 0], [[inf], inf, inf]]],
  tanh: [at(p.tanh), [[[inf], 1, 0], [[-inf], -1, 0], [[800], 1, 0], [[-800], -1, 0], [[NaN], NaN, NaN]]],
  sechSquared: [at(p.sechSquared), [[[inf], 0, 0], [[-inf], 0, 0], [[800], 0, 0], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  sigmoid: [at(p.sigmoid), [[[inf], 1, 0], [[-inf], 0, 0], [[800], 1, 0], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  softplus: [at(p.softplus), [[[inf], inf, 1], [[-inf], 0, 0], [[800], 800, 1], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  logSigmoid: [at(p.logSigmoid), [[[inf], 0, 0], [[-inf], -inf, 1], [[800], 0, 0], [[-800], -800, 1], [[40], -4.248354255291589e-18, 4.248354255291589e-18], [[NaN], NaN, NaN]]],
  atan: [at(p.atan), [[[inf], Math.PI / 2, 0], [[-inf], -Math.PI / 2, 0]]],
  asinh: [at(p.asinh), [[[inf], inf, 0], [[-inf], -inf, 0]]],
  asin: [at(p.asin), [[[1], Math.PI / 2, inf], [[-1], -Math.PI / 2, inf], [[2], NaN, NaN]]],
  acos: [at(p.acos), [[[1], 0, -inf], [[-1], Math.PI, -inf], [[2], NaN, NaN]]],
  acosh: [at(p.acosh), [[[1], 0, inf], [[inf], inf, 0], [[0.5], NaN, NaN], [[-2], NaN, NaN]]],
  atanh: [at(p.atanh), [[[1], inf, inf], [[-1], -inf, inf], [[2], NaN]]],
  pow: [
    at(p.pow),
    [
      [[0, 2], 0, 0, 0], [[0, 1], 0, 1, 0], [[0, 3], 0, 0, 0], [[0, 0.5], 0, inf, 0], [[0, 0], 1, 0, 0], [[0, -1], inf, -inf, -inf],
      [[3, 0], 1, 0, Math.log(3)], [[-2, 3], -8, 12], [[-2, 2], 4, -4], [[-2, -1], -0.5, -0.25], [[-2, 0], 1, 0], [[-2, 0.5], NaN, NaN], [[2, 3], 8, 12, 8 * Math.LN2],
      [[NaN, 2], NaN, NaN], [[inf, 2], inf, inf, inf],
    ],
  ],
  hypot: [
    at(p.hypot),
    [[[0, 0], 0, 0, 0], [[3, 4], 5, 0.6, 0.8], [[-3, 0], 3, -1, 0], [[0, -3], 3, 0, -1], [[3e200, 4e200], 5e200, 0.6, 0.8], [[3e-200, 4e-200], 5e-200, 0.6, 0.8], [[inf, 1], inf], [[NaN, 1], NaN]],
  ],
  atan2: [
    at(p.atan2),
    [
      [[1, 1], Math.PI / 4, 0.5, -0.5], [[1, -1], (3 * Math.PI) / 4, -0.5, -0.5], [[-1, -1], (-3 * Math.PI) / 4, -0.5, 0.5], [[-1, 1], -Math.PI / 4, 0.5, 0.5],
      [[0, 2], 0, 0.5, 0], [[0, -2], Math.PI, -0.5, 0], [[-0, -2], -Math.PI, -0.5, 0], [[2, 0], Math.PI / 2, 0, -0.5], [[-2, 0], -Math.PI / 2, 0, 0.5],
      [[0, 0], 0, NaN, NaN], [[1e200, 1e200], Math.PI / 4, 5e-201, -5e-201], [[1e-200, 1e-200], Math.PI / 4, 5e199, -5e199],
    ],
  ],
  mod: [
    at(p.mod),
    [
      [[7, 3], 1, 1, -2], [[-7, 3], 2, 1, 3], [[7, -3], -2, 1, 3], [[-7, -3], -1, 1, -2], [[6, 3], 0, 1, -2], [[-6, 3], 0, 1, 2], [[5.5, 2], 1.5, 1, -2],
      [[1, 0.1], 1 % 0.1, 1, -tenthQuotient], [[1, inf], 1, 1, 0], [[1, 0], NaN, 1, NaN], [[inf, 3], NaN],
    ],
  ],
  logaddexp: [
    at(p.logaddexp),
    [
      [[0, 0], Math.LN2, 0.5, 0.5], [[1000, 1000], 1000 + Math.LN2, 0.5, 0.5], [[1000, 0], 1000, 1, 0], [[-1000, 0], 0, 0, 1], [[40, 0], 40, 1, 4.248354255291589e-18],
      [[-inf, -inf], -inf, 0.5, 0.5], [[inf, inf], inf, 0.5, 0.5], [[inf, -inf], inf, 1, 0], [[-inf, 3], 3, 0, 1], [[inf, 3], inf, 1, 0], [[NaN, 1], NaN, NaN, NaN],
    ],
  ],
  div: [at(p.div), [[[1, 0], inf, inf, -inf], [[0, 0], NaN], [[1, inf], 0, 0, 0]]],
};

type Derivatives = readonly number[];

/** Functions of one variable with kinks or singular terms, and their derivatives of order 0 to 3 there. */
export const higherOrders: readonly (readonly [name: string, ops: readonly string[], f: (x: Value) => Value, x: number, derivatives: Derivatives])[] = [
  ["x²", ["pow"], (x) => p.pow(x, 2), 0, [0, 0, 2, 0]],
  ["x³", ["pow"], (x) => p.pow(x, 3), 0, [0, 0, 0, 6]],
  ["x", ["pow"], (x) => p.pow(x, 1), 0, [0, 1, 0, 0]],
  ["x⁰", ["pow"], (x) => p.pow(x, 0), 0, [1, 0, 0, 0]],
  ["x² by a tensor power", ["pow"], (x) => p.pow(x, tensor(2)), 0, [0, 0, 2, 0]],
  ["x³ by a tensor power", ["pow"], (x) => p.pow(x, tensor(3)), 0, [0, 0, 0, 6]],
  ["x⁰ by a tensor power", ["pow"], (x) => p.pow(x, tensor(0)), 0, [1, 0, 0, 0]],
  ["x³ below 0", ["pow"], (x) => p.pow(x, 3), -2, [-8, 12, -12, 6]],
  ["x⁻¹ below 0", ["pow"], (x) => p.pow(x, -1), -2, [-0.5, -0.25, -0.25, -0.375]],
  ["0ʸ", ["pow"], (y) => p.pow(0, y), 2, [0, 0, 0, 0]],
  ["2ʸ", ["pow"], (y) => p.pow(2, y), 0, [1, Math.LN2, Math.LN2 ** 2, Math.LN2 ** 3]],
  ["xˣ", ["pow"], (x) => p.pow(x, x), 1, [1, 1, 2, 3]],
  ["relu", ["relu"], (x) => p.relu(x), 0, [0, 0, 0, 0]],
  ["relu(x)²", ["square", "relu"], (x) => p.square(p.relu(x)), 1, [1, 2, 2, 0]],
  ["abs", ["abs"], (x) => p.abs(x), 0, [0, 0, 0, 0]],
  ["|x|³", ["pow", "abs"], (x) => p.pow(p.abs(x), 3), -2, [8, -12, 12, -6]],
  ["max(x, 1)²", ["square", "maximum"], (x) => p.square(p.maximum(x, 1)), 2, [4, 4, 2, 0]],
  ["clamp", ["clamp"], (x) => p.clamp(x, 0, 1), 1, [1, 1, 0, 0]],
  ["logaddexp at equality", ["logaddexp"], (x) => p.logaddexp(x, 3), 3, [3 + Math.LN2, 0.5, 0.25, 0]],
  ["logaddexp(x, x)", ["logaddexp"], (x) => p.logaddexp(x, x), 3, [3 + Math.LN2, 1, 0, 0]],
  ["tanh, saturated", ["tanh"], (x) => p.tanh(x), 800, [1, 0, 0, 0]],
  ["sigmoid, saturated", ["sigmoid"], (x) => p.sigmoid(x), -800, [0, 0, 0, 0]],
  ["softplus, saturated", ["softplus"], (x) => p.softplus(x), 800, [800, 1, 0, 0]],
  ["hypot(x, 4)", ["hypot"], (x) => p.hypot(x, 4), 3, [5, 0.6, 16 / 125, (-3 * 3 * 16) / 3125]],
  ["hypot at the origin", ["hypot"], (x) => p.hypot(x, 0), 0, [0, 0, 0, 0]],
  ["atan2(x, 1)", ["atan2"], (x) => p.atan2(x, 1), 0, [0, 1, 0, -2]],
  ["sqrt", ["sqrt"], (x) => p.sqrt(x), 0, [0, Infinity, -Infinity, Infinity]],
  ["mod(x, 3)²", ["square", "mod"], (x) => p.square(p.mod(x, 3)), -1, [4, 4, 2, 0]],
  ["x mod itself", ["mod"], (x) => p.mod(7, x), 3, [1, -2, 0, 0]],
];
