import * as tf from "@tensorflow/tfjs-core";
import { sizeOf, type Shape } from "@polyad/core/extend";
import type { Application, Lowering } from "./lowering.js";
import { floats, ints, truths } from "./operands.js";

/**
 * Many axes on webgpu. Its kernels are written for four: of five and six some refuse, and some have shaders that do not
 * compile, which gives zeros in silence. So elements stand in a row, or one axis is worked on after the other.
 */

/** Whether a shape has more axes than all kernels of the device take. */
export const isDeep = ({ device }: Pick<Application, "device">, shape: Shape): boolean => device.reads === "async" && shape.length > 4;

/** f of x seen as [what lies before an axis, the axis, what lies behind]. */
export function alongAxis(x: tf.Tensor, axis: number, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const y = f(tf.reshape(x, [sizeOf(before), x.shape[axis]!, sizeOf(behind)]));
  return tf.reshape(y, [...before, y.shape[1]!, ...behind]);
}

/** x repeated to a shape, one axis after the other. */
export function spreadDeep(x: tf.Tensor, shape: Shape): tf.Tensor {
  const like = x.dtype === "bool" ? truths : x.dtype === "int32" ? ints : floats;
  const whole = tf.reshape(floats(x), [...shape.map(() => 1).slice(x.shape.length), ...x.shape]);
  return like(shape.reduce((y, n, axis) => (y.shape[axis] === n ? y : alongAxis(y, axis, (z) => tf.mul(z, tf.ones([1, n, 1])))), whole));
}

/** An elementwise lowering, its operands in a row where they have many axes. */
export const inARow = (f: Lowering): Lowering => (application) => {
  const [aval] = application.avals;
  const { shape } = aval!;
  if (!isDeep(application, shape)) return f(application);
  const row = [sizeOf(shape)];
  const inputs = application.inputs.map((x) => (x.size === 1 ? tf.reshape(x, []) : tf.reshape(spreadDeep(x, shape), row)));
  return tf.reshape(f({ ...application, inputs, avals: [{ ...aval!, shape: row }] }) as tf.Tensor, [...shape]);
};
