import { AutodiffError, ShapeError, type Padding, type PerAxis, type Tensor } from "@polyad/core";
import { checkSizes } from "./match.js";

/** The size of a window: one number over signals [N, C, L], two over images [N, C, H, W]. */
export type WindowSize = number | readonly [length: number] | readonly [height: number, width: number];

export interface PlacementOptions {
  /** Elements from one window to the next: for each spatial axis, or a number for all. */
  readonly strides?: PerAxis | undefined;
  /** Zeros around the input: a number, for each spatial axis a number or [before, after], or "same". */
  readonly padding?: Padding | "same" | undefined;
  /** Elements of the input from one element of the window to the next; 1 unless said. */
  readonly dilation?: PerAxis | undefined;
}

export const placementOptions = ["strides", "padding", "dilation"] as const;
/** What other libraries call them. */
export const placementHints = { stride: "Write strides.", pad: "Write padding.", dilations: "Write dilation." } as const;

/** How a layer's window lies, one entry for each spatial axis. */
export interface Placement {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
  readonly dilation: readonly number[];
}

/**
 * Padding that keeps the size, where the strides are 1: all in all one less than the window reaches over, of which the
 * larger half comes first. With strides s a length of n becomes ⌈n / s⌉, by a `ConvTranspose` n·s.
 *
 * @example
 * Conv(3, [1, 1], identity, { padding: SamePad() })(ones([1, 1, 7], "float32")).shape // [1, 1, 7]
 */
export function SamePad(): "same" {
  return "same";
}

export function sizesOf(name: string, size: WindowSize): readonly number[] {
  const sizes = typeof size === "number" ? [size] : [...size];
  checkSizes(name, ...sizes);
  if (sizes.length === 1 || sizes.length === 2) return sizes;
  throw new AutodiffError(`${name}: expected a window of one size, for signals, or of two, for images, got ${JSON.stringify(size)}.`);
}

/** The placement of a window of these sizes, and of how much padding "same" stands for. */
export function placementOf(
  name: string, sizes: readonly number[], { strides = 1, padding = 0, dilation = 1 }: PlacementOptions,
  same: (extent: number, stride: number) => number = (extent) => extent - 1,
): Placement {
  const rank = sizes.length;
  const placed = { strides: perAxis(name, "strides", rank, strides, 1), dilation: perAxis(name, "dilation", rank, dilation, 1) };
  if (padding !== "same") return { ...placed, padding: pairsOf(name, rank, padding) };
  const totals = sizes.map((k, i) => Math.max(0, same(placed.dilation[i]! * (k - 1) + 1, placed.strides[i]!)));
  return { ...placed, padding: totals.map((n) => [Math.ceil(n / 2), Math.floor(n / 2)] as const) };
}

export function perAxis(name: string, what: string, rank: number, given: PerAxis, least: number): readonly number[] {
  const each: readonly number[] = typeof given === "number" ? new Array<number>(rank).fill(given) : Array.isArray(given) ? given : [];
  if (each.length === rank && each.every((n) => Number.isInteger(n) && n >= least)) return each;
  throw new AutodiffError(`${name}: expected ${what} to be a whole number of at least ${least}, or one for each of ${rank} spatial axes, got ${JSON.stringify(given)}.`);
}

function pairsOf(name: string, rank: number, given: Padding): Placement["padding"] {
  const each = typeof given === "number" ? new Array<number>(rank).fill(given) : given;
  const pairs = Array.isArray(each) ? each.map((n: number | readonly [number, number]) => (typeof n === "number" ? ([n, n] as const) : n)) : [];
  if (pairs.length === rank && pairs.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0))) return pairs;
  throw new AutodiffError(
    `${name}: expected padding to be "same", a whole number of at least 0, or for each of ${rank} spatial axes a number or [before, after], got ${JSON.stringify(given)}.`,
  );
}

/** @throws ShapeError unless x is a batch of signals or images into which a window fits. */
export function checkInput(name: () => string, x: Tensor, channels: number | null, sizes: readonly number[], placement: Placement): void {
  const { shape } = x;
  const form = (of: string): string => `[N, ${of}, ${sizes.length === 1 ? "L" : "H, W"}]`;
  if (shape.length !== sizes.length + 2 || (channels !== null && shape[1] !== channels)) {
    throw new ShapeError(`layer ${name()} expects an input of shape ${form(channels === null ? "C" : String(channels))}, got shape [${shape.join(", ")}].`);
  }
  const least = sizes.map((k, i) => placement.dilation[i]! * (k - 1) + 1 - placement.padding[i]![0] - placement.padding[i]![1]);
  if (least.every((n, i) => shape[i + 2]! >= n)) return;
  throw new ShapeError(`layer ${name()} expects an input of size ${showSizes(least)} at least, got shape [${shape.join(", ")}]. Use more padding, or a smaller window.`);
}

/** `(3, 3)`, or `(3,)` over signals. */
export function showSizes(sizes: readonly number[]): string {
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;
}

/** `strides=2, padding=(1, 0)`: what is not as it would be unless said. */
export function showPlacement({ strides, padding, dilation }: Placement, usual: readonly number[]): string[] {
  return [
    ...(strides.every((n, i) => n === usual[i]) ? [] : [`strides=${collapse(strides)}`]),
    ...(padding.flat().every((n) => n === 0) ? [] : [`padding=${collapse(padding.map(([before, after]) => (before === after ? before : `(${before}, ${after})`)))}`]),
    ...(dilation.every((n) => n === 1) ? [] : [`dilation=${collapse(dilation)}`]),
  ];
}

function collapse(entries: readonly (number | string)[]): string {
  const [first] = entries;
  return entries.length > 1 && entries.some((entry) => entry !== first) ? `(${entries.join(", ")})` : String(first);
}
