import { AutodiffError, flatten, Grads, Tensor } from "@polyad/core";
import { isParameterState, isTrainableArray } from "./parameterState.js";
import { isRule } from "./rule.js";

/** @throws AutodiffError for what is known to be taken for the arguments of `update`, with what to pass instead. */
export function checkUpdate(state: unknown, grad: unknown): void {
  if (isRule(state) || !isStateTree(state)) {
    const got = isRule(state) ? `the rule ${state.name}` : "a model";
    throw new AutodiffError(`update: got ${got} for the state. update(state, model, grad) needs state = setup(rule, model).`);
  }
  const mistake = mistaken(state, grad);
  if (mistake !== null) throw new AutodiffError(`update: got ${mistake}`);
}

function isStateTree(state: unknown): boolean {
  const { leaves } = flatten(state, isParameterState);
  return leaves.some(isParameterState) || !leaves.some((leaf) => isTrainableArray(leaf) || typeof leaf === "function");
}

function mistaken(state: unknown, grad: unknown): string | null {
  if (grad === undefined) return "undefined for the gradient. Null says that there is none; has gradient() fewer entries than it was asked for?";
  if (grad instanceof Promise) return "a promise for the gradient. Await it: the engine is asynchronous.";
  if (grad instanceof Grads) return "Grads, of the implicit form, for the gradient. Pass an entry of gradient(loss, engine, model, …), as grad[0].";
  if (isTuple(state, grad)) return "the tuple of all gradients. Pass the model's entry, as grad[0].";
  if (isObject(grad) && "val" in grad && "grad" in grad && !(isObject(state) && "val" in state)) {
    return "{ val, grad }, as withgradient returns it, for the gradient. Pass the model's entry, as grad[0] of it.";
  }
  return null;
}

/** Whether this is one gradient per argument, not that of the model: state trees are like gradients. */
function isTuple(state: unknown, grad: unknown): boolean {
  if (!Array.isArray(grad) || grad.length === 0) return false;
  if (!Array.isArray(state)) return true;
  const first: unknown = grad[0];
  return grad.length !== state.length && Array.isArray(first) && first.length === state.length;
}

function isObject(x: unknown): x is object {
  return typeof x === "object" && x !== null && !(x instanceof Tensor);
}
