import type { TypedArray } from "../dtype.js";

/** A scalar function that a kernel applies to each element. */
export type Scalar1 = (x: number) => number;
export type Scalar2 = (x: number, y: number) => number;
export type Scalar3 = (x: number, y: number, z: number) => number;

/** out[i] = f(x[i]) for i < n. */
type Loop1 = (f: Scalar1, out: TypedArray, x: TypedArray, n: number) => void;

/** out[o + i] = f(x[xo + i·xs], y[yo + i·ys]) for i < n, strides 0 or 1. */
type Loop2 = (
  f: Scalar2,
  out: TypedArray,
  o: number,
  x: TypedArray,
  xo: number,
  xs: number,
  y: TypedArray,
  yo: number,
  ys: number,
  n: number,
) => void;

/** The same for three operands, any strides. */
type Loop3 = (
  f: Scalar3,
  out: TypedArray,
  o: number,
  x: TypedArray,
  xo: number,
  xs: number,
  y: TypedArray,
  yo: number,
  ys: number,
  z: TypedArray,
  zo: number,
  zs: number,
  n: number,
) => void;

const loop1: Loop1 = (f, out, x, n) => {
  for (let i = 0; i < n; i++) out[i] = f(x[i]!);
};

const loop2: Loop2 = (f, out, o, x, xo, xs, y, yo, ys, n) => {
  if (xs === 1 && ys === 1) {
    for (let i = 0; i < n; i++) out[o + i] = f(x[xo + i]!, y[yo + i]!);
  } else if (xs === 1) {
    const b = y[yo]!;
    for (let i = 0; i < n; i++) out[o + i] = f(x[xo + i]!, b);
  } else if (ys === 1) {
    const a = x[xo]!;
    for (let i = 0; i < n; i++) out[o + i] = f(a, y[yo + i]!);
  } else if (n > 0) {
    out.fill(f(x[xo]!, y[yo]!), o, o + n);
  }
};

const loop3: Loop3 = (f, out, o, x, xo, xs, y, yo, ys, z, zo, zs, n) => {
  if (xs === 1 && ys === 1 && zs === 1) {
    for (let i = 0; i < n; i++) out[o + i] = f(x[xo + i]!, y[yo + i]!, z[zo + i]!);
  } else for (let i = 0; i < n; i++) out[o + i] = f(x[xo + i * xs]!, y[yo + i * ys]!, z[zo + i * zs]!);
};

/**
 * A loop of its own for every scalar function and combination of array types: V8 inlines `f` and specialises element
 * access only where a loop has seen a single one of each. Where code may not be generated (a content security policy),
 * all functions share one loop, slower but the same.
 */
function own<L extends Function>(loop: L): L {
  try {
    return new Function(`return ${loop.toString()}`)() as L;
  } catch {
    return loop;
  }
}

function perTypes<L extends Loop1 | Loop2 | Loop3>(loop: L): (key: number) => L {
  const made: L[] = [];
  return (key) => (made[key] ??= own(loop));
}

/** Two bits that tell element types apart. */
function code(x: TypedArray): number {
  if (x instanceof Float64Array) return 0;
  if (x instanceof Float32Array) return 1;
  return x instanceof Int32Array ? 2 : 3;
}

/** A loop with a copy of its own for each element type of its first array; the loop refers to nothing outside of itself. */
export function perType<A extends readonly unknown[]>(loop: (x: TypedArray, ...rest: A) => void): (x: TypedArray, ...rest: A) => void {
  const made: ((x: TypedArray, ...rest: A) => void)[] = [];
  return (x, ...rest) => (made[code(x)] ??= own(loop))(x, ...rest);
}

export function mapLoop(f: Scalar1): (out: TypedArray, x: TypedArray) => void {
  const loops = perTypes(loop1);
  return (out, x) => loops((code(out) << 2) | code(x))(f, out, x, out.length);
}

/** A `Loop2` of a certain function. */
export type Zip = (...args: DropFirst<Parameters<Loop2>>) => void;

/** Applies a `Loop2` with the right specialisation. */
export function zipLoop(f: Scalar2): Zip {
  const loops = perTypes(loop2);
  return (out, o, x, xo, xs, y, yo, ys, n) =>
    loops((code(out) << 4) | (code(x) << 2) | code(y))(f, out, o, x, xo, xs, y, yo, ys, n);
}

/** A `Loop3` of a certain function. */
export type Zip3 = (...args: DropFirst<Parameters<Loop3>>) => void;

export function zip3Loop(f: Scalar3): Zip3 {
  const loops = perTypes(loop3);
  return (out, o, x, xo, xs, y, yo, ys, z, zo, zs, n) =>
    loops((code(out) << 6) | (code(x) << 4) | (code(y) << 2) | code(z))(f, out, o, x, xo, xs, y, yo, ys, z, zo, zs, n);
}

type DropFirst<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
