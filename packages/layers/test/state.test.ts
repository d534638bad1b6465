import {
  add, AutoFiniteDiff, AutoForward, AutoTape, BatchNorm, Const, Dropout, defineLayer, fmap, functor, generator, getPath, gradient, isLayer, mean, mul, ones,
  params, prepareWithgradient, recordState, requireMode, separateState, square, sum, tensor, testMode, Tensor, trainMode, updateState, withgradient, withState, zeros,
  type Mode, type ModelState,
} from "polyad";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { engines, expectClose, plain } from "../../../test/support.js";

const x = tensor([[1, 10], [2, 30], [6, -10]]);

/** In float64, so that finite differences can follow. */
function norm(channels = 2, training: Mode = true) {
  const made = BatchNorm(channels);
  return BatchNorm.from({
    ...made[functor]()!.children,
    scale: ones([channels]), bias: zeros([channels]), mean: zeros([channels]), variance: ones([channels]), training,
  });
}
type Norm = ReturnType<typeof norm>;

const statistics = (model: { mean: Tensor | null; variance: Tensor | null }): unknown => [plain(model.mean), plain(model.variance)];
const stateOf = (state: ModelState): unknown[] => [...state.values()].map(plain);

describe("modes", () => {
  const layers = () => ({ a: Dropout(0.5, generator(1)), list: [BatchNorm(2)], training: "a user's own", other: { training: null } });

  it("are told to every layer, and to nothing else", () => {
    const model = layers();
    const train = trainMode(model);
    expect([train.a.training, train.list[0]!.training, train.training, train.other.training]).toEqual([true, true, "a user's own", null]);
    const test_ = testMode(train);
    expect([test_.a.training, test_.list[0]!.training]).toEqual([false, false]);
    expect(model.a.training).toBe(null);
  });

  it("keep arrays, types, generators and ties", () => {
    const tied = BatchNorm(2);
    const model = trainMode({ first: tied, inner: [tied, { second: tied }], rest: BatchNorm(2) });
    expect(model.first).toBe(model.inner[0]);
    expect((model.inner[1] as { second: unknown }).second).toBe(model.first);
    expect(model.rest).not.toBe(model.first);
    expect(model.first).toBeInstanceOf(BatchNorm);
    expect(model.first.mean).toBe(tied.mean);
    expect(model.first.id).toBe(tied.id);
    const drop = Dropout(0.5, generator(1));
    expect(trainMode(drop).rng).toBe(drop.rng);
  });

  it("reach layers inside of layers, and own ones", () => {
    const Own = defineLayer("Own", () => ({ training: null as Mode, inner: Dropout(0.5, generator(1)) }), (self, v: Tensor) =>
      requireMode("Own", self.training) ? mul(self.inner(v), 0) : self.inner(v));
    const own = testMode(Own());
    expect(plain(own(tensor([1, 2])))).toEqual([1, 2]);
    expect(plain(trainMode(own)(tensor([1, 2])))).toEqual([0, 0]);
    expect(() => Own()(tensor([1]))).toThrow("layer Own has not been told whether it is being trained. Use trainMode(model)");
  });

  it("must be chosen before a call", () => {
    expect(() => Dropout(0.5, generator(1))(x)).toThrow("layer Dropout(0.5) has not been told whether it is being trained. Use trainMode(model) for training and testMode(model) for use");
    expect(() => BatchNorm(2)(x)).toThrow("layer BatchNorm(2) has not been told");
  });
});

describe("state", () => {
  const momentum = 0.1;
  const batch = [[3, 10], [14 / 3, 800 / 3]] as const;
  const corrected = batch[1].map((v) => (v * 3) / 2);
  const once = [batch[0].map((m) => momentum * m), corrected.map((v) => 1 - momentum + momentum * v)];
  const loss = withState((m: Norm, v: Tensor) => sum(mul(m(v), square(v))));

  test.each(engines)("is returned beside the loss, at the point itself, by $adtype", (ad) => {
    const { val, grad } = withgradient(loss, ad, norm(), x);
    expect(val.state.size).toBe(1);
    const [state] = val.state.values();
    expectClose([state!.mean, state!.variance], once, 1e-15);
    expect(state!.mean).toBeInstanceOf(Tensor);
    expect(state!.mean!.trace).toBe(null);
    // Σ x²·(x − x̄)/σ, by hand for each channel
    expectClose(val.loss, [[1, 2, 6], [10, 30, -10]].reduce((total, v, c) => total + v.reduce((t, a) => t + (a * a * (a - batch[0][c]!)) / Math.sqrt(batch[1][c]! + 1e-5), 0), 0), 1e-12);
    expectClose(grad, withgradient(loss, AutoTape(), norm(), x).grad, 1e-6);
    expect(plain(grad[0].mean)).toEqual([0, 0]);
    expect([grad[0].training, grad[0].id, grad[0].eps, grad[0].activation]).toEqual([null, null, null, null]);
  });

  it("becomes the model's, again and again", () => {
    let model = norm();
    for (let i = 0; i < 300; i++) model = updateState(model, loss(model, x).state);
    expectClose(statistics(model), [batch[0], corrected], 1e-12);
    expect(model.training).toBe(true);
    expectTypeOf(updateState(model, new Map())).toEqualTypeOf<Norm>();
  });

  it("is updated in order by a layer that is used twice", () => {
    const twice = withState((m: Norm, v: Tensor) => sum(add(m(v), m(mul(v, 2)))));
    const model = norm();
    const next = updateState(model, twice(model, x).state);
    const afterOne = updateState(model, loss(model, x).state);
    const afterTwo = updateState(afterOne, loss(afterOne, mul(x, 2)).state);
    expectClose(statistics(next), statistics(afterTwo), 1e-15);
  });

  test.each(engines)("is one where a layer is tied, under $adtype", (ad) => {
    const shared = norm();
    const model = { a: shared, b: [shared] };
    const both = withState((m: typeof model, v: Tensor) => sum(add(m.a(v), m.b[0]!(mul(v, 2)))));
    const { val } = withgradient(both, ad, model, x);
    expect(val.state.size).toBe(1);
    const next = updateState(model, val.state);
    expect(next.a).toBe(next.b[0]);
    const afterOne = updateState(shared, loss(shared, x).state);
    expectClose(statistics(next.a), statistics(updateState(afterOne, loss(afterOne, mul(x, 2)).state)), 1e-15);
  });

  it("of two models in one loss is apart", () => {
    const [a, b] = [norm(), norm()];
    const two = withState((m: Norm, n: Norm, v: Tensor) => sum(add(m(v), n(mul(v, 2)))));
    const { val } = withgradient(two, AutoTape(), a, b, x);
    expect(val.state.size).toBe(2);
    expectClose(statistics(updateState(a, val.state)), once, 1e-15);
    expectClose(statistics(updateState(b, val.state)), [once[0]!.map((m) => 2 * m), corrected.map((v) => 0.9 + 0.4 * v)], 1e-15);
  });

  it("of a copy is refused, and apart when separated", () => {
    const student = { net: [norm()] };
    const copy = fmap((leaf) => leaf, student);
    const two = withState((m: typeof student, n: typeof student, v: Tensor) => sum(add(m.net[0]!(v), n.net[0]!(v))));
    const message = "withState: arguments 0 and 1 are in training and share the layer BatchNorm(2): one was made from the other. Give one a state of its own with separateState(model), or use it in testMode(model).";
    expect(() => withgradient(two, AutoTape(), student, Const(copy), x)).toThrow(message);
    expect(() => two(student, student, x)).toThrow(message);
    const teacher = separateState(copy);
    expect(teacher.net[0]!.mean).toBe(student.net[0]!.mean);
    const { val } = withgradient(two, AutoTape(), student, Const(teacher), x);
    expect(val.state.size).toBe(2);
    expectClose(statistics(updateState(teacher, val.state).net[0]!), once, 1e-15);
    expect(two(student, testMode(student), x).state.size).toBe(1);
    const tied = norm();
    const { a, b, c } = separateState({ a: tied, b: tied, c: norm() });
    expect([a === b, a.id === b.id, a.id === c.id, a.id === tied.id]).toEqual([true, true, false, false]);
  });

  it("comes beside what the loss returned", () => {
    const m = norm();
    const f = (n: Norm, v: Tensor) => mean(square(n(v)));
    const object = withgradient(withState((n: Norm, v: Tensor) => ({ loss: f(n, v), kept: n(v), note: "text" })), AutoTape(), m, x);
    expect(object.val.note).toBe("text");
    expect(object.val.kept.shape).toEqual([3, 2]);
    expect(object.val.state.size).toBe(1);
    const array = withgradient(withState((n: Norm, v: Tensor) => [f(n, v), n(v), 7] as const), AutoTape(), m, x);
    expect(array.val.aux[0].shape).toEqual([3, 2]);
    expect(array.val.aux[1]).toBe(7);
    expectTypeOf(array.val.aux).toEqualTypeOf<[Tensor, 7]>();
    expect(withState(() => 3)()).toEqual({ loss: 3, state: new Map() });
    expect(() => withState(() => ({ loss: 3, state: 1 }))()).toThrow("withState: the loss returned { loss, state }");
    expect(() => withgradient(withState(((v: Tensor) => Promise.resolve(v)) as never), AutoTape(), x)).toThrow("f returned a promise");
  });

  it("carries no derivative, and leaves nested gradients alone", () => {
    for (const ad of engines.filter(({ adtype }) => adtype !== "finite-diff")) {
      const penalty = withState((m: Norm, v: Tensor) => {
        const [g] = gradient((w: Tensor) => sum(mul(m(w), square(w))), AutoTape(), v);
        return sum(square(g));
      });
      const { val, grad } = withgradient(penalty, ad, norm(), x);
      expectClose([...val.state.values()].map((s) => [s.mean, s.variance]), [once], 1e-15);
      expectClose(grad, gradient((m: Norm, v: Tensor) => penalty(m, v).loss, AutoFiniteDiff({ scheme: "central6" }), norm(), x), 1e-5);
    }
  });

  it("is recorded by captured models, in the implicit form, and in prepared operators", () => {
    const model = norm();
    const { val, grad } = withgradient(withState(() => sum(square(model(x)))), AutoTape(), params(model.scale!));
    expectClose(statistics(updateState(model, val.state)), once, 1e-15);
    expect(grad.get(model.scale!).shape).toEqual([2]);
    const prepared = prepareWithgradient(loss, AutoTape(), model, Const(x));
    const again = updateState(model, prepared(model, x).val.state);
    expectClose(statistics(again), once, 1e-15);
    expectClose(statistics(updateState(again, prepared(again, x).val.state)), statistics(updateState(again, loss(again, x).state)), 1e-15);
  });

  it("lets go of what it collected when the loss fails", () => {
    const model = norm();
    const failing = withState((m: Norm): Tensor => {
      m(x);
      throw new Error("on purpose");
    });
    expect(() => failing(model)).toThrow("on purpose");
    expect(() => model(x)).toThrow("layer BatchNorm(2) is in training, and its new running state would be lost. Differentiate withState(loss), and put val.state into the model with updateState(model, val.state); train() does both. For use instead of training: testMode(model).");
    expectClose(statistics(updateState(model, loss(model, x).state)), once, 1e-15);
  });

  it("belongs to its model, and is not all that val holds", () => {
    const { state } = loss(norm(), x);
    expect(() => updateState(norm(), state)).toThrow("updateState: none of the state belongs to a layer of this model.");
    expect(() => updateState(norm(), { loss: 1, state } as never)).toThrow("updateState: expected the state that withState(loss) returned beside the loss. Write updateState(model, val.state).");
    expect(stateOf(state)).toHaveLength(1);
  });

  it("can be had by own layers", () => {
    const Counter = defineLayer("Counter", () => ({ count: tensor(0), id: Symbol("Counter"), training: null as Mode }), (self, v: Tensor) => {
      if (requireMode("Counter", self.training)) recordState("Counter", self.id, { count: self.count }, ({ count }) => ({ count: add(count, 1) }));
      return mul(v, 2);
    });
    const model = trainMode([Counter()]);
    const twice = withState((m: typeof model, v: Tensor) => sum(m[0]!(m[0]!(v))));
    expect(plain(updateState(model, withgradient(twice, AutoForward(), model, x).val.state)[0]!.count)).toBe(2);
    expect(isLayer(getPath(model, [0]))).toBe(true);
  });
});

describe("a layer made from another's fields", () => {
  const step = (model: readonly ((x: Tensor) => Tensor)[]): ModelState => withState((m: typeof model) => sum(m.reduce((y, f) => f(y), x)))(model).state;

  it("is not changed by what the other learns", () => {
    const a = norm();
    const b = BatchNorm.from(a[functor]()!.children);
    const before = statistics(b);
    const next = updateState([a] as const, step([a]));
    expect(statistics(next[0])).not.toEqual(before);
    expect([statistics(a), statistics(b)]).toEqual([before, before]);
  });

  it("is the same layer twice where both are in one model, as all of their arrays are", () => {
    const a = norm();
    const model = [a, BatchNorm.from(a[functor]()!.children)] as const;
    const [first, second] = updateState(model, step(model));
    expect(first.mean).toBe(second.mean);
    expect(first.variance).toBe(second.variance);
    const twice = updateState([a, a] as const, step([a, a]));
    expect([statistics(first), statistics(second)]).toEqual(twice.map(statistics));
    expect(plain(updateState([first, second] as const, step([first, second]))[1].mean)).not.toEqual(plain(first.mean));
  });

  it("is refused beside it with running state of its own, until it is separated", () => {
    const a = norm();
    const b = BatchNorm.from({ ...a[functor]()!.children, mean: ones([2]) });
    expect(() => updateState([a, b] as const, step([a, b]))).toThrow(
      "updateState: two layers are both taken for BatchNorm(2), and differ: one was made from the other, with other running state. Give one a state of its own with separateState(layer).",
    );
    const model = [a, separateState(b)] as const;
    const [first, second] = updateState(model, step(model));
    expectClose(first.mean, [0.3, 1], 1e-14); // 0.9·0 + 0.1·x̄
    expectClose(second.mean, [0.9, 0.9], 1e-14); // its input has mean 0
  });
});
