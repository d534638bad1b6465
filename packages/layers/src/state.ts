import { AutodiffError, flatten, functor, isLayer, isRerun, stopGradient, Tensor, type AnyLayer, type Loss } from "@polyad/core";
import { mapLayers } from "./mapLayers.js";
import { constantArray } from "./stored.js";

/**
 * State that is computed and not trained, such as running statistics, lies in fields of a layer. A layer cannot change,
 * so in training it records what the fields are to become, `withState` returns the records beside the loss, and
 * `updateState` gives the model that has them.
 */

/** The fields of a layer that has state. */
export interface Stateful {
  /** Who it is, through all the copies that modes, updates and tracing make of it: `Symbol(name)`. */
  readonly id: symbol;
}

/** New values for fields of layers, by the layers' `id`. */
export type ModelState = ReadonlyMap<symbol, Readonly<Record<string, Tensor>>>;

/** What a loss returned, with the state beside it. */
export type WithState<R> = R extends readonly [infer L, ...infer Aux]
  ? { readonly loss: L; readonly aux: Aux; readonly state: ModelState }
  : R extends { readonly loss: unknown }
    ? R & { readonly state: ModelState }
    : { readonly loss: R; readonly state: ModelState };

/** What layers have recorded in the loss that runs, null outside of `withState`. */
let records: Map<symbol, Readonly<Record<string, Tensor>>> | null = null;

/**
 * A loss that also returns what the layers in it recorded, as `{ loss, state }` for `withgradient`. What the loss returned
 * besides comes along: `{ loss, ...aux }` as it is, `[loss, ...aux]` as `{ loss, aux, state }`.
 *
 * The state is that of the point of differentiation, on every engine, and carries no derivative. A layer that is used
 * twice in one loss updates its state twice, in order.
 *
 * @throws AutodiffError if two arguments hold one layer with state: see `separateState`.
 * @example
 * const model = trainMode(BatchNorm(1));
 * const loss = withState((m: typeof model, x: Tensor) => sum(square(m(x))));
 * const { val } = withgradient(loss, AutoTape(), model, tensor([[4], [6]], null, "float32"));
 * updateState(model, val.state).mean.toArray() // [0.5]
 */
export function withState<A extends unknown[], R extends Loss>(loss: (...args: A) => R): (...args: A) => WithState<R> {
  return (...args) => {
    checkApart(args);
    const outer = records;
    const state = new Map<symbol, Readonly<Record<string, Tensor>>>();
    records = state;
    try {
      return merge(loss(...args), state) as WithState<R>;
    } finally {
      records = outer;
    }
  };
}

function merge(result: Loss, state: ModelState): object {
  if (Array.isArray(result)) {
    const [loss, ...aux] = result as readonly unknown[];
    return { loss, aux, state };
  }
  if (typeof result !== "object" || (result as unknown) === null || result instanceof Tensor || !("loss" in result)) return { loss: result, state };
  if ("state" in result) {
    throw new AutodiffError("withState: the loss returned { loss, state }, and `state` is where the layers' own comes. Give it another name; or wrap the loss only once, if train() has it, which does so itself.");
  }
  return { ...result, state };
}

/**
 * Records the next values of some of a layer's fields. `next` gets them as they stand, without their derivatives: as the
 * layer recorded them last in this loss, else as it has them. For the call of own layers too, if `id: Symbol(name)` is
 * among their fields.
 *
 * @throws AutodiffError outside of `withState`, where the state would be lost.
 * @example
 * const Counter = defineLayer(
 *   "Counter",
 *   () => ({ calls: Const(zeros([])), id: Symbol("Counter") }),
 *   (self, x) => {
 *     recordState("Counter", self.id, { calls: self.calls }, ({ calls }) => ({ calls: add(calls, 1) }));
 *     return x;
 *   },
 * );
 * const model = Counter();
 * const { state } = withState(() => model(model(5)))();
 * updateState(model, state).calls.value.item() // 2
 */
export function recordState<S extends Readonly<Record<string, Tensor>>>(name: string, id: symbol, fields: S, next: (now: S) => S): void {
  if (records === null) {
    if (isRerun()) return; // by checkpoint(), in the backward pass
    throw new AutodiffError(
      `layer ${name} is in training, and its new running state would be lost. Differentiate withState(loss), and put val.state into ` +
        "the model with updateState(model, val.state); train() does both. For use instead of training: testMode(model).",
    );
  }
  const now = constant({ ...fields, ...records.get(id) });
  records.set(id, constant(next(now)));
}

/** Tensors without the derivatives that they carry here. */
function constant<S extends Readonly<Record<string, Tensor>>>(fields: S): S {
  return Object.fromEntries(Object.entries(fields).map(([key, x]) => [key, stopGradient(x)])) as S;
}

/**
 * The model with the state that its layers recorded. State of other models is left alone.
 *
 * @throws AutodiffError if none of the state is of this model, or if two of its layers are taken for one.
 * @example
 * const model = trainMode(BatchNorm(1));
 * const { state } = withState((m) => sum(m(tensor([[4], [6]]))))(model);
 * updateState(model, state).mean.toArray() // [0.5]
 */
export function updateState<T>(model: T, state: ModelState): T {
  if (!(state instanceof Map)) {
    throw new AutodiffError("updateState: expected the state that withState(loss) returned beside the loss. Write updateState(model, val.state).");
  }
  let found = state.size === 0;
  const seen = new Map<symbol, object>();
  const updated = mapLayers(model, (fields) => {
    const entry = isStateful(fields) ? state.get(fields.id) : undefined;
    if (entry === undefined || !isStateful(fields)) return null;
    const first = seen.get(fields.id) ?? fields;
    if (Object.keys(entry).some((key) => arrayAt(first, key) !== arrayAt(fields, key))) {
      throw new AutodiffError(`updateState: two layers are both taken for ${fields.id.description}, and differ: one was made from the other, with other running state. Give one a state of its own with separateState(layer).`);
    }
    seen.set(fields.id, first);
    found = true;
    return entry;
  });
  if (!found) throw new AutodiffError("updateState: none of the state belongs to a layer of this model. It was recorded by another one.");
  return updated;
}

/**
 * The model with a state of its own: the same values, but layers that are no longer taken for those of the model that
 * it was made from. For a second model in one loss that started as a copy of the first, as a teacher of its student.
 *
 * @example
 * const student = BatchNorm(1);
 * const teacher = separateState(student);
 * [teacher.mean === student.mean, teacher.id === student.id] // [true, false]
 */
export function separateState<T>(model: T): T {
  const ids = new Map<symbol, symbol>();
  return mapLayers(model, (fields) => {
    if (!isStateful(fields)) return null;
    const id = ids.get(fields.id) ?? Symbol(fields.id.description);
    ids.set(fields.id, id);
    return { id };
  });
}

/** What a field holds, of a constant one what is in it. */
function arrayAt(fields: object, key: string): unknown {
  const field: unknown = Reflect.get(fields, key);
  return constantArray(field) ?? field;
}

function isStateful(fields: object): fields is Stateful {
  return "id" in fields && typeof fields.id === "symbol";
}

/** Layers that stand for one in two models would update one state in turn, and both models would be wrong. */
function checkApart(args: readonly unknown[]): void {
  const seen = new Map<symbol, number>();
  args.forEach((arg, i) => {
    for (const id of recording(arg)) {
      const before = seen.get(id) ?? i;
      if (before !== i) {
        throw new AutodiffError(
          `withState: arguments ${before} and ${i} are in training and share the layer ${id.description}: one was made from the other. ` +
            "Give one a state of its own with separateState(model), or use it in testMode(model).",
        );
      }
      seen.set(id, i);
    }
  });
}

/** The layers with state in a tree that are in training. */
function recording(tree: unknown): symbol[] {
  const stateful = (x: unknown): x is AnyLayer & Stateful => isLayer(x) && isStateful(x[functor]()!.children);
  const layers = flatten(tree, stateful).leaves.filter(stateful);
  return layers.filter((layer) => !("training" in layer) || layer.training === true).map(({ id }) => id);
}
