import { flatten, scope, Tensor, TreeError, vendorLeaf, type Gradient, type LeafTypes } from "@polyad/core";
import { tensorOf } from "../arrays.js";
import type { Rule } from "./rule.js";

/**
 * What an optimiser keeps for one array: a node of the state tree, at every place where the array lies in the model.
 *
 * @example
 * const { w } = setup(Momentum(0.1), { w: tensor([1, 2]), name: "mine" });
 * [w.rule.name, w.array, w.frozen, w.state.toArray()] // ["Momentum", "float64[2]", false, [0, 0]]
 */
export class ParameterState<R extends Rule = Rule> {
  constructor(
    readonly rule: R,
    /** The rule's own: tensors, numbers, trees of these. */
    readonly state: unknown,
    /** A frozen array takes no steps, and its state stays as it is. */
    readonly frozen: boolean,
    /** The dtype and shape of the array, as `float32[2, 3]`. */
    readonly array: string,
  ) {}
}

/** The state tree of a model: its containers as plain ones, a `ParameterState` for each array, null for what is not trained. */
export type OptimiserState<R extends Rule, T> = StateOf<R, Gradient<T>>;

type StateOf<R extends Rule, G> = unknown extends G
  ? unknown
  : G extends number | null
    ? null
    : G extends LeafTypes[keyof LeafTypes][0]
      ? ParameterState<R> | null
      : G extends ReadonlyMap<infer K, infer V>
        ? Map<K, StateOf<R, V>>
        : { -readonly [K in keyof G]: StateOf<R, G[K]> };

/** Whether a node of a state tree is what is kept for one array. */
export function isParameterState(x: unknown): x is ParameterState {
  return x instanceof ParameterState;
}

/** Whether a leaf can be trained: float arrays, those of other libraries, too. */
export function isTrainableArray(leaf: unknown): boolean {
  if (leaf instanceof Float64Array || leaf instanceof Float32Array) return true;
  return leaf instanceof Tensor ? isFloat(leaf) : vendorLeaf(leaf) !== null && scope(() => isFloat(tensorOf(leaf)!));
}

function isFloat({ weak, dtype }: Tensor): boolean {
  return !weak && (dtype === "float64" || dtype === "float32");
}

/** The nodes of a state tree, each once. @throws TreeError for what is no state tree. */
export function parameterStates(who: string, tree: unknown): Set<ParameterState> {
  const nodes = new Set<ParameterState>();
  for (const node of flatten(tree, isParameterState).leaves) {
    if (isParameterState(node)) nodes.add(node);
    else if (node !== null) throw new TreeError(`${who}: must not be applied to a model, only to the state tree from setup(rule, model).`);
  }
  return nodes;
}
