import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { onHost } from "./host.js";

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

const unary = (f: Unary): Lowering => ({ inputs: [x], avals: [aval] }) => f(aval!.dtype === "int32" || aval!.dtype === "bool" ? x! : floats(x!));

/** Operands are brought to the result's dtype first: TensorFlow.js promotes by other rules than Polyad. */
const binary = (f: Binary): Lowering => ({ inputs: [x, y], avals: [aval] }) => {
  if (aval!.dtype === "int32" || aval!.dtype === "bool") return f(ints(x!), ints(y!));
  return f(floats(x!), floats(y!));
};

/** Comparisons and logic: truth values of operands of whatever dtype. */
const comparison = (f: Binary): Lowering => ({ inputs: [x, y] }) => {
  const float = x!.dtype === "float32" || y!.dtype === "float32";
  return float ? f(floats(x!), floats(y!)) : f(ints(x!), ints(y!));
};
const logical = (f: Binary): Lowering => ({ inputs: [x, y] }) => f(truths(x!), truths(y!));

export const floats: Unary = (x) => (x.dtype === "float32" ? x : tf.cast(x, "float32"));
export const ints: Unary = (x) => (x.dtype === "int32" ? x : tf.cast(x, "int32"));
export const truths: Unary = (x) => (x.dtype === "bool" ? x : tf.notEqual(x, tf.scalar(0, x.dtype as "float32")));

/** NaN wherever x or y is: not every kernel keeps it. */
const keepNaN = (f: Binary): Binary => (x, y) => {
  if (x.dtype !== "float32") return f(x, y);
  const z = f(x, y);
  const sum = tf.add(x, y);
  return tf.where(tf.logicalOr(tf.isNaN(tf.add(x, tf.zerosLike(y))), tf.isNaN(tf.add(y, tf.zerosLike(x)))), tf.fill(z.shape, NaN), z) as tf.Tensor & { readonly sum?: typeof sum };
};

const one = (): tf.Scalar => tf.scalar(1);
/** e^(−2|x|) */
const decay: Unary = (x) => tf.exp(tf.mul(tf.abs(x), -2));

export const elementwise = {
  // Arithmetic
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary(tf.div),
  neg: unary(tf.neg),
  abs: unary(tf.abs),
  square: unary((x) => tf.mul(x, x)),
  reciprocal: unary((x) => tf.div(one(), x)),
  sqrt: unary(tf.sqrt),
  rsqrt: unary((x) => tf.div(one(), tf.sqrt(x))),
  pow: onHost,
  mod: onHost,
  hypot: onHost,
  maximum: binary(keepNaN(tf.maximum)),
  minimum: binary(keepNaN(tf.minimum)),
  clamp: onHost,
  sign: unary(tf.sign),
  floor: unary(tf.floor),
  ceil: unary(tf.ceil),
  round: unary(tf.round),

  // Exponentials and logarithms
  exp: unary(tf.exp),
  expm1: unary(tf.expm1),
  log: unary(tf.log),
  log1p: unary(tf.log1p),
  log2: unary((x) => tf.div(tf.log(x), Math.LN2)),
  logaddexp: onHost,

  // Circular and hyperbolic functions
  sin: unary(tf.sin),
  cos: unary(tf.cos),
  tan: unary(tf.tan),
  asin: unary(tf.asin),
  acos: unary(tf.acos),
  atan: unary(tf.atan),
  atan2: binary(tf.atan2),
  sinh: unary(tf.sinh),
  cosh: unary(tf.cosh),
  tanh: unary(tf.tanh),
  asinh: unary(tf.asinh),
  acosh: unary(tf.acosh),
  atanh: unary(tf.atanh),
  sechSquared: unary((x) => {
    const e = decay(x);
    return tf.div(tf.mul(e, 4), tf.square(tf.add(e, 1)));
  }),

  // Special functions
  erf: onHost,
  erfc: onHost,
  gaussian: unary((x) => tf.mul(tf.exp(tf.neg(tf.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  lgamma: onHost,
  digamma: onHost,
  polygamma: onHost,

  // Activations
  relu: unary((x) => tf.where(tf.lessEqual(x, 0), tf.zerosLike(x), x)),
  sigmoid: unary(tf.sigmoid),
  softplus: unary((x) => tf.add(tf.maximum(x, 0), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))),

  // Truth
  equal: comparison(tf.equal),
  notEqual: comparison(tf.notEqual),
  less: comparison(tf.less),
  lessEqual: comparison(tf.lessEqual),
  greater: comparison(tf.greater),
  greaterEqual: comparison(tf.greaterEqual),
  logicalAnd: logical(tf.logicalAnd),
  logicalOr: logical(tf.logicalOr),
  logicalXor: logical(tf.notEqual),
  logicalNot: ({ inputs: [x] }) => tf.logicalNot(truths(x!)),
  where: ({ inputs: [c, x, y], avals: [aval] }) => {
    const like = aval!.dtype === "float32" || aval!.dtype === "float64" ? floats : aval!.dtype === "int32" ? ints : truths;
    return tf.where(truths(c!), like(x!), like(y!));
  },
} satisfies Record<string, Lowering>;
