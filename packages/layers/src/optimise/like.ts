import { add, full, mul, toDevice, type Tensor } from "@polyad/core";

/** A value repeated, of the shape, dtype and device of x. */
export function fullLike(x: Tensor, value: number): Tensor {
  return toDevice(full(x.shape, value, x.dtype === "float32" ? "float32" : "float64"), x.device);
}

/** Zeros of the shape, dtype and device of x. */
export function zerosLike(x: Tensor): Tensor {
  return fullLike(x, 0);
}

/** A step of the exponential moving average of x: ρ·average + (1 − ρ)·x. */
export function average(rho: number, before: Tensor, x: Tensor): Tensor {
  return add(mul(rho, before), mul(1 - rho, x));
}
