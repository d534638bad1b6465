import { cast, fmap, fmapWith, identityOf, scope, sub, type Gradient, type LeafTypes, type Tensor } from "@polyad/core";
import { inFormOf, tensorOf, type ArrayLeaf } from "../arrays.js";
import { warnOnce } from "../warn.js";
import { checkUpdate } from "./misuse.js";
import { parametersOf } from "./parameters.js";
import { isParameterState, ParameterState, type OptimiserState } from "./parameterState.js";
import { applyRule, type Rule } from "./rule.js";

/** A gradient, parts of which may be null: these take no step. */
export type PartialGradient<G> = G extends LeafTypes[keyof LeafTypes][0] | number | null
  ? G | null | undefined
  : G extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<K, PartialGradient<V>> | null | undefined
    : { readonly [K in keyof G]: PartialGradient<G[K]> } | null | undefined;

/**
 * One step: each array x of the model becomes x − dx, where dx is what its rule makes of its gradient. Returns the new
 * state and the new model; what was given stays as it is.
 *
 * An array that lies at several places takes one step, by the sum of its gradients, and stays one object. Null in place
 * of a gradient, or of a whole part of it, means no step and no change of state, unlike zeros. A frozen array takes no
 * step either; where all are frozen, the model comes back as it is, and a warning says so.
 *
 * @throws AutodiffError, ShapeError or TreeError, with the path, where state or gradient do not fit the model.
 * @example
 * const model = { w: tensor([1, 2]), b: tensor([3]) };
 * const [grad] = gradient((m) => sum(mul(m.w, m.b)), AutoTape(), model);
 * update(setup(Descent(0.5), model), model, grad).model // { w: [-0.5, 0.5], b: [1.5] }
 */
export function update<T, S extends OptimiserState<Rule, T>>(
  state: S,
  model: T,
  grad: Gradient<NoInfer<T>> | PartialGradient<Gradient<NoInfer<T>>>,
): { state: S; model: T } {
  return scope(() => stepAll(state, model, grad));
}

function stepAll<T, S>(state: S, model: T, grad: unknown): { state: S; model: T } {
  checkUpdate(state, grad);
  const parameters = parametersOf(state, model, grad);
  if (parameters.size > 0 && [...parameters.values()].every(({ node }) => node.frozen)) {
    warnOnce("update: all parameters of the model are frozen, so that it stays as it is. Let some be trained with thaw(state).");
  }
  const stepped = new Map<unknown, Stepped>();
  for (const [array, { leaf, node, dx }] of parameters) if (dx !== null && !node.frozen) stepped.set(array, step(leaf, node, dx));
  return {
    state: fmapWith({ cache: null, exclude: isParameterState }, (node, x) => stepped.get(identityOf(x))?.node ?? node, state, model),
    model: fmap((x) => stepped.get(identityOf(x))?.x ?? x, model),
  };
}

interface Stepped {
  readonly x: ArrayLeaf;
  readonly node: ParameterState;
}

function step(leaf: unknown, { rule, state, frozen, array }: ParameterState, gradient: Tensor): Stepped {
  const x = tensorOf(leaf)!;
  const { state: next, dx } = applyRule(rule, state, x, gradient);
  return { x: dx === null ? (leaf as ArrayLeaf) : inFormOf(leaf, minus(x, dx)), node: new ParameterState(rule, next, frozen, array) };
}

/** x − dx in the dtype of x: a rule may compute in a wider one. */
function minus(x: Tensor, dx: Tensor): Tensor {
  const next = sub(x, dx);
  return next.dtype === x.dtype ? next : cast(next, x.dtype);
}
