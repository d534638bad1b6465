import { AutodiffError, flatten, identityOf, scope, trainableLeaves, type Tensor } from "@polyad/core";
import { tensorOf } from "../arrays.js";
import { warnOnce } from "../warn.js";
import { describe, notARule } from "./describe.js";
import { isTrainableArray, ParameterState, type OptimiserState } from "./parameterState.js";
import { initRule, isRule, type Called, type Rule } from "./rule.js";

/**
 * The state of an optimiser before its first step: a tree like the model's gradient, with a node for every float tensor
 * and typed array that is trained, and for those of other libraries that `registerLeaf` made known. (Steps make new
 * ones of these; what a library frees by hand is better trained as a Tensor, `fromTf(t)`.) An array that lies at several places has one node at all of them. Numbers have
 * gradients but are not trained.
 *
 * @throws AutodiffError if the first argument is no rule.
 * @example
 * const model = { w: tensor([1, 2]), n: 3, act: tanh };
 * const state = setup(Momentum(0.1), model);
 * state.w.rule // { name: "Momentum", eta: 0.1, rho: 0.9 }
 * [state.n, state.act] // [null, null]
 */
export function setup<R extends Rule, T>(rule: R & Called<R>, model: T): OptimiserState<R, T> {
  if (!isRule(rule)) {
    throw new AutodiffError(`setup: expected a rule first, as Adam(1e-3), ${notARule(rule)}`);
  }
  const { leaves, def } = flatten(model);
  const nodes = new Map<unknown, ParameterState<R>>();
  const places = leaves.map((): ParameterState<R> | null => null);
  for (const { leaf, index } of trainableLeaves(model)) {
    if (!isTrainableArray(leaf)) continue;
    const node = nodes.get(identityOf(leaf)) ?? scope(() => start(rule, tensorOf(leaf)!));
    nodes.set(identityOf(leaf), node);
    places[index] = node;
  }
  if (nodes.size === 0) {
    warnOnce("setup: found no trainable parameters in this model. They are float tensors and typed arrays; a number is one as tensor(x).");
  }
  return def.mirror(places) as OptimiserState<R, T>;
}

function start<R extends Rule>(rule: R, x: Tensor): ParameterState<R> {
  return new ParameterState(rule, initRule(rule, x), false, describe(x));
}
