/// <reference lib="esnext.disposable" preserve="true" />
import type { Device } from "./device.js";
import { allocate, allocateOwn, checkDType, dtypeOf, isFloat, isTypedArray, storable, type DType, type TypedArray } from "./dtype.js";
import { AutodiffError, ShapeError } from "./errors.js";
import { checkShape, scalarShape, shapeOfNested, showShape, sizeOf, type Shape } from "./shape.js";
import type { Trace } from "./trace.js";

/** What a scalar may be inside a differentiated function. */
export type Value = number | Tensor;

/** Nested arrays of numbers, as `toArray` gives them. */
export type NestedArray = number | readonly NestedArray[];

/** What `tensor` takes: numbers, or truth values. */
export type NestedInput = number | boolean | readonly NestedInput[];

/**
 * An immutable, row-major n-d array. Concrete tensors live on a device; tracers are tensors too, so that a function
 * need not know whether it is being differentiated.
 */
export abstract class Tensor {
  /** Lengths of the axes. */
  abstract readonly shape: Shape;
  abstract readonly dtype: DType;
  /** Where the elements live. */
  abstract readonly device: Device;
  /** The trace that watches this tensor, null for a concrete one. */
  abstract readonly trace: Trace | null;
  /** A copy of the elements in row-major order, where the device can read synchronously. */
  abstract dataSync(): TypedArray;

  /** Whether this stands for a plain number, which never promotes a tensor. Only tracers can. */
  get weak(): boolean {
    return false;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** A copy of the elements in row-major order, on every device. */
  data(): Promise<TypedArray> {
    return Promise.resolve(this.dataSync());
  }

  /**
   * The only element, as a number.
   * @throws ShapeError if there is not exactly one.
   */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(`item: expected one element, got shape ${showShape(this.shape)}. Use toArray(), or slice first.`);
    }
    return this.dataSync()[0]!;
  }

  /** The elements as nested arrays; a number for rank 0. */
  toArray(): NestedArray {
    const data = this.dataSync();
    let at = 0;
    const nest = (axis: number): NestedArray =>
      axis === this.ndim ? data[at++]! : Array.from({ length: this.shape[axis]! }, () => nest(axis + 1));
    return nest(0);
  }

  /** Frees device memory now instead of at garbage collection. Host tensors need none of it. */
  dispose(): void {}

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `x * 2` would silently be NaN: coercion to a number is refused. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new AutodiffError(
      `A tensor of shape ${showShape(this.shape)} was used where JavaScript needs a plain number (by +x, x * 2, x > 0 or ` +
        "the like). Use mul(x, 2), x.mul(2), greater(x, 0), or read it with item().",
    );
  }

  toString(): string {
    const elements = this.device.reads === "sync" ? showElements(this.shape, this.dataSync()) : `on ${this.device.name}`;
    return `Tensor(${this.dtype}${showShape(this.shape)}, ${elements})`;
  }
}

/** To TypeScript there is no such property. In JavaScript a loop up to `x.length`, undefined, would do nothing in silence. */
Object.defineProperty(Tensor.prototype, "length", {
  get(this: Tensor): never {
    throw new AutodiffError(`A tensor of shape ${showShape(this.shape)} has no length: x.shape[0] is that of its first axis, x.size the number of its elements, and slice(x, i) takes one.`);
  },
});

/** A tensor in host memory. The array is never written after construction; constructing does not copy it. */
export class HostTensor extends Tensor {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    /** The elements themselves, for kernels: read only. */
    readonly elements: TypedArray,
  ) {
    super();
  }

  get device(): Device {
    return hostDevice;
  }

  get trace(): null {
    return null;
  }

  override get size(): number {
    return this.elements.length;
  }

  dataSync(): TypedArray {
    const { elements } = this;
    if (elements.length > 32) return elements.slice();
    const copy = allocateOwn(this.dtype, elements.length);
    for (let i = 0; i < copy.length; i++) copy[i] = elements[i]!;
    return copy;
  }

  override item(): number {
    return this.elements.length === 1 ? this.elements[0]! : super.item();
  }
}

/** Whether a derivative by x is being taken, by a trace or by its device: to read x would lose it. */
export function isWatched(x: Tensor): boolean {
  return x.trace !== null || (x.device.recording?.() ?? false) !== false;
}

/** Host memory: where tensors are made, and the common ground of all devices. */
export const hostDevice: Device = {
  name: "host",
  reads: "sync",
  evaluate: (primitive, inputs, attrs) => primitive.evaluate(inputs, attrs),
  put: (x) => x,
};

/**
 * A tensor of the given numbers: nested arrays (float64, or bool for truth values, unless `dtype` says otherwise), a
 * typed array with a shape (its own dtype, bool for a Uint8Array), or one number. The numbers are copied.
 *
 * @throws ShapeError for ragged arrays, or a shape that the numbers do not fill.
 * @example
 * tensor([[1, 2, 3], [4, 5, 6]]).shape // [2, 3]
 * tensor(new Float32Array([1, 2, 3, 4]), [2, 2]).dtype // "float32"
 */
export function tensor(data: NestedInput | TypedArray, shape?: Shape | null, dtype?: DType): Tensor {
  if (data instanceof Tensor) {
    throw new AutodiffError("tensor: got a Tensor, which is immutable: use it as it is, or cast(x, dtype), or reshape(x, shape).");
  }
  if (dtype === undefined && data instanceof Uint8Array) checkBytes(data);
  if (!isTypedArray(data) && typeof data !== "number" && typeof data !== "boolean" && !Array.isArray(data)) {
    throw new AutodiffError(`tensor: expected numbers, nested arrays or a typed array, got ${describe(data)}.`);
  }
  if (shape !== undefined && shape !== null && !Array.isArray(shape)) {
    throw new AutodiffError(`tensor: expected a shape or null second, got ${describe(shape)}. Write tensor(x, null, "float32").`);
  }
  const own = isTypedArray(data) ? [data.length] : shapeOfNested("tensor", data);
  const flat: ArrayLike<number | boolean> = isTypedArray(data) ? data : flatNested(data);
  const type = dtype === undefined ? (isTypedArray(data) ? dtypeOf(data) : dtypeOfNested(flat)) : checkDType("tensor", dtype);
  const to = shape === undefined || shape === null ? own : checkShape("tensor", [...shape]);
  if (sizeOf(to) !== flat.length) {
    throw new ShapeError(`tensor: ${flat.length} numbers do not fill shape ${showShape(to)}.`);
  }
  const elements = allocate(type, flat.length);
  if (isTypedArray(data) && (dtypeOf(data) === type || isFloat(type))) elements.set(data);
  else for (let i = 0; i < flat.length; i++) elements[i] = storable("tensor", type, Number(flat[i]!));
  return new HostTensor(to.length === 0 ? scalarShape : to, type, elements);
}

function flatNested(nested: NestedInput, flat: (number | boolean)[] = []): (number | boolean)[] {
  if (typeof nested !== "object") flat.push(nested);
  else for (const part of nested) flatNested(part, flat);
  return flat;
}

function dtypeOfNested(flat: ArrayLike<number | boolean>): DType {
  return flat.length > 0 && Array.from(flat).every((x) => typeof x === "boolean") ? "bool" : "float64";
}

/** A Uint8Array is read as bool; bytes that are none, as an image's, would be lost. */
function checkBytes(data: Uint8Array): void {
  const byte = data.find((x) => x > 1);
  if (byte === undefined) return;
  throw new AutodiffError(`tensor: a Uint8Array is read as bool, and this one holds ${byte}. Say which dtype is meant: tensor(x, null, "float32").`);
}

/** What a value is, for messages. */
export function describe(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  if (x instanceof Tensor) return `${x.dtype === "int32" ? "an" : "a"} ${x.dtype} tensor of shape ${showShape(x.shape)}`;
  if (typeof x === "number") return `the number ${x}`;
  if (typeof x === "string") return `the string ${JSON.stringify(x)}`;
  if (typeof x === "function") return typeof x.name === "string" && x.name !== "" ? `the function ${x.name}` : "a function";
  if (Array.isArray(x)) return `an array of length ${x.length}`;
  if (typeof x !== "object") return `the ${typeof x} ${String(x)}`;
  const name: unknown = Object.getPrototypeOf(x)?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "a plain object";
  if (name === "Tensor") return "a Tensor of another library's, or of another copy of @polyad/core";
  const article = /^[AEIO]/.test(name) ? "an" : "a";
  return ArrayBuffer.isView(x) && "length" in x ? `${article} ${name} of length ${String(x.length)}` : `${article} ${name}`;
}

/** The elements in brackets; long axes show their ends. */
export function showElements(shape: Shape, data: ArrayLike<number>): string {
  const ends = 3;
  const show = (axis: number, at: number): string => {
    if (axis === shape.length) return String(data[at]);
    const n = shape[axis]!;
    const step = sizeOf(shape.slice(axis + 1));
    const part = (i: number): string => show(axis + 1, at + i * step);
    const parts = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => part(from + i)).join(", ");
    return n <= 2 * ends + 1 ? `[${parts(0, n)}]` : `[${parts(0, ends)}, …, ${parts(n - ends, n)}]`;
  };
  return show(0, 0);
}

/** The shape of a value; numbers are scalars. */
export function shapeOf(x: Value): Shape {
  return typeof x === "number" ? scalarShape : x.shape;
}

/** The dtype of a value, or that it is a plain number (or stands for one). */
export function kindOf(x: Value): DType | "number" {
  return typeof x === "number" || x.weak ? "number" : x.dtype;
}
