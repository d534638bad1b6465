import { changeStates } from "./changeStates.js";
import { ParameterState, parameterStates } from "./parameterState.js";

/**
 * The state tree with the arrays at a path, or below it, frozen: `update` leaves them and their state as they are, until
 * `thaw`. All arrays unless there is a path, which is a list of keys. A tied array is frozen as one.
 *
 * @throws TreeError if it is applied to a model, or if there is nothing at the path.
 * @example
 * const model = { body: tensor([1]), head: tensor([2]) };
 * const state = freeze(setup(Descent(1), model), ["body"]);
 * update(state, model, { body: tensor([5]), head: tensor([1]) }).model // { body: [1], head: [1] }
 */
export function freeze<S>(state: S, path: readonly unknown[] = []): S {
  return setFrozen("freeze", state, path, true);
}

/**
 * The state tree with the arrays at a path, or below it, trained again, from the state that they were frozen in.
 *
 * @throws TreeError if it is applied to a model, or if there is nothing at the path.
 * @example
 * const model = { body: tensor([1]), head: tensor([2]) };
 * const state = thaw(freeze(setup(Descent(1), model)), ["head"]);
 * update(state, model, { body: tensor([5]), head: tensor([1]) }).model // { body: [1], head: [1] }
 */
export function thaw<S>(state: S, path: readonly unknown[] = []): S {
  return setFrozen("thaw", state, path, false);
}

/**
 * Whether every array is frozen, so that nothing would be trained.
 *
 * @example
 * isFrozen(freeze(setup(Descent(1), tensor([1])))) // true
 */
export function isFrozen(state: unknown): boolean {
  const nodes = [...parameterStates("isFrozen", state)];
  return nodes.length > 0 && nodes.every(({ frozen }) => frozen);
}

function setFrozen<S>(who: string, state: S, path: readonly unknown[], frozen: boolean): S {
  return changeStates(who, state, path, (node) => (node.frozen === frozen ? node : new ParameterState(node.rule, node.state, frozen, node.array)));
}
