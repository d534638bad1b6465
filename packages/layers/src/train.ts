import { all, any, AutodiffError, AutoTape, Const, dispose, flatten, isFinite, leaves, notEqual, scope, sum, trainableLeaves, withgradient, type ADType, type Loss, type Traced, type Value } from "@polyad/core";
import { tensorOf } from "./arrays.js";
import { testMode, trainMode } from "./mode.js";
import { adjust } from "./optimise/adjust.js";
import { isParameterState, type OptimiserState } from "./optimise/parameterState.js";
import type { Called, Rule } from "./optimise/rule.js";
import { update } from "./optimise/update.js";
import { progressOn, type ProgressPoint } from "./progress.js";
import { updateState, withState, type ModelState } from "./state.js";
import { opened, until, type Stream } from "./stream.js";
import { warnOnce } from "./warn.js";
import { checkTraining, stateOf, type Answer, type CommonOptions } from "./trainOptions.js";

/** Where training stands. Saved at the end of an epoch, and given as `start`, it is all that a resumed run needs, but for generators. */
export interface Training<M, S> {
  /** In testMode, if it has layers with modes. */
  readonly model: M;
  /** The optimiser's. */
  readonly state: S;
  /** Epochs that have been finished. */
  readonly epochs: number;
  readonly steps: number;
  /** Mean loss of the items of the last epoch, each taken before its step; NaN before the first. */
  readonly loss: number;
}

/** One step, after it was taken. */
export interface TrainingStep<M, S, Item, Aux> extends Training<M, S> {
  /** As it is trained: in trainMode. */
  readonly model: M;
  /** Of this item, before the step. */
  readonly loss: number;
  readonly item: Item;
  /** The item's place in its epoch, from 0. */
  readonly index: number;
  /** What the loss returned besides. */
  readonly aux: Aux;
}

export interface TrainOptions<M, S, Item, Aux> extends CommonOptions {
  onStep?(step: TrainingStep<M, S, Item, Aux>): Answer;
  onEpoch?(training: Training<M, S>): Answer;
}

/** What is passed to the loss: the entries of a tuple one by one, anything else whole. */
export type ItemArguments<Item> = Item extends readonly [...infer T] ? T : [item: Item];

/** What a loss returned besides the loss. */
export type Aux<R> = R extends readonly [unknown, ...infer Rest] ? Rest : R extends { readonly loss: unknown } ? Omit<R, "loss"> : undefined;

/** The state of a rule for a model, or the state itself. */
export type StateFor<O, M> = O extends Rule ? OptimiserState<O, M> : O;

/**
 * Training met a loss or parameters that are not finite, and did not take the step; or data that were read up.
 *
 * @example
 * const data = [[tensor(1)], [tensor(Infinity)]];
 * const error = await train((m, x) => square(sub(m, x)), tensor(0), data, Descent(0.1)).catch((e) => e);
 * error.message // "Loss is Infinity on data item 1, stopping training before its step. In this error, item is the data item, and training has the last good model and state."
 * [error.index, error.training.model.item()] // [1, 0.2]
 */
export class TrainingError extends AutodiffError {
  override readonly name = "TrainingError";

  constructor(
    message: string,
    /** The last good model and state. */
    readonly training: Training<unknown, unknown>,
    /** Undefined where data that can be read only once had no more. */
    readonly item: unknown,
    /** The item's place in its epoch, from 0. */
    readonly index: number,
  ) {
    super(message);
  }
}

/**
 * Fits a model to data: for each item the gradient of loss(model, ...item) and a step of the optimiser, a rule or a state
 * from `setup`. An item that is a tuple is passed entry by entry; items are constant. The loss may return
 * `[loss, ...aux]` or `{ loss, ...aux }`. Layers with modes are trained in trainMode, and running statistics are kept.
 *
 * Resolves with the new model and state, also where it was stopped, by `signal` or a callback: what has been learned is not
 * lost, and `stopped` says so. Whoever needs the signal's reason has the signal.
 *
 * @throws TrainingError when a loss or a new parameter is not finite, with the model before that step, or where data that can
 * be read only once has nothing for a later epoch; AutodiffError for empty data, a model with nothing to train, or options that do not exist.
 * @example
 * const data = [[tensor([1, 2]), tensor([2, 4])]];
 * const loss = (m, x, y) => mean(square(sub(mul(m.w, x), y)));
 * const { model, steps } = await train(loss, { w: tensor(0) }, data, Descent(0.1), { epochs: 100 });
 * [model.w.item().toFixed(5), steps] // ["2.00000", 100]
 */
export async function train<M, const Item, O extends Rule | OptimiserState<Rule, M>, R extends Loss>(
  loss: (model: Traced<NoInfer<M>>, ...item: ItemArguments<Item>) => R,
  model: M,
  data: Stream<Item>,
  optimiser: O & Called<O>,
  options?: TrainOptions<M, StateFor<O, M>, Item, Aux<R>>,
): Promise<Training<M, StateFor<O, M>> & { readonly stopped: boolean }>;
export async function train(
  loss: Function,
  model: unknown,
  data: Stream<unknown>,
  optimiser: unknown,
  options: TrainOptions<unknown, unknown, unknown, unknown> = {},
): Promise<Training<unknown, unknown> & { readonly stopped: boolean }> {
  checkTraining(loss, model, data, options);
  const { engine = AutoTape(), epochs = 1, onStep, onEpoch, signal, progress = false, schedule, start } = options;
  const hasModes = flatten(model).def.paths.some((path) => path.endsWith(".training"));
  const differentiate = lossAndGradient(loss, engine);
  const pause = pauses();
  let current = hasModes ? trainMode(model) : model;
  let state = stateOf(optimiser, model);
  let theirs: readonly unknown[] = [model, optimiser]; // what others have: it is never freed here
  let own: unknown = state === optimiser ? null : state; // what nobody else has, but for that: a device may forget it when it is replaced
  let made: unknown = null; // by the step that is being taken
  let [done, steps, mean, stopped] = [start?.epochs ?? 0, start?.steps ?? 0, NaN, false];
  const end = done + epochs;
  const aborted = (): boolean => signal?.aborted === true;
  const training = (): Training<unknown, unknown> => ({ model: hasModes ? testMode(current) : current, state, epochs: done, steps, loss: mean });
  const bars = await progressOn(progress);
  try {
    while (done < end && !stopped && !aborted()) {
      const source = opened("train", data);
      const length = "length" in source && typeof source.length === "number" ? source.length : null;
      let [index, total] = [0, 0];
      const point = (): ProgressPoint => ({ epoch: done, epochs: end, items: index, total: length, loss: total / index });
      for await (const item of until(signal, source)) {
        await pause();
        stopped = aborted();
        if (stopped) break;
        const { loss, aux, grad, recorded } = await differentiate(current, item);
        made = [grad, recorded, aux];
        const fail = (what: string, next: unknown = null): TrainingError => {
          dispose([made, next], [current, state, theirs, item]);
          const rest = "In this error, item is the data item, and training has the last good model and state.";
          return new TrainingError(`${what} on data item ${index}, stopping training before its step. ${rest}`, training(), item, index);
        };
        if (!Number.isFinite(loss)) throw fail(`Loss is ${loss}`);
        if (steps === (start?.steps ?? 0) && isZero(grad)) {
          warnOnce("train: the gradient of the first item is zero in every parameter, so that it trains nothing. Use the model that the loss is given, (model, x, y) => …, not one from outside of it.");
        }
        if (schedule !== undefined) state = adjust(state, schedule(steps));
        const next = update(state, current, grad);
        const broken = notFinite(current, next.model) ?? notFiniteState(state, next.state);
        if (broken !== null) throw fail(`The loss is ${loss}, but its step makes ${broken} NaN or infinite`, next);
        state = next.state;
        current = recorded.size > 0 ? updateState(next.model, recorded) : next.model;
        dispose([grad, own, onStep === undefined ? aux : null], [current, state, theirs, item]);
        [own, made] = [{ current, state }, null];
        [index, steps, total] = [index + 1, steps + 1, total + loss];
        mean = total / index;
        bars?.step(point());
        if (onStep !== undefined) [own, theirs] = [null, [model, optimiser, current, state]];
        stopped = (await onStep?.({ model: current, state, epochs: done, steps, loss, item, index: index - 1, aux })) === "stop";
        if (stopped) break;
      }
      if (stopped) break;
      if (index === 0) throw empty(done - (start?.epochs ?? 0), data, training);
      bars?.epoch(point());
      done++;
      if (onEpoch !== undefined) [own, theirs] = [null, [model, optimiser, current, state]];
      stopped = (await onEpoch?.(training())) === "stop";
    }
    return { ...training(), stopped: stopped || done < end };
  } catch (error) {
    if (!(error instanceof TrainingError)) dispose([made, own], theirs); // what nobody will ever have
    throw error;
  } finally {
    bars?.stop();
  }
}

interface Differentiated {
  readonly loss: number;
  readonly aux: unknown;
  readonly grad: unknown;
  /** What layers are to remember. */
  readonly recorded: ModelState;
}

/** The loss of a model at an item, with all that comes of it. */
function lossAndGradient(loss: Function, engine: ADType): (model: unknown, item: unknown) => Promise<Differentiated> {
  let form: "value" | "tuple" | "object" = "value";
  const f = withState((...args: unknown[]): Loss => {
    const result: Loss = Reflect.apply(loss, undefined, args);
    form = Array.isArray(result) ? "tuple" : typeof result === "object" && result !== null && "loss" in result ? "object" : "value";
    return result;
  });
  return async (model, item) => {
    const items: readonly unknown[] = Array.isArray(item) ? item : [item];
    const { val, grad } = await withgradient(f, engine, model, ...items.map(Const));
    const { loss: y, state, ...rest } = val as { readonly loss: Value; readonly state: ModelState; readonly aux?: unknown };
    let read: number;
    try {
      read = typeof y === "number" ? y : y.device.reads === "sync" ? y.item() : (await y.data())[0]!;
    } catch (error) {
      dispose([val, grad], [model, items]);
      throw error;
    }
    dispose(y);
    return { loss: read, aux: form === "value" ? undefined : form === "tuple" ? rest.aux : rest, grad: grad[0], recorded: state };
  };
}

/** Whether nothing depends on the model, as far as can be read without waiting. */
function isZero(grad: unknown): boolean {
  return scope(() =>
    leaves(grad).every((leaf) => {
      const g = tensorOf(leaf);
      return g === null || (g.device.reads === "sync" && any(notEqual(g, 0)).item() === 0);
    }),
  );
}

/** The path of a parameter that a step has made NaN or infinite, null for none. Where devices read asynchronously nobody looks. */
function notFinite(before: unknown, after: unknown): string | null {
  const old = flatten(before).leaves;
  const broken = trainableLeaves(after).find(({ leaf, index }) => leaf !== old[index] && !scope(() => isAllFinite(leaf)));
  return broken === undefined ? null : flatten(after).def.paths[broken.index]! || "the model";
}

/** The same of what the optimiser keeps, in which a gradient may wait for later steps. */
function notFiniteState(before: unknown, after: unknown): string | null {
  const old = new Set(flatten(before, isParameterState).leaves);
  const { leaves, def } = flatten(after, isParameterState);
  const broken = leaves.findIndex((node) => isParameterState(node) && !old.has(node) && !scope(() => flatten(node.state).leaves.every(isAllFinite)));
  return broken < 0 ? null : `the optimiser's state${def.paths[broken]! === "" ? "" : ` of ${def.paths[broken]!}`}`;
}

function isAllFinite(leaf: unknown): boolean {
  if (typeof leaf === "number") return Number.isFinite(leaf);
  if (leaf instanceof Float64Array || leaf instanceof Float32Array) return leaf.every(Number.isFinite);
  const x = tensorOf(leaf);
  if (x === null || x.device.reads === "async") return true;
  return Number.isFinite(sum(x).item()) || all(isFinite(x)).item() === 1; // a sum may overflow
}

/** Lets timers, signals and terminals have their turn, some twenty times a second. */
function pauses(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < 50) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        last = performance.now();
        resolve();
      }, 0);
    });
  };
}

function empty(epoch: number, data: Stream<unknown>, training: () => Training<unknown, unknown>): AutodiffError {
  const empty = "train: the data is empty";
  if (epoch === 0) return new AutodiffError(`${empty}.`);
  const once = typeof data === "function" ? "" : ": it can be read only once. Pass a function that makes it anew, () => …";
  return new TrainingError(`${empty} in epoch ${epoch + 1}${once}. In this error, training has the last good model and state.`, training(), undefined, 0);
}
