import { UnsupportedError, type DType } from "@polyad/core/extend";
import { Disagreement } from "./compare.js";
import { accuracyOf, type Engine } from "./engine.js";
import type { Skip } from "./skip.js";

/** What a check is about. */
export type Group = "scenarios" | "laws" | "programs" | "errors" | "resources";

/** One thing that an engine must do, as data: the suite and the command line both run it. */
export interface Check {
  readonly group: Group;
  /** Unique within its group. */
  readonly name: string;
  /** The function, op or promise that it is about: a suite reports on all of that together. */
  readonly subject: string;
  /** Ops of core that it is about; none if it is about an operator. */
  readonly ops: readonly string[];
  readonly needs: Needs;
  /** Why this engine cannot be held to it, beyond its needs. */
  readonly without?: (engine: Engine) => string | undefined;
  /** @throws Error if the engine does otherwise. */
  run(engine: Engine, options: RunOptions): void | Promise<void>;
}

/** What an engine must be capable of to be held to a check. */
export interface Needs {
  /** Order of derivative: 0 for values. */
  readonly order: number;
  /** Uses operators of other orders than the second, so that a pair of engines has no part in it. */
  readonly single?: boolean;
  readonly dtypes?: readonly DType[];
  /** Calls the engine inside of f. */
  readonly nests?: boolean;
  /** Knows f's rules: kinks, exact zeros, arguments at which samples see nothing. */
  readonly rules?: boolean;
  /** Meets numbers that float32 does not hold. */
  readonly precise?: boolean;
}

export interface RunOptions {
  /** Random inputs for each law. */
  readonly runs: number;
  readonly seed: number;
  /** Which random input to begin with: the `path` of a failure of this check. */
  readonly path?: string | undefined;
  /** Modules that define engines, by tag, for programs that are printed to be run. */
  readonly modules?: Readonly<Record<string, string>> | undefined;
  /** Tensors that live on the engine's device now, if it can tell: every check must leave as many as it found. */
  readonly live?: (() => number) | undefined;
}

export const defaultRuns = 8;
export const defaultSeed = 20240607;

export type Outcome =
  | { readonly status: "pass" }
  | { readonly status: "unsupported" | "skipped"; readonly reason: string }
  | { readonly status: "FAIL"; readonly error: Error };

export interface Result {
  readonly engine: string;
  readonly check: Check;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** To what the engine is held by its own account, in words; null for what rules give. */
  readonly accuracy?: string | null;
}

/** Why this engine, by its own account, is not held to these needs. */
function beyond({ ad, orders, dtypes, samples, precision }: Engine, { order, single, dtypes: needed = [], nests, rules, precise }: Needs): string | undefined {
  if (order > orders.highest) return `derivatives of order ${order}: it declares ${orders.highest}`;
  if (order < orders.lowest || (single === true && orders.lowest === 2)) return "a pair of engines is for second order";
  if (nests === true && ad.execution === "async") return "an asynchronous engine inside of f: f is synchronous, and cannot await it";
  const missing = needed.filter((dtype) => !dtypes.includes(dtype));
  if (missing.length > 0) return `${missing.join(", ")}: it takes ${dtypes.join(", ")}`;
  if (samples && order > 1 && needed.length > 1) return "second order in two dtypes: it works from samples of f, which do not show where float32 rounded them";
  if (precise === true && precision === "float32") return "numbers beyond float32: it declares that precision for float64 too";
  if (rules === true && samples) return "it works from samples of f, which show no kinks, exact zeros or scales other than that of x";
  return undefined;
}

/** Why an engine is not held to a check: by its own account, or because its author says so. */
export function exemption(check: Check, engine: Engine, skips: readonly Skip[]): { status: "unsupported" | "skipped"; reason: string } | undefined {
  const inherent = beyond(engine, check.needs) ?? check.without?.(engine);
  if (inherent !== undefined) return { status: "unsupported", reason: inherent };
  const reason = skipped(check, skips);
  return reason === undefined ? undefined : { status: "skipped", reason };
}

/** Why the author of the engine leaves a check out. */
function skipped(check: Check, skips: readonly Skip[]): string | undefined {
  return skips.find(({ groups, scenarios, laws, ops }) => {
    if (groups?.includes(check.group) === false) return false;
    const named = check.group === "scenarios" ? scenarios : check.group === "laws" ? laws : undefined;
    const isNamed = scenarios === undefined && laws === undefined ? true : (named?.some((name) => check.name.includes(name)) ?? false);
    return isNamed && (ops === undefined || check.ops.some((op) => ops.includes(op)));
  })?.reason;
}

/** Holds an engine to a check. To refuse what it did not declare to be beyond it is a failure. */
export async function runCheck(check: Check, engine: Engine, options: RunOptions, skips: readonly Skip[] = []): Promise<Result> {
  const start = performance.now();
  const outcome = exemption(check, engine, skips) ?? (await outcomeOf(check, engine, options));
  return { engine: engine.name, check, outcome, milliseconds: performance.now() - start, accuracy: accuracyOf(engine) };
}

/** However it ends, the device must hold as many tensors as before. */
async function outcomeOf(check: Check, engine: Engine, options: RunOptions): Promise<Outcome> {
  const before = options.live?.() ?? 0;
  let failure: Error | undefined;
  try {
    await check.run(engine, options);
  } catch (error) {
    failure = failureOf(error, engine);
  }
  const left = (options.live?.() ?? 0) - before;
  if (left !== 0) failure = also(failure, left > 0 ? `${left} device tensors were left` : `${-left} device tensors were freed that the check had not made`);
  return failure === undefined ? { status: "pass" } : { status: "FAIL", error: failure };
}

function failureOf(error: unknown, { name }: Engine): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return unsupported(error) === undefined ? error : also(error, `${name} refuses what it does not declare to be beyond it. Declare it in its capabilities, or skip it with a reason, as in skip: [{ reason, … }].`);
}

/** An error that says more, about the same random input. */
function also(error: Error | undefined, more: string): Error {
  if (error === undefined) return new Disagreement(more);
  return new Disagreement(`${error.message}\n${more}`, { cause: error }, error instanceof Disagreement ? error.path : undefined);
}

/** The engine's own refusal behind an error, which a law may have wrapped. */
function unsupported(error: unknown): UnsupportedError | undefined {
  if (error instanceof UnsupportedError) return error;
  return error instanceof Error && error.cause !== undefined ? unsupported(error.cause) : undefined;
}
