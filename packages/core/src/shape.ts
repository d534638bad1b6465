import { AutodiffError, ShapeError } from "./errors.js";

/** Lengths of the axes, outermost first. Rank 0 is a scalar. */
export type Shape = readonly number[];

/** The shape of a scalar, shared so that comparing shapes is often comparing references. */
export const scalarShape: Shape = Object.freeze([]);

/** Number of elements: the product of the axis lengths, 1 for rank 0. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, as messages print it. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** NumPy broadcasting: aligned at the last axis, equal lengths or 1. */
export function broadcastShapes(who: string, a: Shape, b: Shape): Shape {
  if (a === b || b.length === 0) return a;
  if (a.length === 0 || sameShape(a, b)) return b;
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let i = 1; i <= ndim; i++) {
    const m = a[a.length - i] ?? 1;
    const n = b[b.length - i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${who}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast: axis ${ndim - i} has ${m} and ${n}. ` +
          `Axes are aligned at the last one and must be equal or 1; see reshape() and expandDims().`,
      );
    }
    out[ndim - i] = m === 1 ? n : m;
  }
  return out;
}

/** Row-major strides in elements; an axis of length 1 gets stride 0, so that it broadcasts. */
export function broadcastStrides(shape: Shape, ndim: number): number[] {
  const strides = new Array<number>(ndim).fill(0);
  let step = 1;
  for (let i = 1; i <= shape.length; i++) {
    const n = shape[shape.length - i]!;
    if (n !== 1) strides[ndim - i] = step;
    step *= n;
  }
  return strides;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** Resolves a possibly negative axis. */
export function resolveAxis(who: string, axis: number, ndim: number): number {
  const resolved = axis < 0 ? axis + ndim : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= ndim) {
    throw new ShapeError(`${who}: axis ${axis} is out of range for a tensor of rank ${ndim}.`);
  }
  return resolved;
}

/** Resolves an axis option to ascending distinct axes; none given means all of them. */
export function resolveAxes(who: string, axis: number | readonly number[] | undefined | null, ndim: number): number[] {
  if (axis === undefined || axis === null) {
    const every: number[] = [];
    for (let i = 0; i < ndim; i++) every.push(i);
    return every;
  }
  if (typeof axis !== "number" && !Array.isArray(axis)) throw new AutodiffError(`${who}: expected an axis to be a number, or several in an array, got ${JSON.stringify(axis)}.`);
  const axes = (typeof axis === "number" ? [axis] : (axis as readonly number[])).map((a) => resolveAxis(who, a, ndim)).sort((a, b) => a - b);
  const twice = axes.find((a, i) => a === axes[i - 1]);
  if (twice !== undefined) throw new ShapeError(`${who}: axis ${twice} is named twice.`);
  return axes;
}

/** The shape that reducing over `axes` leaves. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (!keepDims && axes.length === shape.length) return scalarShape;
  return keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i));
}

/** Checks lengths that came from a caller. */
export function checkShape(who: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) throw new ShapeError(`${who}: a shape is an array of integers of at least 0, got ${kindOfPart(shape)}.`);
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError(`${who}: a shape holds integers of at least 0, got ${showShape(shape)}.`);
    }
  }
  return shape;
}

/** Resolves one -1 in a new shape so that the sizes agree. */
export function resolveReshape(shape: Shape, to: Shape): Shape {
  if (!Array.isArray(to)) throw new ShapeError(`reshape: a shape is an array of integers, reshape(x, [2, -1]), got ${kindOfPart(to)}.`);
  const size = sizeOf(shape);
  const free = to.indexOf(-1);
  const known = to.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const resolved = free < 0 ? [...to] : to.map((d, i) => (i === free ? (known === 0 ? 0 : size / known) : d));
  checkShape("reshape", resolved.filter((d) => Number.isInteger(d)));
  if (sizeOf(resolved) !== size || !resolved.every(Number.isInteger)) {
    throw new ShapeError(`reshape: ${size} elements of shape ${showShape(shape)} do not fill shape ${showShape(to)}.`);
  }
  return resolved;
}

/** The shape of nested arrays of numbers, checked to be rectangular. */
export function shapeOfNested(who: string, nested: unknown): number[] {
  const shape: number[] = [];
  for (let level: unknown = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
  const at: number[] = [];
  const place = (): string => `x${at.map((i) => `[${i}]`).join("")}`;
  const check = (part: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof part === "number" || typeof part === "boolean") return;
      if (Array.isArray(part)) throw new ShapeError(`${who}: ragged array: expected a number at ${place()}, got ${kindOfPart(part)}.`);
      throw new AutodiffError(`${who}: expected a number at ${place()}, got ${kindOfPart(part)}. Use stack() for an array of tensors.`);
    }
    if (!Array.isArray(part) || part.length !== shape[depth]) {
      throw new ShapeError(`${who}: ragged array: expected ${shape[depth]} entries at ${place()}, got ${kindOfPart(part)}.`);
    }
    for (let i = 0; i < part.length; i++) {
      at.push(i);
      check(part[i], depth + 1);
      at.pop();
    }
  };
  check(nested, 0);
  return shape;
}

function kindOfPart(part: unknown): string {
  if (Array.isArray(part)) return `an array of ${part.length}`;
  if (part === null || part === undefined) return String(part);
  return typeof part === "object" ? "an object" : `a ${typeof part}`;
}
