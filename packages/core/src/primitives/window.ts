import { ShapeError } from "../errors.js";
import { showShape, type Shape } from "../shape.js";

/** A number for every spatial axis, or one number for each. */
export type PerAxis = number | readonly number[];

/** Elements around an image: as many everywhere, or for each spatial axis a number or [before, after]. */
export type Padding = number | readonly (number | readonly [before: number, after: number])[];

/** How a window moves over an image. */
export interface WindowOptions {
  /** Elements from one window to the next. */
  readonly strides?: PerAxis | undefined;
  /** How far the image is extended; 0 unless said. */
  readonly padding?: Padding | undefined;
  /** Elements of the image from one element of the window to the next; 1 unless said. */
  readonly dilation?: PerAxis | undefined;
}

/** Their names. */
export const windowOptions: readonly (keyof WindowOptions)[] = ["strides", "padding", "dilation"];

/** A window with everything resolved, one entry for each spatial axis: 1 of a signal, 2 of an image. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
  readonly dilation: readonly number[];
}

/** The lengths of an image's spatial axes: [N, C, L] has one, [N, C, H, W] two. */
export function imageSize(who: string, what: string, shape: Shape): Shape {
  if (shape.length !== 3 && shape.length !== 4) {
    throw new ShapeError(`${who}: expected ${what} of shape [N, C, L] or [N, C, H, W], got ${showShape(shape)}. Add axes with expandDims().`);
  }
  return shape.slice(2);
}

/** Resolves options for a window over `rank` axes. */
export function windowOf(who: string, rank: number, size: PerAxis, options: WindowOptions, strides: PerAxis = 1): Window {
  return {
    kernel: lengths(who, "window sizes", rank, size, 1),
    strides: lengths(who, "strides", rank, options.strides ?? strides, 1),
    padding: paddingOf(who, rank, options.padding ?? 0),
    dilation: lengths(who, "dilation", rank, options.dilation ?? 1, 1),
  };
}

/** Whole numbers from `least` on, one for each axis. */
export function lengths(who: string, what: string, rank: number, given: PerAxis, least: number): readonly number[] {
  const each = typeof given === "number" ? new Array<number>(rank).fill(given) : given;
  if (!Array.isArray(each) || each.length !== rank || !each.every((n) => Number.isInteger(n) && n >= least)) {
    const form = rank === 1 ? "a whole number" : `a whole number, or ${rank} of them,`;
    throw new ShapeError(`${who}: expected ${what} to be ${form} of at least ${least}, got ${JSON.stringify(given)}.`);
  }
  return [...each];
}

function paddingOf(who: string, rank: number, given: Padding): Window["padding"] {
  const each = typeof given === "number" ? new Array<number>(rank).fill(given) : given;
  const pairs = Array.isArray(each) ? each.map((n: number | readonly [number, number]) => (typeof n === "number" ? ([n, n] as const) : n)) : [];
  if (pairs.length !== rank || !pairs.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0))) {
    throw new ShapeError(
      `${who}: expected padding to be a whole number of at least 0, or for each of the spatial axes (${rank} here) a number or [before, after], ` +
        `got ${JSON.stringify(given)}. To crop, use slice().`,
    );
  }
  return pairs;
}

/** Elements from the first to the last that a window covers: d(k − 1) + 1. */
export function extent({ kernel, dilation }: Pick<Window, "kernel" | "dilation">, axis: number): number {
  return dilation[axis]! * (kernel[axis]! - 1) + 1;
}

/** How many windows fit along each axis: ⌊(n + padding − extent) / stride⌋ + 1. */
export function windowCounts(who: string, image: readonly number[], window: Window): readonly number[] {
  return image.map((n, axis) => {
    const [before, after] = window.padding[axis]!;
    const reach = extent(window, axis);
    const room = n + before + after;
    if (reach > room) {
      const padded = before + after === 0 ? `${n}` : `${n} + ${before} + ${after} of padding`;
      throw new ShapeError(`${who}: a window over ${reach} elements does not fit along spatial axis ${axis}, which has ${padded}.`);
    }
    return Math.floor((room - reach) / window.strides[axis]!) + 1;
  });
}
