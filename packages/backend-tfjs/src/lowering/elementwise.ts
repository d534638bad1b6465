import * as tf from "@tensorflow/tfjs-core";
import { sameShape } from "@polyad/core/extend";
import type { Application, Lowering } from "./lowering.js";
import { onHost } from "./host.js";
import { floats, ints, spread, truths } from "./operands.js";
import { byShader } from "./shader.js";
import type { ShaderFunction } from "./wgsl.js";

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

const unary = (f: Unary): Lowering => ({ inputs: [x], avals: [aval] }) => f(aval!.dtype === "int32" ? ints(x!) : aval!.dtype === "bool" ? x! : floats(x!));
/** Integers are whole already. */
const rounding = (f: Unary): Lowering => unary((x) => (x.dtype === "float32" ? f(x) : x.clone()));

/** A function of which TensorFlow.js's kernel on webgpu is not good enough, or that it has not: by a shader of ours there. */
const shaded = (name: ShaderFunction, elsewhere: Lowering): Lowering => (application) =>
  onGpu(application) ? byShader(name, floats(application.inputs[0]!)) : elsewhere(application);
const shadedTwo = (name: ShaderFunction, elsewhere: Lowering): Lowering => (application) => {
  const { inputs, avals: [aval] } = application;
  if (!onGpu(application) || aval!.dtype === "int32") return elsewhere(application);
  return byShader(name, ...inputs.map((x) => (sameShape(x.shape, aval!.shape) ? floats(x) : spread(floats(x), aval!.shape))));
};
/**
 * A function of which the kernel on wasm is not good enough: there log1p of what is below 1e-7 is 0, and sin and cos are off by
 * 2e-7 near 0, and by anything beyond 1e10.
 */
const exactOnWasm = (elsewhere: Lowering): Lowering => (application) => (onWasm(application) ? onHost : elsewhere)(application);
const onWasm = ({ device }: Pick<Application, "device">): boolean => device.name === "tfjs wasm";
const onGpu = ({ device }: Pick<Application, "device">): boolean => device.reads === "async";

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

/** NaN wherever x or y is: not every kernel keeps it. */
const keepNaN = (f: Binary): Binary => (x, y) => (x.dtype === "float32" ? tf.add(f(x, y), tf.add(floatNaN(x), floatNaN(y))) : f(x, y));
/** NaN where x is, else 0. */
const floatNaN: Unary = (x) => tf.where(tf.isNaN(x), tf.fill(x.shape, NaN), tf.zerosLike(x));

const one = (): tf.Scalar => tf.scalar(1);
/** e^(−2|x|) */
const decay: Unary = (x) => tf.exp(tf.mul(tf.abs(x), -2));

// Arithmetic
export const add: Lowering = binary(tf.add);
export const sub: Lowering = binary(tf.sub);
export const mul: Lowering = binary(tf.mul);
export const div: Lowering = binary(tf.div);
export const neg: Lowering = unary(tf.neg);
export const abs: Lowering = unary(tf.abs);
export const square: Lowering = unary((x) => tf.mul(x, x));
export const reciprocal: Lowering = unary((x) => tf.div(one(), x));
export const sqrt: Lowering = unary(tf.sqrt);
export const rsqrt: Lowering = unary((x) => tf.div(one(), tf.sqrt(x)));
export const pow: Lowering = shadedTwo("pow", binary(tf.pow));
export const mod: Lowering = binary((x, y) => {
  if (x.dtype === "int32") return tf.where(tf.equal(y, 0), tf.zerosLike(x), tf.mod(x, y)); // as on the host
  const unlike = tf.less(tf.mul(tf.sign(x), tf.sign(y)), 0);
  const beyond = tf.add(tf.where(unlike, y, x), tf.mul(x, 0)); // all of y is never taken away; infinite x give NaN
  return tf.where(tf.equal(tf.abs(y), Infinity), beyond, tf.mod(x, y));
});
export const hypot: Lowering = binary((x, y) => {
  const [a, b] = [tf.abs(x), tf.abs(y)];
  const [long, short] = [keepNaN(tf.maximum)(a, b), keepNaN(tf.minimum)(a, b)];
  const ratio = tf.div(short, tf.where(tf.logicalOr(tf.equal(long, 0), tf.equal(long, Infinity)), tf.onesLike(long), long));
  return tf.where(tf.equal(long, Infinity), long, tf.mul(long, tf.sqrt(tf.add(tf.square(ratio), 1))));
});
export const maximum: Lowering = binary(keepNaN(tf.maximum));
export const minimum: Lowering = binary(keepNaN(tf.minimum));
export const clamp: Lowering = ({ inputs: [x, lo, hi], avals: [aval] }) => {
  const like = aval!.dtype === "int32" ? ints : floats;
  return keepNaN(tf.minimum)(keepNaN(tf.maximum)(like(x!), like(lo!)), like(hi!));
};
export const sign: Lowering = (application) => {
  const x = floats(application.inputs[0]!);
  return tf.where(tf.isNaN(x), x, tf.sign(onWasm(application) ? tf.mul(tf.mul(x, 1e30), 1e15) : x)); // wasm takes |x| < 1e-7 for 0
};
export const floor: Lowering = rounding(tf.floor);
export const ceil: Lowering = rounding(tf.ceil);
export const round: Lowering = rounding(tf.round);

// Exponentials and logarithms
export const exp: Lowering = shaded("exp", unary(tf.exp));
export const expm1: Lowering = shaded("expm1", unary(tf.expm1));
export const log: Lowering = shaded("log", unary(tf.log));
export const log1p: Lowering = shaded("log1p", exactOnWasm(unary(tf.log1p)));
export const log2: Lowering = (application) => tf.div(log(application) as tf.Tensor, Math.LN2);
export const logaddexp: Lowering = exactOnWasm((application) =>
  binary((x, y) => {
    const apart = tf.where(tf.equal(x, y), tf.scalar(0), tf.abs(tf.sub(x, y))); // ∞ − ∞ is none
    const decayed = tf.exp(tf.neg(apart));
    return tf.add(keepNaN(tf.maximum)(x, y), onGpu(application) ? byShader("log1p", decayed) : tf.log1p(decayed));
  })(application),
);

// Circular and hyperbolic functions
export const sin: Lowering = shaded("sin", exactOnWasm(unary(tf.sin)));
export const cos: Lowering = shaded("cos", exactOnWasm(unary(tf.cos)));
export const tan: Lowering = shaded("tan", unary(tf.tan));
export const asin: Lowering = shaded("asin", unary(tf.asin));
export const acos: Lowering = shaded("acos", unary(tf.acos));
export const atan: Lowering = shaded("atan", unary(tf.atan));
export const atan2: Lowering = shadedTwo("atan2", binary(tf.atan2));
export const sinh: Lowering = shaded("sinh", unary(tf.sinh));
export const cosh: Lowering = shaded("cosh", unary(tf.cosh));
export const tanh: Lowering = shaded("tanh", unary(tf.tanh));
export const asinh: Lowering = shaded("asinh", unary(tf.asinh));
export const acosh: Lowering = shaded("acosh", unary(tf.acosh));
export const atanh: Lowering = shaded("atanh", unary(tf.atanh));
export const sechSquared: Lowering = unary((x) => {
  const e = decay(x);
  return tf.div(tf.mul(e, 4), tf.square(tf.add(e, 1)));
});

// Special functions
export const erf: Lowering = shaded("erf", onHost);
export const erfc: Lowering = shaded("erfc", onHost);
export const gaussian: Lowering = shaded("gaussian", unary((x) => tf.exp(tf.neg(tf.mul(x, x)))));
export const lgamma: Lowering = onHost;
export const digamma: Lowering = onHost;
export const polygamma: Lowering = onHost;

// Activations
export const relu: Lowering = unary((x) => tf.maximum(x, 0)); // keeps NaN, which tf.relu does not everywhere
export const sigmoid: Lowering = shaded("sigmoid", unary(tf.sigmoid));
export const softplus: Lowering = shaded("softplus", exactOnWasm(unary((x) => tf.add(tf.maximum(x, 0), tf.log1p(tf.exp(tf.neg(tf.abs(x))))))));

// Truth
export const equal: Lowering = comparison(tf.equal);
export const notEqual: Lowering = comparison(tf.notEqual);
export const less: Lowering = comparison(tf.less);
export const lessEqual: Lowering = comparison(tf.lessEqual);
export const greater: Lowering = comparison(tf.greater);
export const greaterEqual: Lowering = comparison(tf.greaterEqual);
export const logicalAnd: Lowering = logical(tf.logicalAnd);
export const logicalOr: Lowering = logical(tf.logicalOr);
export const logicalXor: Lowering = logical(tf.notEqual);
export const logicalNot: Lowering = ({ inputs: [x] }) => tf.logicalNot(truths(x!));
export const where: Lowering = ({ inputs: [c, x, y], avals: [aval] }) => {
  const like = aval!.dtype === "float32" || aval!.dtype === "float64" ? floats : aval!.dtype === "int32" ? ints : truths;
  return tf.where(truths(c!), like(x!), like(y!));
};
