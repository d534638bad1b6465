import { allocate, checkDType, storable, type DType } from "./dtype.js";
import { AutodiffError } from "./errors.js";
import { checkShape, sizeOf, type Shape } from "./shape.js";
import { HostTensor, type Tensor } from "./tensor.js";

/**
 * Zeros of a shape, float64 unless said.
 * @example
 * zeros([2, 3]).shape // [2, 3]
 */
export function zeros(shape: Shape, dtype: DType = "float64"): Tensor {
  return filled("zeros", shape, 0, dtype);
}

/**
 * Ones of a shape, float64 unless said.
 * @example
 * ones([2]).toArray() // [1, 1]
 */
export function ones(shape: Shape, dtype: DType = "float64"): Tensor {
  return filled("ones", shape, 1, dtype);
}

/**
 * One value repeated.
 * @example
 * full([2], 7).toArray() // [7, 7]
 */
export function full(shape: Shape, value: number, dtype: DType = "float64"): Tensor {
  return filled("full", shape, value, dtype);
}

function filled(who: string, shape: Shape, value: number, dtype: DType): Tensor {
  const elements = allocate(checkDType(who, dtype), sizeOf(checkShape(who, shape)));
  if (value !== 0) elements.fill(storable(who, dtype, value));
  return new HostTensor([...shape], dtype, elements);
}

/**
 * start, start + step, … up to but without stop; `arange(n)` counts from 0. Float64 unless said.
 *
 * @throws AutodiffError for bounds or a step that are not finite, a step of 0, or numbers that the dtype does not hold.
 * @example
 * arange(1, 7, 2).toArray() // [1, 3, 5]
 */
export function arange(start: number, stop?: number, step = 1, dtype: DType = "float64"): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!Number.isFinite(from) || !Number.isFinite(to) || step === 0 || !Number.isFinite(step)) {
    throw new AutodiffError(`arange: expected finite bounds and a step other than 0, got ${from}, ${to}, ${step}.`);
  }
  const elements = allocate(checkDType("arange", dtype), Math.max(0, Math.ceil((to - from) / step)));
  for (let i = 0; i < elements.length; i++) elements[i] = storable("arange", dtype, from + i * step);
  return new HostTensor([elements.length], dtype, elements);
}

/**
 * `count` evenly spaced numbers from start to stop, both included.
 *
 * @throws AutodiffError for a count that is no whole number of at least 0, or numbers that the dtype does not hold.
 * @example
 * linspace(0, 1, 5).toArray() // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, stop: number, count = 50, dtype: DType = "float64"): Tensor {
  if (!Number.isInteger(count) || count < 0) throw new AutodiffError(`linspace: expected a count of at least 0, got ${count}.`);
  const elements = allocate(checkDType("linspace", dtype), count);
  for (let i = 0; i < count; i++) {
    const t = count === 1 ? 0 : i / (count - 1);
    elements[i] = storable("linspace", dtype, i === count - 1 && count > 1 ? stop : start + t * (stop - start));
  }
  return new HostTensor([count], dtype, elements);
}

/**
 * Ones on the main diagonal, zeros elsewhere.
 * @example
 * eye(2).toArray() // [[1, 0], [0, 1]]
 */
export function eye(rows: number, columns: number = rows, dtype: DType = "float64"): Tensor {
  const elements = allocate(checkDType("eye", dtype), sizeOf(checkShape("eye", [rows, columns])));
  for (let i = 0; i < Math.min(rows, columns); i++) elements[i * columns + i] = 1;
  return new HostTensor([rows, columns], dtype, elements);
}
