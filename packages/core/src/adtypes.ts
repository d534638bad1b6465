import { AutodiffError } from "./errors.js";
import { checkOptions } from "./options.js";
import { describe } from "./tensor.js";

/**
 * Names an engine: plain data, so that tokens print, compare, survive structuredClone, and a library can name an engine
 * without depending on it.
 */
export interface ADType {
  /** The tag by which the engine registers itself. */
  readonly adtype: string;
  /** Whether operators return values or promises. */
  readonly execution: "sync" | "async";
}

/** Reverse mode on a tape, in `@polyad/backend-tape`. */
export interface AutoTape extends ADType {
  readonly adtype: "tape";
  readonly execution: "sync";
}
/**
 * The token of reverse mode on a tape.
 *
 * @example
 * gradient((x, y) => mul(x, y), AutoTape(), 3, 4) // [4, 3]
 */
export function AutoTape(): AutoTape;
export function AutoTape(options?: object): AutoTape {
  checkOptions("AutoTape", options, []);
  return { adtype: "tape", execution: "sync" };
}

/** Forward mode, in `@polyad/backend-forward`. */
export interface AutoForward extends ADType {
  readonly adtype: "forward";
  readonly execution: "sync";
  /** Tangents carried in one pass; chosen by size if absent. */
  readonly chunkSize?: number;
}
/**
 * The token of forward mode.
 *
 * @throws AutodiffError unless chunkSize is a whole number of at least 1.
 * @example
 * jacobian((x) => mul(x, x), AutoForward({ chunkSize: 8 }), [1, 2]).toArray() // [[2, 0], [0, 4]]
 */
export function AutoForward(options: { readonly chunkSize?: number } = {}): AutoForward {
  const { chunkSize = 1 } = checkOptions("AutoForward", options, ["chunkSize"]);
  if (!Number.isInteger(chunkSize) || chunkSize < 1) throw new AutodiffError(`AutoForward: chunkSize must be an integer of at least 1, got ${chunkSize}.`);
  return { adtype: "forward", execution: "sync", ...options };
}

/** The difference formula: order of accuracy 1, 2, 4 or 6 in the step. */
export type FiniteDiffScheme = (typeof finiteDiffSchemes)[number];
const finiteDiffSchemes = ["forward", "backward", "central", "central4", "central6"] as const;

/** Finite differences, in `@polyad/backend-finite-diff`. */
export interface AutoFiniteDiff extends ADType {
  readonly adtype: "finite-diff";
  readonly execution: "sync";
  /** "central" if absent. */
  readonly scheme?: FiniteDiffScheme;
  /** Absolute step; chosen by the scale of each input if absent. */
  readonly step?: number;
}
/**
 * The token of finite differences.
 *
 * @throws AutodiffError for a scheme that does not exist, or a step that is not positive and finite.
 * @example
 * Math.abs(gradient((x) => sin(x), AutoFiniteDiff({ scheme: "central4" }), 0)[0] - 1) < 1e-9 // true
 */
export function AutoFiniteDiff(options: { readonly scheme?: FiniteDiffScheme; readonly step?: number } = {}): AutoFiniteDiff {
  const { scheme = "central", step = 1 } = checkOptions("AutoFiniteDiff", options, ["scheme", "step"]);
  if (!finiteDiffSchemes.includes(scheme)) throw new AutodiffError(`AutoFiniteDiff: unknown scheme "${scheme}". Use one of ${finiteDiffSchemes.join(", ")}.`);
  if (!(step > 0 && step < Infinity)) throw new AutodiffError(`AutoFiniteDiff: step must be a finite number above 0, got ${step}.`);
  return { adtype: "finite-diff", execution: "sync", ...options };
}

/** Where TensorFlow.js computes. */
export type TfjsDevice = "cpu" | "wasm" | "webgpu";

/** TensorFlow.js's tape on one of its devices, in `@polyad/backend-tfjs`. Sync, save on webgpu. */
export interface AutoTfjs<D extends TfjsDevice = TfjsDevice> extends ADType {
  readonly adtype: "tfjs";
  readonly device: D;
  readonly execution: D extends "webgpu" ? "async" : "sync";
}
/** The token of TensorFlow.js on a device, cpu unless said: `await ready(token)` of `@polyad/backend-tfjs` loads it. */
export function AutoTfjs<const D extends TfjsDevice = "cpu">(options: { readonly device?: D } = {}): AutoTfjs<D> {
  const { device = "cpu" } = checkOptions("AutoTfjs", options, ["device"]);
  return { adtype: "tfjs", execution: device === "webgpu" ? "async" : "sync", device } as AutoTfjs<D>;
}

/** The gradient of an inner engine, captured, compiled to ONNX and run by onnxruntime, in `@polyad/backend-onnx` (planned). */
export interface AutoOnnx<Inner extends ADType = ADType> extends ADType {
  readonly adtype: "onnx";
  readonly execution: "async";
  /** AutoTape() if absent. */
  readonly inner?: Inner;
  readonly executionProviders?: readonly string[];
}
/** The token of onnxruntime (planned). */
export function AutoOnnx<Inner extends ADType = AutoTape>(
  options: { readonly inner?: Inner; readonly executionProviders?: readonly string[] } = {},
): AutoOnnx<Inner> {
  return { adtype: "onnx", execution: "async", ...checkOptions("AutoOnnx", options, ["inner", "executionProviders"]) };
}

/** Sparse Jacobians and Hessians by colouring (planned): operators refuse it today. */
export interface AutoSparse<Dense extends ADType = ADType> extends ADType {
  readonly adtype: "sparse";
  readonly execution: Dense["execution"];
  readonly dense: Dense;
  readonly detector?: string;
  readonly coloring?: string;
}
export function AutoSparse<Dense extends ADType>(dense: Dense, options: { readonly detector?: string; readonly coloring?: string } = {}): AutoSparse<Dense> {
  requireEngines("AutoSparse", dense);
  return { adtype: "sparse", execution: dense.execution, dense, ...checkOptions("AutoSparse", options, ["detector", "coloring"]) };
}

/** A forward engine for some columns and a reverse one for some rows of a sparse Jacobian (planned). */
export interface MixedMode<Forward extends ADType = ADType, Reverse extends ADType = ADType> extends ADType {
  readonly adtype: "mixed-mode";
  readonly execution: Forward["execution"] | Reverse["execution"] extends "sync" ? "sync" : "async";
  readonly forward: Forward;
  readonly reverse: Reverse;
}
export function MixedMode<Forward extends ADType, Reverse extends ADType>(forward: Forward, reverse: Reverse): MixedMode<Forward, Reverse> {
  requireEngines("MixedMode", forward, reverse);
  const execution = forward.execution === "sync" && reverse.execution === "sync" ? "sync" : "async";
  return { adtype: "mixed-mode", execution, forward, reverse } as MixedMode<Forward, Reverse>;
}

/** Second order: `outer` differentiates what `inner` returns. */
export interface SecondOrder<Outer extends ADType = ADType, Inner extends ADType = ADType> extends ADType {
  readonly adtype: "second-order";
  readonly outer: Outer;
  readonly inner: Inner;
  readonly execution: Outer["execution"] | Inner["execution"] extends "sync" ? "sync" : "async";
}
export function SecondOrder<Outer extends ADType, Inner extends ADType>(outer: Outer, inner: Inner): SecondOrder<Outer, Inner> {
  requireEngines("SecondOrder", outer, inner);
  const execution = outer.execution === "sync" && inner.execution === "sync" ? "sync" : "async";
  return { adtype: "second-order", execution, outer, inner } as SecondOrder<Outer, Inner>;
}

/** @throws AutodiffError for a part that is no engine's token. */
function requireEngines(who: string, ...parts: readonly unknown[]): void {
  for (const part of parts) if (!isADType(part)) throw new AutodiffError(`${who}: expected an engine such as AutoTape(), got ${describe(part)}.`);
}

/** Whether an argument is an engine's token. */
export function isADType(x: unknown): x is ADType {
  return typeof x === "object" && x !== null && "adtype" in x && typeof x.adtype === "string" && "execution" in x;
}

/**
 * Makes a token factory for an engine of your own. Options are plain data.
 *
 * @example
 * const AutoMine = defineADType("mine", "sync");
 * AutoMine({ step: 0.1 }) // { step: 0.1, adtype: "mine", execution: "sync" }
 */
export function defineADType<const Tag extends string, const E extends "sync" | "async", Options extends object = object>(
  adtype: Tag,
  execution: E,
): (options?: Options) => ADType & { readonly adtype: Tag; readonly execution: E } & Options {
  return (options) => {
    if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options))) {
      throw new AutodiffError(`The token of ${adtype} takes an object of options, such as { device: "wasm" }, got ${Array.isArray(options) ? "an array" : String(options)}.`);
    }
    return { ...(options as Options), adtype, execution };
  };
}
