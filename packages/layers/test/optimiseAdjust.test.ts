import { expect, expectTypeOf, test } from "vitest";
import {
  AccumGrad, Adam, adjust, AdaDelta, AutodiffError, cosineDecay, constantRate, Descent, exponentialDecay, fmap, freeze, inverseTimeDecay, isFrozen, linearDecay, MixedPrecision, Momentum,
  oneCycle, OptimiserChain, setPath, setup, stepDecay, Tensor, tensor, thaw, TreeError, update, warmUp, WeightDecay, type Adjustment, type ParameterState,
} from "polyad";

const plain = (tree: unknown): unknown => fmap((x) => (x instanceof Tensor ? x.toArray() : x), tree);

const two = () => ({ body: { w: tensor([1, 2]) }, head: [tensor([3])] as const });
const grads = { body: { w: tensor([1, 1]) }, head: [tensor([1])] as const };

// adjust

test("adjust changes the learning rate and keeps the state", () => {
  const model = two();
  const first = update(setup(Momentum(1, { rho: 0.5 }), model), model, grads);
  const adjusted = adjust(first.state, 0.25);
  expect(plain(adjusted.body.w!.state)).toEqual([1, 1]);
  // v = 0.5·1 + 0.25·1
  expect(plain(update(adjusted, first.model, grads).model)).toEqual({ body: { w: [-0.75, 0.25] }, head: [[1.25]] });
  expect(first.state.body.w!.rule.eta).toBe(1);
});

test("adjust changes other hyperparameters by name, in chains too", () => {
  const model = two();
  const state = setup(OptimiserChain(WeightDecay(0.1), OptimiserChain(AccumGrad(2)), MixedPrecision(Adam(0.1))), model);
  const { rule } = adjust(adjust(state, { eta: 0.2, beta: [0.5, 0.6] }), { lambda: 0.3, n: 4 }).body.w!;
  expect(rule).toEqual(OptimiserChain(WeightDecay(0.3), OptimiserChain(AccumGrad(4)), MixedPrecision(Adam(0.2, { beta: [0.5, 0.6] }))));
});

test("adjust at a path leaves the rest, and a tied array is adjusted as one", () => {
  const state = setup(Descent(1), two());
  const adjusted = adjust(state, 0.5, ["head"]);
  expect([adjusted.body.w!.rule.eta, adjusted.head[0]!.rule.eta]).toEqual([1, 0.5]);
  expect(adjusted.body.w).toBe(state.body.w);
  const w = tensor([1]);
  const tied = adjust(setup(Descent(1), { a: w, b: w }), 0.5, ["a"]);
  expect(tied.b).toBe(tied.a);
  expect(tied.b!.rule.eta).toBe(0.5);
});

test("states of several rules can be one tree", () => {
  const model = two();
  const state = setPath(setup(Descent(0.5), model), ["head"], setup(Momentum(0.25), model).head);
  const next = update(state, model, grads);
  expect(plain(next.model)).toEqual({ body: { w: [0.5, 1.5] }, head: [[2.75]] });
  expect(adjust(state, { rho: 0.1 } as never).head[0]!.rule).toEqual(Momentum(0.25, { rho: 0.1 }));
});

test("adjust names what it does not know", () => {
  const state = setup(Adam(), two());
  const wrong: [call: () => unknown, message: string][] = [
    // @ts-expect-error Adam has no rho
    [() => adjust(state, { rho: 0.5 }), "adjust: no rule here has a hyperparameter rho: Adam."],
    // @ts-expect-error two numbers
    [() => adjust(state, { beta: 0.5 }), "Adam: expected 2 numbers for beta, got 0.5."],
    // @ts-expect-error a name is no hyperparameter
    [() => adjust(state, { name: "Descent" }), "adjust: no rule here has a hyperparameter name: Adam."],
    [() => adjust(state, -0.5), "Adam: expected a learning rate of at least 0 for eta, got -0.5."],
    [() => adjust(state, NaN), "Adam: expected a number for eta, got NaN."],
    // @ts-expect-error a schedule is asked for its value
    [() => adjust(state, linearDecay(1, 10)), "adjust: expected a learning rate or { name: value }, got a function. Of a schedule, its value: schedule(step)."],
    [() => adjust(setup(AdaDelta(), two()), 0.5), "adjust: no rule here has a hyperparameter eta: AdaDelta."],
  ];
  for (const [call, message] of wrong) expect(call).toThrow(new AutodiffError(message));
  const model = two();
  expect(() => adjust(model, {})).toThrow(new TreeError("adjust: must not be applied to a model, only to the state tree from setup(rule, model)."));
  expect(() => adjust(state, 1, ["tail"])).toThrow(TreeError);
});

test("the hyperparameters of a rule, and of a chain, are known to the types", () => {
  expectTypeOf<keyof Adjustment<Adam>>().toEqualTypeOf<"eta" | "beta" | "epsilon">();
  expectTypeOf<keyof Adjustment<OptimiserChain<readonly [WeightDecay, MixedPrecision<Momentum>]>>>().toEqualTypeOf<"lambda" | "eta" | "rho">();
  const state = setup(OptimiserChain(Adam()), two());
  expectTypeOf(state.body.w).toEqualTypeOf<ParameterState<OptimiserChain<readonly [Adam]>> | null>();
  expectTypeOf(adjust(state, 1)).toEqualTypeOf(state);
  expectTypeOf(update(state, two(), grads)).toEqualTypeOf<{ state: typeof state; model: ReturnType<typeof two> }>();
});

// freeze and thaw

test("a frozen array takes no step and its state stays, until it is thawed", () => {
  const model = two();
  const first = update(setup(Momentum(1, { rho: 0.5 }), model), model, grads);
  const frozen = update(freeze(first.state, ["body"]), first.model, grads);
  expect(frozen.model.body.w).toBe(first.model.body.w);
  expect(frozen.state.body.w!.state).toBe(first.state.body.w!.state);
  expect(plain(frozen.model.head)).toEqual([[0.5]]);
  expect(plain(update(thaw(frozen.state), frozen.model, grads).model)).toEqual({ body: { w: [-1.5, -0.5] }, head: [[-1.25]] });
  expect(first.state.body.w!.frozen).toBe(false);
});

test("freeze and thaw at a path down to one array, idempotent, ties as one", () => {
  const state = setup(Descent(1), two());
  const frozen = freeze(freeze(state, ["body", "w"]), ["body"]);
  expect([frozen.body.w!.frozen, frozen.head[0]!.frozen]).toEqual([true, false]);
  expect(frozen.head[0]).toBe(state.head[0]);
  expect([isFrozen(state), isFrozen(frozen), isFrozen(freeze(frozen)), isFrozen(frozen.body)]).toEqual([false, false, true, true]);
  expect(isFrozen(thaw(freeze(state), ["head", 0]))).toBe(false);
  const w = tensor([1]);
  const model = { a: w, b: w };
  const tied = freeze(setup(Descent(1), model), ["a"]);
  expect(tied.b).toBe(tied.a);
  expect(update(tied, model, { a: tensor([1]), b: tensor([1]) }).model).toEqual(model);
});

test("a model that is frozen as a whole stays as it is, and that is said", async () => {
  const warned: string[] = [];
  const listen = (warning: Error) => warned.push(warning.message);
  process.on("warning", listen);
  const model = two();
  const next = update(freeze(setup(Descent(1), model)), model, grads);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(next.model).toEqual(model);
  expect(next.model.body.w).toBe(model.body.w);
  expect(warned).toEqual(["update: all parameters of the model are frozen, so that it stays as it is. Let some be trained with thaw(state)."]);
});

test("freeze and thaw refuse a model, and a path to nothing", () => {
  expect(() => freeze(two())).toThrow(new TreeError("freeze: must not be applied to a model, only to the state tree from setup(rule, model)."));
  expect(() => thaw({ f: Math.sin })).toThrow("thaw: must not be applied to a model, only to the state tree from setup(rule, model).");
  expect(() => isFrozen(two())).toThrow("isFrozen: must not be applied to a model");
  const state = setup(Descent(), two());
  expect(() => freeze(state, ["tail"])).toThrow("freeze: there is no \"tail\" at the root, which has body, head.");
});

// Schedules

test("schedules at their ends and between", () => {
  const at = (schedule: (step: number) => number, ...steps: number[]) => steps.map((step) => Number(schedule(step).toFixed(12)));
  expect(at(constantRate(0.5), 0, 1e9)).toEqual([0.5, 0.5]);
  expect(at(linearDecay(3e-3, 100), 0, 50, 100, 1000)).toEqual([3e-3, 1.5e-3, 0, 0]);
  expect(at(linearDecay(1, 4, { end: 0.5 }), 0, 1, 4, 5)).toEqual([1, 0.875, 0.5, 0.5]);
  expect(at(cosineDecay(1, 3, { end: 0.25 }), 0, 1, 2, 3, 4)).toEqual([1, 0.8125, 0.4375, 0.25, 0.25]);
  expect(at(exponentialDecay(1, { factor: 0.25, every: 2 }), 0, 1, 2)).toEqual([1, 0.5, 0.25]);
  expect(at(exponentialDecay(1, { factor: 0.25, end: 0.1 }), 0, 1, 2)).toEqual([1, 0.25, 0.1]);
  expect(at(stepDecay(8, { factor: 0.5, every: 3 }), 0, 2, 3, 5, 6)).toEqual([8, 8, 4, 4, 2]);
  expect(at(inverseTimeDecay(1, { rate: 0.5 }), 0, 2, 6)).toEqual([1, 0.5, 0.25]);
  expect(at(warmUp(2, linearDecay(1, 2)), 0, 1, 2, 3, 4)).toEqual([0.5, 1, 1, 0.5, 0]);
  expect(at(oneCycle(1, 10, { rise: 0.5, start: 0.2, end: 0.1 }), 0, 5, 10, 11)).toEqual([0.2, 1, 0.1, 0.1]);
  const cycle = oneCycle(1, 100);
  for (let t = 0; t < 30; t++) expect(cycle(t + 1)).toBeGreaterThan(cycle(t));
  for (let t = 30; t < 100; t++) expect(cycle(t + 1)).toBeLessThan(cycle(t));
});

test("a schedule meets the optimiser by adjust", () => {
  let model = { w: tensor([10]) };
  let state = setup(Descent(), model);
  const rate = linearDecay(4, 4);
  for (let t = 0; t < 6; t++) ({ state, model } = update(adjust(state, rate(t)), model, { w: tensor([1]) }));
  expect(plain(model)).toEqual({ w: [10 - 4 - 3 - 2 - 1] });
});

test("schedules refuse numbers that make no sense", () => {
  for (const [make, message] of [
    [() => linearDecay(1, 0), "linearDecay: expected a number of steps above 0, got 0."],
    [() => cosineDecay(1, -5), "cosineDecay: expected a number of steps above 0, got -5."],
    [() => cosineDecay(1, 5, { min: 0.1 } as never), "cosineDecay: there is no option min. It has end."],
    [() => exponentialDecay(1, { rate: 0.5, every: 2 } as never), "exponentialDecay: there is no option rate. It has factor, every, end."],
    [() => exponentialDecay(1, { factor: 0.5, every: 0 }), "exponentialDecay: expected a number of steps above 0, got 0."],
    [() => stepDecay(1, { factor: 0.5, every: NaN }), "stepDecay: expected a number of steps above 0, got NaN."],
    [() => exponentialDecay(1, { every: 2 } as never), "exponentialDecay: expected a number for factor, got undefined."],
    [() => stepDecay(1, { every: 2 } as never), "stepDecay: expected a number for factor, got undefined."],
    [() => inverseTimeDecay(1, {} as never), "inverseTimeDecay: expected a number for rate, got undefined."],
    [() => linearDecay(NaN, 5), "linearDecay: expected a number for eta, got NaN."],
    [() => warmUp(0, constantRate(1)), "warmUp: expected a number of steps above 0, got 0."],
    [() => oneCycle(1, 0), "oneCycle: expected a number of steps above 0, got 0."],
    [() => oneCycle(1, 10, { rise: 1 }), "oneCycle: expected a share of the steps for rise, 0 <= rise < 1, got 1."],
  ] as const) expect(make).toThrow(new AutodiffError(message));
});
