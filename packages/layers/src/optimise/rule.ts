import { AutodiffError, type Tensor } from "@polyad/core";
import { describe } from "./describe.js";
import { checkHyperparameter } from "./hyperparameters.js";

/**
 * A rule of optimisation as plain data: its name and its hyperparameters. It prints, survives `structuredClone`, and
 * lies in the state tree of a model. What it does is in `defineRule`.
 */
export interface Rule<N extends string = string> {
  readonly name: N;
}

/** Met by rules alone: a constructor that was not called has a name, too. */
export type Called<R> = R extends Function ? "Rules are called: Adam(), not Adam" : unknown;

/** What a rule makes of a gradient. */
export interface Step<S> {
  readonly state: S;
  /** What is subtracted from the parameter; null where there is no step this time. */
  readonly dx: Tensor | null;
}

/** What a rule does, for one array: pure functions, written in ops. */
export interface RuleMethods<R, S> {
  /** The state before the first step: tensors (of the dtype, shape and device of x, unless there is a reason), numbers, trees of these. */
  init(rule: R, x: Tensor): S;
  /** The next state, and the step: x becomes x − dx. */
  apply(rule: R, state: S, x: Tensor, dx: Tensor): Step<S>;
}

/** Makes rules of one name: the main hyperparameter first, the others by name, each optional. */
export type RuleConstructor<R extends Rule, F extends keyof R> = (first?: R[F], options?: Partial<Omit<R, F | "name">>) => R;

const table = new Map<string, RuleMethods<Rule, unknown>>();

/**
 * Defines a rule: its name, the hyperparameter that comes first, all defaults, and what it does to one array.
 *
 * @throws AutodiffError if there is a rule of this name.
 * @example
 * const SignDescent = defineRule("SignDescent", "eta", { eta: 0.1 }, {
 *   init: () => null,
 *   apply: ({ eta }, state, _x, dx) => ({ state, dx: mul(eta, sign(dx)) }),
 * });
 * const x = tensor([3, -4]);
 * update(setup(SignDescent(0.5), x), x, tensor([7, -8])).model.toArray() // [2.5, -3.5]
 */
export function defineRule<R extends Rule, F extends keyof R & string, S>(
  name: R["name"],
  first: F,
  defaults: Omit<R, "name">,
  methods: RuleMethods<R, S>,
): RuleConstructor<R, F> {
  register(name, methods);
  const rule = { name, ...defaults } as R;
  const { [name as string]: make } = {
    [name]: (value?: R[F], options: object = {}): R => {
      if (typeof value === "object" && value !== null && typeof rule[first] !== "object") {
        throw new AutodiffError(`${name}: expected ${first} first, got ${describe(value)}. Write ${name}(${String(rule[first])}, { … }).`);
      }
      if (typeof options !== "object" || options === null || Array.isArray(options)) {
        throw new AutodiffError(`${name}: expected the other hyperparameters by name, got ${describe(options)}. Write ${name}(${String(value)}, { … }).`);
      }
      return withHyperparameters(rule, { ...options, ...(value !== undefined && { [first]: value }) });
    },
  };
  return make!;
}

/** Enters what a rule does under its name. */
export function register<R extends Rule, S>(name: R["name"], methods: RuleMethods<R, S>): void {
  if (table.has(name)) throw new AutodiffError(`defineRule: there is a rule called ${name} already. Give this one another name.`);
  table.set(name, methods as RuleMethods<Rule, unknown>);
}

/** The rule with other hyperparameters. @throws AutodiffError for a name that it does not have, or a value of another form. */
export function withHyperparameters<R extends Rule>(rule: R, changes: object): R {
  const next: Record<string, unknown> = { ...(rule as object) };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (key === "name" || !Object.hasOwn(rule, key)) {
      const known = Object.keys(rule).filter((name) => name !== "name");
      throw new AutodiffError(`${rule.name}: there is no hyperparameter ${key}. It has ${known.length === 0 ? "none" : known.join(", ")}.`);
    }
    checkHyperparameter(rule.name, key, value, next[key]);
    next[key] = Array.isArray(value) ? [...value] : value;
  }
  return next as object as R;
}

/**
 * Whether x is a rule: plain data whose name is that of a rule.
 *
 * @example
 * [isRule(Adam()), isRule(Adam), isRule({ eta: 0.1 })] // [true, false, false]
 */
export function isRule(x: unknown): x is Rule {
  return typeof x === "object" && x !== null && "name" in x && typeof x.name === "string" && table.has(x.name);
}

/** The state of a rule before its first step on x. */
export function initRule(rule: Rule, x: Tensor): unknown {
  return methodsOf(rule).init(rule, x);
}

/** One step of a rule on one array. */
export function applyRule(rule: Rule, state: unknown, x: Tensor, dx: Tensor): Step<unknown> {
  return methodsOf(rule).apply(rule, state, x, dx);
}

function methodsOf({ name }: Rule): RuleMethods<Rule, unknown> {
  const methods = table.get(name);
  if (methods === undefined) {
    throw new AutodiffError(`There is no rule called ${name}. Import it, or define it with defineRule. Known: ${[...table.keys()].sort().join(", ")}.`);
  }
  return methods;
}
