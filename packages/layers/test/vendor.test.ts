import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, ready } from "@polyad/backend-tfjs";
import {
  Adam, AutodiffError, AutoForward, AutoTape, byteSize, Const, decodeSafetensors, Descent, gradient, load, loadState, mean, MixedPrecision, Momentum, mul, parameterCount, registerLeaf, save, setup, ShapeError, square, state, sub, sum,
  summary, tensor, train, TrainingError, TreeError, update, type Tensor,
} from "polyad";
import { describe, expect, test } from "vitest";
import { expectClose, plain } from "../../../test/support.js";

/** Another library's array, which Polyad knows by its adapter alone. */
class Grid {
  constructor(
    readonly list: readonly number[],
    readonly shape: readonly number[] = [list.length],
    readonly whole = false,
  ) {}
}

declare module "@polyad/core" {
  interface LeafTypes {
    grid: [Grid, Tensor];
  }
}

registerLeaf<Grid>({
  kind: "grid",
  match: (x): x is Grid => x instanceof Grid,
  toTensor: ({ list, shape, whole }) => tensor(whole ? Int32Array.from(list) : Float64Array.from(list), shape),
  fromTensor: (x, { whole }) => new Grid([...x.dataSync()], x.shape, whole),
});

const build = () => ({ w: new Grid([1, 2, 3, 4], [2, 2]), b: tensor([1, -1]), counts: new Grid([7], [1], true) });
type Model = ReturnType<typeof build>;
const loss = (m: { readonly w: Tensor; readonly b: Tensor }): Tensor => sum(square(mul(m.w, m.b)));
const [grad] = gradient((m: { w: Tensor; b: Tensor; counts: Tensor | Grid }) => loss(m), AutoTape(), build() as never) as readonly [never];

describe("arrays of other libraries", () => {
  test("take the steps that tensors take, with every rule's state", () => {
    const model = build();
    const { w, ...rest } = model;
    const twin = { w: tensor([[1, 2], [3, 4]]), ...rest };
    for (const rule of [Descent(0.1), Momentum(0.1), Adam(0.1), MixedPrecision(Adam(0.1))]) {
      let theirs = { state: setup(rule, model), model };
      let ours = { state: setup(rule, twin), model: twin };
      expect([theirs.state.w?.array, theirs.state.counts]).toEqual(["float64[2, 2]", null]);
      for (let i = 0; i < 3; i++) {
        theirs = update(theirs.state, theirs.model, gradient((m) => loss(m), AutoForward(), theirs.model)[0]);
        ours = update(ours.state, ours.model, gradient((m) => loss(m), AutoTape(), ours.model)[0]);
      }
      expect(theirs.model.w).toBeInstanceOf(Grid);
      expect([theirs.model.w.shape, theirs.model.w.list]).toEqual([[2, 2], [...ours.model.w.dataSync()]]);
      expect(theirs.model.counts).toBe(model.counts);
      expect(plain(theirs.model.b)).toEqual(plain(ours.model.b));
    }
    expect(model.w.list).toEqual([1, 2, 3, 4]);
  });

  test("that are tied take one step, by the sum of gradients, and stay tied", () => {
    const w = new Grid([1, 2]);
    const model = { a: w, b: w };
    const next = update(setup(Descent(1), model), model, { a: new Grid([1, 0]), b: new Grid([1, 5]) }).model;
    expect(next.a.list).toEqual([-1, -3]);
    expect(next.a).toBe(next.b);
  });

  test("are trained, and a step that breaks them is named", async () => {
    const model = { w: new Grid([0, 0]) };
    const x = tensor([[1, 2], [3, -1]]), y = tensor([[2, 4], [6, -2]]);
    const result = await train((m, x, y) => mean(square(sub(mul(m.w, x), y))), model, [[x, y]], Descent(0.1), { epochs: 200 });
    expect(result.model.w).toBeInstanceOf(Grid);
    expectClose([...result.model.w.list], [2, 2], 1e-9);
    const broken = train((m, x) => mul(sum(mul(m.w, x)), 1e300), model, [[x]], Descent(1e300));
    await expect(broken).rejects.toThrow(TrainingError);
    await expect(broken).rejects.toThrow("but its step makes .w NaN or infinite on data item 0");
  });

  test("gradients and states that do not fit are refused", () => {
    const model = build();
    const opt = setup(Descent(), model);
    expect(() => update(opt, model, { ...(grad as object), w: new Grid([1]) } as never)).toThrow(new ShapeError("update: expected a gradient float64[2, 2] at .w, got an instance of Grid."));
    expect(() => update(setup(Descent(), { ...model, w: new Grid([1]) }), model, grad)).toThrow(TreeError);
    expect(() => setup(Descent(), model).counts).not.toThrow();
    expect(() => update(model as never, model, grad)).toThrow(AutodiffError);
  });

  test("are saved and loaded, alone, tied and as constants, with the optimiser", () => {
    const w = new Grid([1, 2, 3, 4], [2, 2]);
    const tree = { w, again: w, counts: new Grid([7], [1], true), fixed: Const(new Grid([5])) };
    const zero = new Grid([0, 0, 0, 0], [2, 2]);
    const template = { w: zero, again: zero, counts: new Grid([0], [1], true), fixed: Const(new Grid([0])) };
    const bytes = save(tree);
    expect([...decodeSafetensors(bytes).tensors].map(([name, x]) => `${name} ${x.dtype}[${x.shape.join()}]`).sort()).toEqual(["counts int32[1]", "fixed float64[1]", "w float64[2,2]"]);
    for (const back of [load(bytes, template), loadState(template, state(tree)), loadState(template, tree)]) {
      expect(back).toEqual(tree);
      expect(back.w).toBe(back.again);
    }
    expect(() => load(bytes, { ...template, w: new Grid([1]) })).toThrow("- w is float64[2, 2] in the file and float64[1] in the template");

    const step = (run: { state: ReturnType<typeof setup<Adam, Model>>; model: Model }) => update(run.state, run.model, gradient((m) => loss(m), AutoTape(), run.model)[0]);
    const start = () => ({ state: setup(Adam(0.1), build()), model: build() });
    expect(save(step(load(save(step(start())), start())))).toEqual(save(step(step(start()))));
  });

  test("are counted and shown", () => {
    const model = build();
    expect([parameterCount(model), byteSize(model)]).toEqual([6, 4 * 8 + 2 * 8 + 4]);
    expect(parameterCount([model.w, model.w])).toBe(4);
    expect(summary({ w: new Grid([0, 0]) })).toContain("2 parameters");
  });
});

test("TensorFlow.js's tensors are trained and saved where they live", async () => {
  const ad = AutoTfjs({ device: "cpu" });
  await ready(ad);
  await tf.setBackend("cpu");
  const model = { w: tf.tensor1d([0, 0]), b: new Float32Array([1]) };
  const x = tensor([[1, 2], [3, -1]], null, "float32"), y = tensor([[3, 5], [7, -1]], null, "float32");
  const { model: fitted, state: adam } = await train((m, x, y) => mean(square(sub(sub(mul(m.w, x), y), m.b))), model, [[x, y]], Adam(0.1), { engine: ad, epochs: 300 });
  expect(fitted.w).toBeInstanceOf(tf.Tensor);
  expectClose([...fitted.w.dataSync(), ...fitted.b], [2, 2, -1], 2e-2);
  const loaded = load(save(fitted), model);
  expect([...loaded.w.dataSync()]).toEqual([...fitted.w.dataSync()]);
  expect(loaded.w).toBeInstanceOf(tf.Tensor);
  expect(save(load(save(adam), setup(Adam(0.1), model)))).toEqual(save(adam));
  tf.dispose([model.w, fitted.w, loaded.w]);
});
