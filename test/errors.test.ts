import { afterEach, describe, expect, test, vi } from "vitest";
import { currentTrace, loadedBackends, registerBackend, type Backend, type Pullback, type Pushforward } from "@polyad/core/extend";
import {
  add, any, argmax, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, AutoTfjs, backward, conv, fmapWith, generator, logsumexp, max, mean, median, norm, rand, softmax, std, BackendNotLoadedError, callable, cast, checkpoint, concat, Const, customRule, defineADType, defineLayer,
  definePrimitive, derivative, destructure, Duplicated, exp, flatten, fmap, gather, grad, gradient, greater, hessian, hvp, jacobian, matmul, mul, neg, param, params,
  PreparationMismatchError, prepareGradient, pullback, pushforward, relu, reshape, secondDerivative, SecondOrder, ShapeError, sin, slice, sqrt, square, stack, sum, Tensor, tensor, trace,
  transpose, TreeError, unflatten, UnsupportedError, where, whereSafe, withgradient, zeros, type ADType, type Value,
} from "polyad";
import { exact, expectClose, plain } from "./support.js";

// Bad input: a clear error with an exact message, or a defined result, and no trace left behind.

const tape = AutoTape(), forward = AutoForward(), differences = AutoFiniteDiff();
const x = tensor([1, 2]);
const M = tensor([[1, 2, 3], [4, 5, 6]]);
const ints = tensor([1, 2], null, "int32");

type ErrorClass = abstract new (message: string) => Error;

/** f throws an error of exactly this class with exactly this message, and the next call works. */
function fails(f: () => unknown, type: ErrorClass, message: string): void {
  let thrown: unknown;
  let result: unknown = "nothing";
  try {
    result = f();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `returned ${String(result)}`).toBeInstanceOf(Error);
  expect({ name: (thrown as Error).name, message: (thrown as Error).message }).toEqual({ name: type.name, message });
  expect(thrown).toBeInstanceOf(type);
  expect(currentTrace()).toBeNull();
  expect(gradient((x) => mul(x, x), tape, 3)).toEqual([6]);
}

/** Calls a function as JavaScript does, unchecked by types. */
function untyped(f: unknown, ...args: readonly unknown[]): unknown {
  return Reflect.apply(f as Function, undefined, args);
}

afterEach(() => {
  if (currentTrace() !== null) throw new Error("a trace was left behind");
});

describe("arrays and shapes", () => {
  test("ragged and non-numeric arrays", () => {
    fails(() => tensor([[1, 2], [3]]), ShapeError, "tensor: ragged array: expected 2 entries at x[1], got an array of 1.");
    fails(() => tensor([[1, 2], 3]), ShapeError, "tensor: ragged array: expected 2 entries at x[1], got a number.");
    fails(() => tensor([1, [2]]), ShapeError, "tensor: ragged array: expected a number at x[1], got an array of 1.");
    fails(() => sum([[1, 2], [3]]), ShapeError, "tensor: ragged array: expected 2 entries at x[1], got an array of 1.");
    fails(() => gradient((x) => sum(x), tape, [[1, 2], [3]]), ShapeError, "stack: shapes [2] and [1] differ. Use concat() to join along an axis.");
    fails(() => untyped(tensor, ["1"]), AutodiffError, "tensor: expected a number at x[0], got a string. Use stack() for an array of tensors.");
    fails(() => untyped(tensor, [1, undefined]), AutodiffError, "tensor: expected a number at x[1], got undefined. Use stack() for an array of tensors.");
    fails(() => untyped(tensor, null), AutodiffError, "tensor: expected numbers, nested arrays or a typed array, got null.");
    fails(() => untyped(tensor, x), AutodiffError, "tensor: got a Tensor, which is immutable: use it as it is, or cast(x, dtype), or reshape(x, shape).");
    fails(() => tensor([1, 2, 3], [2, 2]), ShapeError, "tensor: 3 numbers do not fill shape [2, 2].");
    // A ragged array of numbers as a tree is no error: each number is a leaf.
    expect(gradient((m) => add(m[0][0], m[1]), tape, [[1, 2], 3])).toEqual([[[1, 0], 1]]);
  });

  for (const ad of exact) {
    test(`shapes that do not fit, under ${JSON.stringify(ad)}`, () => {
      fails(
        () => gradient((x) => sum(add(x, tensor([1, 2, 3]))), ad, x), ShapeError,
        "add: shapes [2] and [3] do not broadcast: axis 0 has 2 and 3. Axes are aligned at the last one and must be equal or 1; see reshape() and expandDims().",
      );
      fails(() => gradient((x) => sum(matmul(M, x)), ad, x), ShapeError, "matmul: inner lengths differ: 3 and 2, of shapes [2, 3] and [2].");
      fails(() => gradient((x) => sum(matmul(M, x)), ad, 2), ShapeError, "matmul: expected vectors or matrices, got shapes [2, 3] and []. Use mul() to scale.");
      fails(() => gradient((x) => sum(x, { axis: 3 }), ad, x), ShapeError, "sum: axis 3 is out of range for a tensor of rank 1.");
      fails(() => gradient((x) => sum(x, { axis: 0.5 }), ad, x), ShapeError, "sum: axis 0.5 is out of range for a tensor of rank 1.");
      fails(() => gradient((x) => sum(sum(x, { axis: [0, 0] })), ad, M), ShapeError, "sum: axis 0 is named twice.");
      fails(() => gradient((x) => sum(reshape(x, [4])), ad, M), ShapeError, "reshape: 6 elements of shape [2, 3] do not fill shape [4].");
      fails(() => gradient((x) => sum(transpose(x, [0, 0])), ad, M), ShapeError, "transpose: [0,0] must name each of the 2 axes once.");
      fails(() => gradient((x) => slice(x, 5), ad, x), ShapeError, "slice: index 5 is out of range for axis 0 of length 2.");
      fails(() => gradient((x) => slice(x, 0, 0), ad, x), ShapeError, "slice: 2 ranges for shape [2] of rank 1.");
      fails(() => gradient((x) => sum(concat([x, M])), ad, x), ShapeError, "concat: shapes [2] and [2, 3] differ outside of axis 0.");
      fails(() => gradient((x) => sum(stack([x, M])), ad, x), ShapeError, "stack: shapes [2] and [2, 3] differ. Use concat() to join along an axis.");
      fails(() => gradient((x) => sum(concat([x, 1])), ad, 1), ShapeError, "concat: scalars have no axis to join along. Use stack().");
      fails(() => gradient((x) => sum(gather(x, tensor([5], null, "int32"))), ad, x), ShapeError, "gather: index 5 is out of range for an axis of length 2.");
    });
  }

  test("what is no array or shape", () => {
    fails(() => untyped(concat, x), AutodiffError, "concat: expected an array of tensors, concat([a, b]), got a float64 tensor of shape [2].");
    fails(() => untyped(stack, x), AutodiffError, "stack: expected an array of tensors, stack([a, b]), got a float64 tensor of shape [2].");
    fails(() => concat([]), AutodiffError, "concat: expected at least one tensor, got none.");
    fails(() => untyped(zeros, 3), ShapeError, "zeros: a shape is an array of integers of at least 0, got a number.");
    fails(() => zeros([-1]), ShapeError, "zeros: a shape holds integers of at least 0, got [-1].");
    fails(() => x.item(), ShapeError, "item: expected one element, got shape [2]. Use toArray(), or slice first.");
    fails(() => param(x).update(tensor([1, 2, 3])), ShapeError,
      "add: shapes [2] and [3] do not broadcast: axis 0 has 2 and 3. Axes are aligned at the last one and must be equal or 1; see reshape() and expandDims().");
  });
});

describe("dtypes", () => {
  test("unknown dtypes, and numbers that a dtype cannot hold", () => {
    fails(() => untyped(cast, x, "float16"), AutodiffError, 'cast: unknown dtype "float16". Use one of bool, int32, float32, float64.');
    fails(() => tensor([1.5], null, "int32"), AutodiffError, 'tensor: 1.5 is not a 32-bit integer. Use dtype "float64", or round it first.');
    fails(() => mul(ints, 0.5), AutodiffError, 'mul: int32 tensor with the number 0.5: the result would be truncated. Use cast(x, "float64") first.');
    fails(() => gradient((x) => sum(mul(ints, x)), tape, 2), AutodiffError,
      'mul: int32 tensor with a traced number, which may not be whole: the result would be truncated. Use cast(x, "float64") first.');
    for (const ad of exact) {
      for (const at of [2, 2.5]) {
        fails(() => gradient((x) => cast(sum(mul(ints, x)), "float64"), ad, at), AutodiffError, at === 2
          ? 'mul: int32 tensor with a traced number, which may not be whole: the result would be truncated. Use cast(x, "float64") first.'
          : 'mul: int32 tensor with the number 2.5: the result would be truncated. Use cast(x, "float64") first.');
      }
    }
    fails(() => gather(x, tensor([0.5])), AutodiffError, 'gather: indices must be int32, got float64. Use cast(indices, "int32").');
  });

  test("int inputs have no derivative", () => {
    for (const ad of [...exact, differences]) {
      fails(() => gradient((x) => sum(x), ad, ints), AutodiffError, 'gradient: argument 0 is int32, which has no derivative. Pass Const(x), or cast(x, "float64").');
      fails(() => gradient((_y, x) => sum(x), ad, 1, new Int32Array(2)), AutodiffError, 'gradient: argument 1 is int32, which has no derivative. Pass Const(x), or cast(x, "float64").');
      fails(() => jacobian((x) => x, ad, new Uint8Array(2)), AutodiffError, 'jacobian: argument 0 is bool, which has no derivative. Pass Const(x), or cast(x, "float64").');
      expect(plain(gradient((m) => sum(mul(m.x, m.i)), ad, { x: tensor([3, 4]), i: ints }))).toEqual([{ x: [expect.closeTo(1, 8), expect.closeTo(2, 8)], i: null }]);
    }
    fails(() => params(ints), AutodiffError,
      "params: expected float tensors and models of them, got an int32 tensor of shape [2] as argument 0. Closures capture parameters by identity: " +
        "make one with tensor(), or pass the value to f and use the explicit form of gradient.");
  });

  test("operands that are no numbers", () => {
    fails(() => untyped(mul, null, 2), AutodiffError, "mul: expected a number, a Tensor or an array of numbers, got null.");
    fails(() => untyped(add, "1", 2), AutodiffError, 'add: expected a number, a Tensor or an array of numbers, got the string "1".');
    fails(() => untyped(add, {}, 2), AutodiffError, "add: expected a number, a Tensor or an array of numbers, got a plain object.");
    fails(() => untyped(sin, new Map()), AutodiffError, "sin: expected a number, a Tensor or an array of numbers, got a Map.");
    fails(() => untyped(sin, 1n), AutodiffError, "sin: expected a number, a Tensor or an array of numbers, got the bigint 1.");
    fails(() => untyped(gradient, (x: Tensor) => sum(x), tape, new Int16Array(2)), AutodiffError, "sum: expected a number, a Tensor or an array of numbers, got an Int16Array of length 2.");
    // Inert arguments pass through.
    expect(gradient((_s, _b, _n, _d) => 1, tape, "s", true, null, new Date(0))).toEqual([null, null, null, null]);
    expect(gradient((x) => mul(x, x), tape, NaN)).toEqual([NaN]);
  });
});

describe("what f returns", () => {
  test("not a scalar", () => {
    const hint = "Use jacobian(), or reduce with sum() or mean().";
    for (const ad of [...exact, differences]) {
      fails(() => gradient((x) => x, ad, x), ShapeError, `gradient: f must return a scalar, got shape [2]. ${hint}`);
      fails(() => gradient((x) => reshape(sum(x), [1]), ad, x), ShapeError, `gradient: f must return a scalar, got shape [1]. ${hint}`);
      fails(() => withgradient((x) => ({ loss: x }), ad, x), ShapeError, `withgradient: f must return a scalar, got shape [2]. ${hint}`);
      fails(() => withgradient((x) => [x, 1] as const, ad, x), ShapeError, `withgradient: f must return a scalar, got shape [2]. ${hint}`);
      fails(() => hessian((x) => x, ad, x), ShapeError, `hessian: f must return a scalar, got shape [2]. ${hint}`);
      fails(() => hvp((x) => x, ad, x, x), ShapeError, `hvp: f must return a scalar, got shape [2]. ${hint}`);
      fails(() => gradient(() => x, ad, params(x)), ShapeError, `gradient: f must return a scalar, got shape [2]. ${hint}`);
    }
  });

  test("nothing numeric", () => {
    const expected = "gradient: f must return a scalar, a number or a Tensor of shape [], got";
    for (const [returned, shown] of [
      [undefined, "undefined"], [null, "null"], ["a", 'the string "a"'], [true, "the boolean true"], [[1], "an array of length 1"], [{ loss: 1 }, "a plain object"],
      [new Float64Array(1), "a Float64Array of length 1"], [(function* () {})(), "a plain object"], [sin, "the function sin"],
    ] as const) {
      fails(() => untyped(gradient, () => returned, tape, 2), AutodiffError, `${expected} ${shown}.`);
    }
    fails(() => untyped(withgradient, () => [], tape, 2), AutodiffError, "withgradient: f must return a scalar, a number or a Tensor of shape [], got undefined.");
    const hint = 'which has no derivative. Use cast(y, "float64").';
    fails(() => gradient((x) => greater(sum(x), 1), tape, x), AutodiffError, `gradient: f must return a float scalar, got bool, ${hint}`);
    fails(() => gradient((x) => cast(sum(x), "int32"), tape, x), AutodiffError, `gradient: f must return a float scalar, got int32, ${hint}`);
  });

  test("a promise", () => {
    const later = async (x: Value) => x;
    const tail = "f returned a promise. It must be synchronous: read data before, and await the operator, not the function.";
    for (const op of [gradient, withgradient, jacobian, hessian, derivative, prepared]) {
      fails(() => untyped(op, later, tape, 2), AutodiffError, `${op === prepared ? "gradient" : op.name}: ${tail}`);
    }
    fails(() => trace(later, 2), AutodiffError, "trace: f returned a promise. It must be synchronous: read data before, and pass it as an argument.");
    function prepared(f: () => Value, ad: AutoTape, at: number) {
      return prepareGradient(f, ad, at)(at);
    }
  });
});

describe("a vector where a scalar belongs", () => {
  test("derivative and secondDerivative take numbers", () => {
    const hint = "Use gradient() for a scalar result, jacobian() or pushforward() otherwise.";
    fails(() => derivative((x) => mul(x, 2), tape, x), AutodiffError, `derivative: x must be a number, got a float64 tensor of shape [2]. ${hint}`);
    fails(() => derivative((x) => mul(x, 2), tape, tensor(2)), AutodiffError, `derivative: x must be a number, got a float64 tensor of shape []. ${hint}`);
    fails(() => untyped(derivative, sin, tape, [1]), AutodiffError, `derivative: x must be a number, got an array of length 1. ${hint}`);
    fails(() => untyped(derivative, sin, tape), AutodiffError, `derivative: x must be a number, got undefined. ${hint}`);
    fails(() => secondDerivative((x) => mul(x, 2), tape, x), AutodiffError, `secondDerivative: x must be a number, got a float64 tensor of shape [2]. ${hint}`);
  });
  test("backward takes a scalar", () => {
    fails(() => backward(mul(param(x), 2)), AutodiffError, "backward: expected a scalar loss, got shape [2]. Reduce with sum() or mean().");
    fails(() => backward(3), AutodiffError, "backward: expected a loss computed from param() tensors, got the number 3.");
    fails(() => grad(x), AutodiffError, "grad: expected a tensor made by param(), got a float64 tensor of shape [2].");
    fails(() => untyped(param, 3), AutodiffError, "param: expected a float tensor, got the number 3. Make one with tensor().");
  });
});

describe("f and the engine", () => {
  test("f is not a function", () => {
    for (const op of [gradient, withgradient]) {
      fails(() => untyped(op, 5, tape, 2), AutodiffError, `${op.name}: expected a function first, got the number 5. Call ${op.name}(f, AutoTape(), ...args).`);
      fails(() => untyped(op), AutodiffError, `${op.name}: expected a function first, got undefined. Call ${op.name}(f, AutoTape(), ...args).`);
    }
    for (const op of [jacobian, hessian, derivative, secondDerivative, pullback, pushforward, hvp]) {
      fails(() => untyped(op, "f", tape, 2, 1), AutodiffError, `${op.name}: expected a function first, got the string "f". Call ${op.name}(f, AutoTape(), x, ...).`);
    }
    fails(() => untyped(prepareGradient, 5, tape, 2), AutodiffError, "prepareGradient: expected a function first, got the number 5. Call prepareGradient(f, AutoTape(), ...example).");
    fails(() => untyped(trace, 5), AutodiffError, "trace: expected a function to capture, or a matrix, got the number 5.");
  });

  test("no engine where one belongs", () => {
    for (const op of [jacobian, hessian, pullback, pushforward, hvp, derivative, secondDerivative, prepareGradient]) {
      const expected = `${op.name}: expected an engine such as AutoTape() after the function, got`;
      fails(() => untyped(op, sin, 2, 1, 1), AutodiffError, `${expected} the number 2.`);
      fails(() => untyped(op, sin, "tape", 2, 1), AutodiffError, `${expected} the string "tape".`);
      fails(() => untyped(op, sin, AutoTape, 2, 1), AutodiffError, `${expected} the function AutoTape.`);
      fails(() => untyped(op, sin, undefined, 2, 1), AutodiffError, `${expected} undefined.`);
    }
    for (const op of [gradient, withgradient]) fails(() => untyped(op, sin, AutoTape, 2), AutodiffError, `${op.name}: AutoTape makes a token and is not one: write AutoTape().`);
    for (const op of [gradient, withgradient]) fails(() => untyped(op, sin, 2, forward), AutodiffError, `${op.name}: an engine comes after the function: ${op.name}(f, AutoTape(), ...args). Name it, too, where f takes a token.`);
    for (const mark of [Const, Duplicated]) fails(() => untyped(jacobian, mul, tape, tensor([2]), mark(tensor([3]))), AutodiffError, `jacobian: a later argument is marked ${mark === Const ? "Const" : "Duplicated"}. All but the first are constants here: pass it as it is.`);
    fails(() => untyped(customRule, sin), AutodiffError, "customRule: expected a function and its rules, customRule(f, { jvp, vjp }), got the function sin and undefined.");
    fails(() => untyped(SecondOrder, AutoForward, tape), AutodiffError, "SecondOrder: expected an engine such as AutoTape(), got the function AutoForward.");
    fails(() => untyped(SecondOrder, forward), AutodiffError, "SecondOrder: expected an engine such as AutoTape(), got undefined.");
  });

  test("an engine that is not loaded", () => {
    const AutoTfjs = defineADType("tfjs", "sync")();
    const message =
      'No engine is loaded for "tfjs". Install it with `npm install @polyad/backend-tfjs` and load it with `import "@polyad/backend-tfjs";`. Loaded: finite-diff, forward, tape.';
    for (const op of [gradient, withgradient, jacobian, hessian, derivative, secondDerivative, prepareGradient]) fails(() => untyped(op, sin, AutoTfjs, 2), BackendNotLoadedError, message);
    for (const ad of [SecondOrder(AutoTfjs, tape), SecondOrder(tape, AutoTfjs)]) fails(() => hessian((x) => sum(x), ad, x), BackendNotLoadedError, message);
    fails(() => gradient((x) => gradient((y) => mul(x, y), AutoTfjs, x)[0], tape, 2), BackendNotLoadedError, message);
    fails(() => gradient((x) => x, defineADType("onnx", "sync")(), 2), BackendNotLoadedError, 'No engine is loaded for "onnx". Import the module that registers it, by registerBackend({ adtype: "onnx", … }). Loaded: finite-diff, forward, tape.');
    expect(loadedBackends().sort()).toEqual(["finite-diff", "forward", "tape"]);
  });

  test("options that mean nothing", () => {
    for (const chunkSize of [0, -1, 1.5, NaN]) {
      fails(() => AutoForward({ chunkSize }), AutodiffError, `AutoForward: chunkSize must be an integer of at least 1, got ${chunkSize}.`);
    }
    for (const step of [0, -0.1, NaN, Infinity]) fails(() => AutoFiniteDiff({ step }), AutodiffError, `AutoFiniteDiff: step must be a finite number above 0, got ${step}.`);
    fails(() => untyped(AutoFiniteDiff, { scheme: "centre" }), AutodiffError, 'AutoFiniteDiff: unknown scheme "centre". Use one of forward, backward, central, central4, central6.');
  });

  test("a second-order token where one engine belongs", () => {
    const both = SecondOrder(forward, tape);
    const message = "SecondOrder(outer, inner) is for hessian, hvp and secondDerivative. Name one engine here.";
    for (const op of [gradient, withgradient, jacobian, derivative]) fails(() => untyped(op, (x: Value) => x, both, 2), AutodiffError, message);
    for (const op of [pushforward, pullback]) fails(() => untyped(op, (x: Value) => x, both, 2, 1), AutodiffError, message);
    fails(() => prepareGradient((x) => x, both, 2)(2), AutodiffError, message);
    fails(() => hessian((x) => sum(x), SecondOrder(both, tape), x), AutodiffError, message);
    fails(() => gradient(() => sum(x), both, params(x)), AutodiffError, message);
  });

  test("no arguments at all is a defined result", () => {
    for (const ad of [...exact, differences]) {
      expect(gradient(() => 5, ad)).toEqual([]);
      expect(withgradient(() => ({ loss: 5, more: 6 }), ad)).toEqual({ val: { loss: 5, more: 6 }, grad: [] });
    }
    expect(gradient(() => 5)).toEqual([]);
    expect(gradient(() => 5, params()).size).toBe(0);
  });

  test("params stand alone", () => {
    const p = params(x);
    const stands = "params(...) stands alone, as in gradient(f, AutoTape(), params(W, b)); got it as argument";
    fails(() => gradient(() => sum(x), tape, p, 2), AutodiffError, `gradient: ${stands} 0 of 2.`);
    fails(() => gradient(() => sum(x), 2, p), AutodiffError, `gradient: ${stands} 1 of 2.`);
    fails(() => untyped(jacobian, () => x, tape, p), AutodiffError, `jacobian: ${stands} 0 of 1.`);
    const tail = "as argument 0. Closures capture parameters by identity: make one with tensor(), or pass the value to f and use the explicit form of gradient.";
    fails(() => params(3), AutodiffError, `params: expected float tensors and models of them, got the number 3 ${tail}`);
    fails(() => params(new Float64Array(2)), AutodiffError, `params: expected float tensors and models of them, got a Float64Array of length 2 ${tail}`);
    fails(() => gradient(() => sum(x), p).get(tensor([1, 2])), AutodiffError,
      "Grads: a float64 tensor of shape [2] is not among the parameters. They are told apart by identity: params(W) takes W itself, not a copy.");
  });

  test("a second copy of core", async () => {
    vi.resetModules();
    const message =
      "Two copies of @polyad/core are loaded in this process; tensors of one are strangers to the other. Run " +
      "`npm ls @polyad/core`, make the versions agree, and let packages that use it have it as a peer dependency.";
    await expect(import("@polyad/backend-tape")).rejects.toThrow(message);
    vi.resetModules();
    const other = await import("@polyad/core"); // a copy without engines: it says so where it first needs one
    expect(other.Tensor).not.toBe(Tensor);
    expect(() => other.gradient((y) => y, other.AutoTape(), 2)).toThrow(message);
    expect(() => other.add(untyped(tensor, [1]) as never, 1)).toThrow("add: expected a number, a Tensor or an array of numbers, got a HostTensor.");
    expect(gradient((y) => mul(y, y), tape, 3)).toEqual([6]);
  });
});

describe("traced values", () => {
  const coerced =
    "A traced value was used where JavaScript needs a plain number or string (by +x, x * 2, x > 0, `${x}` or the like). Use ops such as mul(x, 2), or read its value with " +
    "x.item(), which carries no derivative.";

  const finished = (who: string, kind: string) =>
    `${who}: a value traced by ${kind} was used after that had finished. Return it from the function (withgradient passes extra results through) instead of keeping it in an ` +
    "outer variable.";

  /* oxlint-disable eqeqeq, typescript/restrict-template-expressions -- what is forbidden is the point */
  test("coercion to a number or string", () => {
    const uses: readonly ((x: never) => unknown)[] = [
      (x) => `${x}`, (x) => +x, (x) => -x, (x) => x * 2, (x) => x + 1, (x) => x > 0, (x) => (x as unknown) == 1, (x) => Math.sin(x), (x) => Math.max(x, 0), (x) => Number(x), (x) => String(x),
      (x) => [1, 2, 3][x], (x) => new Float64Array([x]), (x) => Number.parseFloat(x), (x) => ({ 2: 1 })[x as number],
    ];
    for (const ad of exact) {
      for (const use of uses) {
        fails(() => untyped(gradient, use, ad, 2), AutodiffError, coerced);
        fails(() => untyped(gradient, use, ad, x), AutodiffError, coerced);
      }
      fails(() => untyped(gradient, (m: { a: never }) => m.a * 2, ad, { a: 2 }), AutodiffError, coerced);
      fails(() => untyped(gradient, ([a]: [never]) => a * 2, ad, [2]), AutodiffError, coerced);
      fails(() => gradient((x) => gradient((y) => `${String(x)}` === "" ? x : y, ad, 2)[0], ad, 2), AutodiffError, coerced);
    }
  });

  test("coercion of a plain tensor to a number", () => {
    const message =
      "A tensor of shape [2] was used where JavaScript needs a plain number (by +x, x * 2, x > 0 or the like). Use mul(x, 2), x.mul(2), greater(x, 0), or read it with item().";
    const uses: readonly ((x: never) => unknown)[] = [(x) => +x, (x) => x * 2, (x) => x > 0, (x) => (x as unknown) == 1, (x) => Math.sin(x)];
    for (const use of uses) fails(() => untyped(use, x), AutodiffError, message);
    expect(String(x)).toBe("Tensor(float64[2], [1, 2])");
  });
  /* oxlint-enable eqeqeq, typescript/restrict-template-expressions */

  test("used after its trace has finished", () => {
    for (const ad of exact) {
      let kept: Value = 0;
      let closure: (y: Value) => Value = (y) => y;
      gradient((x) => {
        kept = x;
        closure = (y) => mul(x, y);
        return mul(x, x);
      }, ad, 2);
      fails(() => mul(kept, 2), AutodiffError, finished("mul", ad.adtype));
      fails(() => closure(3), AutodiffError, finished("mul", ad.adtype));
      fails(() => gradient(closure, tape, 3), AutodiffError, finished("mul", ad.adtype));
      fails(() => gradient((y) => mul(y, y), tape, kept), AutodiffError, finished("mul", ad.adtype));
      fails(() => gradient((y, c) => mul(y, c), tape, 2, Const(kept)), AutodiffError, finished("mul", ad.adtype));
      fails(() => pushforward((y) => mul(y, 2), forward, 2, kept), AutodiffError, finished("mul", ad.adtype));
      // as a result, where it would have a derivative of zero
      fails(() => gradient(() => kept, tape, 2), AutodiffError, finished("gradient", ad.adtype));
      fails(() => withgradient((y) => ({ loss: y, more: kept }), tape, 2), AutodiffError, finished("withgradient", ad.adtype));
      fails(() => jacobian(() => ({ y: kept }), tape, 2), AutodiffError, finished("jacobian", ad.adtype));
      fails(() => hessian(() => kept, tape, 2), AutodiffError, finished("hessian", ad.adtype));
      fails(
        () => gradient((x) => {
          let inner: Value = 0;
          gradient((y) => (inner = mul(y, x)), ad, x);
          return inner;
        }, tape, 2), AutodiffError, finished("gradient", ad.adtype),
      );
      const { val } = withgradient((y) => ({ loss: y, f: () => mul(y, 2) }), ad, 2);
      fails(val.f, AutodiffError, finished("mul", ad.adtype));
      // Its value can still be read.
      expect(plain(kept)).toBe(2);
    }
  });

  test("captured by a function that runs outside of the trace", () => {
    const captured = (who: string, kind: string) =>
      `${who}: a value traced by ${kind} was captured by a function that runs outside of that trace (a derivative rule, customRule(), checkpoint(), or under an engine that needs concrete values). Pass it as an argument instead.`;
    fails(() => gradient((x) => checkpoint((y: Value) => mul(x, y))(x), tape, 2), UnsupportedError, captured("mul", "tape"));
    for (const ad of exact) {
      fails(() => gradient((x) => customRule((y: Value) => mul(x, y), { jvp: () => [(dy) => dy], vjp: () => [(ct) => ct] })(x), ad, 2), UnsupportedError, captured("mul", ad.adtype));
      fails(
        () => gradient((x) => customRule((y: Value) => neg(y), { jvp: () => [(dy) => mul(x, dy)], vjp: () => [(ct) => mul(x, ct)] })(x), ad, 2),
        ad.adtype === "tape" ? AutodiffError : UnsupportedError,
        // A reverse pass runs when the forward one has finished.
        ad.adtype === "tape" ? finished("mul", "tape") : captured("mul", ad.adtype),
      );
    }
  });
});

describe("trees", () => {
  test("cycles", () => {
    const cyclic: { x: Tensor; self?: unknown } = { x };
    cyclic.self = cyclic;
    const list: unknown[] = [x];
    list.push(list);
    const deep = { a: { b: { c: null as unknown } } };
    deep.a.b.c = deep.a;
    const message = (inner: string, outer: string) =>
      `A tree must not contain itself: ${inner} is the same object as ${outer}. Break the cycle, opt its class out with leaf(Class), or say its children with functor.`;
    for (const op of [gradient, withgradient, jacobian, hessian, prepareGradient]) fails(() => untyped(op, (m: typeof cyclic) => sum(m.x), tape, cyclic), TreeError, message(op === prepareGradient ? "[0].self" : ".self", op === prepareGradient ? "[0]" : "the root"));
    fails(() => gradient(() => 1, tape, list), TreeError, message("[1]", "the root"));
    fails(() => flatten(deep), TreeError, message(".a.b.c", ".a"));
    fails(() => fmap((leaf) => leaf, deep), TreeError, message(".a.b.c", ".a"));
    fails(() => params(deep), TreeError, message(".a.b.c", ".a"));
    fails(() => destructure(deep), TreeError, message(".a.b.c", ".a"));
    fails(() => Duplicated(deep), TreeError, message(".a.b.c", ".a"));
    fails(
      () => withgradient((y) => {
        const aux: { loss: Value; self?: unknown } = { loss: y };
        aux.self = aux;
        return aux;
      }, tape, 2), TreeError, message(".self", "the root"),
    );
    // Constants are not walked.
    expect(gradient((y, c) => mul(y, sum(c.x)), tape, 2, Const(cyclic))).toEqual([3, null]);
  });

  test("structures that do not fit", () => {
    fails(() => unflatten(flatten({ a: 1, b: 2 }).def, [1]), TreeError, "unflatten: expected 2 leaves for this structure, got 1.");
    fails(() => destructure({ a: x })[1](tensor([1, 2, 3])), ShapeError, "destructure: rebuild expected a vector of length 2, got 3.");
    fails(() => untyped(callable, 5, () => 1), AutodiffError, "callable: expected an object of fields, got the number 5.");
    fails(() => untyped(defineLayer("A", () => ({ a: 1 }), (self) => self.a).from, null), AutodiffError, "A: expected an object of fields, got null.");
    fails(() => gradient((m) => mul(m.a, 2), tape, { a: Duplicated(2) }), TreeError,
      "Duplicated(x) stands for a whole argument of an operator, not for a part of one. Wrap the argument itself.");
    expect(gradient((m) => mul(m.a, m.b), tape, { a: Const(2), b: 3 })).toEqual([{ a: null, b: 2 }]);
  });

  test("a constant where the differentiated argument belongs gives null", () => {
    for (const ad of exact) {
      expect(jacobian((x) => mul(x, 2), ad, Const(x))).toBeNull();
      expect(pullback((x) => mul(x, 2), ad, Const(x), x)).toBeNull();
      expect(hessian((x) => sum(x), ad, Const(x))).toBeNull();
      expect(hvp((x) => sum(x), ad, Const(x), x)).toBeNull();
      expect(plain(pushforward((x) => mul(x, 2), ad, Const(x), x))).toEqual([0, 0]);
    }
  });
});

describe("seeds", () => {
  const f = (m: { a: Value; b: Value }) => mul(m.a, m.b);
  const at = { a: 2, b: 3 };

  for (const ad of exact) {
    test(`of wrong structure, under ${JSON.stringify(ad)}`, () => {
      fails(() => pushforward(f, ad, at, { a: 1 }), TreeError, "pushforward: seed has nothing at .b, where its value has something. Null is zero.");
      fails(() => pushforward(f, ad, at, { c: 1, d: 0 }), TreeError, "pushforward: seed has nothing at .a, where its value has something. Null is zero.");
      fails(() => pushforward(f, ad, at, { a: 1, b: 0, c: 1 }), TreeError, "pushforward: seed has something at .c, where its value has nothing.");
      fails(() => pushforward(f, ad, at, 1), TreeError, "pushforward: seed must be a tree like its value, of type object with 2 children, or null; got the number 1.");
      fails(() => pushforward((x) => x, ad, x, { a: 1 }), AutodiffError, "pushforward: seed must be a number, a tensor or null, got a plain object.");
      fails(() => pushforward((x) => x, ad, x, "1"), AutodiffError, 'pushforward: seed must be a number, a tensor or null, got the string "1".');
      fails(() => pushforward((x) => x, ad, x, tensor([1, 2, 3])), ShapeError, "pushforward: seed must have the shape of its value, [2], got [3].");
      fails(() => pushforward((x) => x, ad, x, 1), ShapeError, "pushforward: seed must have the shape of its value, [2], got [].");
      fails(() => pushforward(([a]) => a, ad, [1, 2], [1]), TreeError, "pushforward: seed must be a tree like its value, of type array with 2 children, or null; got the number 1.");
      fails(() => pullback((x) => mul(x, x), ad, x, [1, 2]), AutodiffError, "pullback: seed must be a number, a tensor or null, got an array of length 2.");
      fails(() => pullback((x) => mul(x, x), ad, x, tensor([1, 2, 3])), ShapeError, "pullback: seed must have the shape of its value, [2], got [3].");
      fails(() => pullback((x) => ({ y: x }), ad, x, 1), TreeError, "pullback: seed must be a tree like its value, of type object with 1 children, or null; got the number 1.");
      fails(() => pullback((x) => ({ y: { z: x } }), ad, x, { y: { z: 1 } }), ShapeError, "pullback: seed.y.z must have the shape of its value, [2], got [].");
      fails(() => hvp((x) => sum(x), ad, x, 3), ShapeError, "hvp: seed must have the shape of its value, [2], got [].");
      fails(() => hvp((x) => sum(x), ad, x, [x, 3]), ShapeError, "hvp: seed must have the shape of its value, [2], got [].");
    });

    test(`missing or empty, under ${JSON.stringify(ad)}`, () => {
      fails(() => untyped(pushforward, sin, ad, x), AutodiffError, "pushforward: expected a seed, a tree like its value; got undefined. Null is zero.");
      fails(() => untyped(pullback, sin, ad, x), AutodiffError, "pullback: expected a seed, a tree like its value; got undefined. Null is zero.");
      fails(() => untyped(hvp, (x: Tensor) => sum(x), ad, x), AutodiffError, "hvp: expected a seed, a tree like its value; got undefined. Null is zero.");
      fails(() => pushforward((x) => x, ad, x, []), AutodiffError, "pushforward: expected at least one seed, got an empty array.");
      fails(() => hvp((x) => sum(x), ad, x, []), AutodiffError, "hvp: expected at least one seed, got an empty array.");
      expect(plain(pushforward((x) => x, ad, x, null))).toEqual([0, 0]);
      expect(pushforward(f, ad, at, { a: null, b: 1 })).toBe(2);
      expect(plain(pullback((x) => ({ y: mul(x, x), z: x }), ad, x, { y: x, z: null }))).toEqual([2, 8]);
    });

    test(`matched by key, under ${JSON.stringify(ad)}`, () => {
      expect(pushforward(f, ad, at, { b: 1, a: 0 })).toBe(2);
      expect(pushforward(f, ad, at, [{ b: 1, a: 0 }, { a: 1, b: 0 }])).toEqual([2, 3]);
      expect(plain(pullback((x) => ({ y: mul(x, 2), z: mul(x, 3) }), ad, x, { z: x, y: null }))).toEqual([3, 6]);
      expect(pushforward((m) => mul(m.w, m.w), ad, { w: 2, name: "n", act: relu }, { w: 1 })).toBe(4);
      const layer = callable({ w: 2 }, (self, x: Value) => mul(self.w, x));
      expect(pushforward((m) => m(5), ad, layer, { w: 1 })).toBe(5);
      expect(pushforward((m) => m(5), ad, layer, layer)).toBe(10);
      expect(plain(pushforward((x) => mul(x, x), ad, x, new Float64Array([1, 0])))).toEqual([2, 0]);
    });
  }
});

describe("empty tensors and axes of no length", () => {
  for (const ad of [...exact, differences]) {
    test(`are defined, under ${JSON.stringify(ad)}`, () => {
      expect(withgradient((x) => sum(x), ad, zeros([0])).val.item()).toBe(0);
      expect(gradient((x) => sum(x), ad, zeros([2, 0]))[0].shape).toEqual([2, 0]);
      expect(gradient((x) => sum(x), ad, new Float64Array(0))).toEqual([new Float64Array(0)]);
      expect(gradient((x) => sum(x), ad, [])).toEqual([[]]);
      expect(gradient(() => 5, ad, {})).toEqual([{}]);
      expect(jacobian((x) => mul(x, x), ad, zeros([0])).shape).toEqual([0, 0]);
      expect(jacobian((x) => slice(x, [0, 0]), ad, x).shape).toEqual([0, 2]);
      expect(jacobian((x) => sum(x), ad, zeros([0])).shape).toEqual([0]);
      expect(hessian((x) => sum(x), ad, zeros([0])).shape).toEqual([0, 0]);
      expect(hvp((x) => sum(x), ad, zeros([0]), zeros([0])).shape).toEqual([0]);
      expect(pushforward((x) => sum(x), ad, zeros([0]), zeros([0])).item()).toBe(0);
      expect(pullback((x) => mul(x, x), ad, zeros([0]), zeros([0])).shape).toEqual([0]);
      const [da, db] = gradient((a, b) => sum(matmul(a, b)), ad, zeros([2, 0]), zeros([0, 3]));
      expect([da.shape, db.shape]).toEqual([[2, 0], [0, 3]]);
      expect(plain(gradient((x, e) => add(sum(x), sum(mul(e, 2))), ad, tensor([1]), zeros([0]))[0])).toEqual([expect.closeTo(1, 8)]);
    });
  }
  test("have no element to read", () => fails(() => zeros([0]).item(), ShapeError, "item: expected one element, got shape [0]. Use toArray(), or slice first."));
});

describe("an exception inside of f", () => {
  class Mine extends Error {}

  for (const ad of [...exact, differences]) {
    test(`passes through and leaves nothing behind, under ${JSON.stringify(ad)}`, () => {
      const mine = new Mine("mine");
      const thrower = (x: Value): Value => {
        exp(x);
        throw mine;
      };
      for (const op of [gradient, withgradient, jacobian, hessian, derivative, secondDerivative, (f: typeof thrower, ad: ADType, x: number) => untyped(prepareGradient(f, ad, x), x)]) {
        let thrown: unknown;
        try {
          untyped(op, thrower, ad, 2);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBe(mine);
        expect(currentTrace()).toBeNull();
        expectClose(gradient((x) => mul(x, x), ad, 2), [4], 1e-8);
      }
      expect(() => gradient(() => thrower(1), ad, params(x))).toThrow(mine);
      expect(plain(mul(x, 2))).toEqual([2, 4]); // captured tensors are themselves again
      expect(() => pushforward(thrower, ad, 2, 1)).toThrow(mine);
      expect(() => pullback(thrower, ad, 2, 1)).toThrow(mine);
      expect(currentTrace()).toBeNull();
    });
  }

  test("inside of a capture", () => {
    expect(() => trace(() => { throw new Mine("mine"); }, 2)).toThrow(Mine);
    expect(currentTrace()).toBeNull();
  });
});

describe("control flow by value", () => {
  const branch = (x: Tensor) => (x.item() > 0 ? mul(x, 2) : mul(x, 3));
  test("works in eager engines", () => {
    for (const ad of [...exact, differences]) {
      expectClose(gradient(branch, ad, tensor(1)), [2], 1e-8);
      expectClose(gradient(branch, ad, tensor(-1)), [3], 1e-8);
    }
    expect(plain(gradient((x) => gradient((y) => mul(branch(y), y), forward, x)[0], tape, tensor(-1)))).toEqual([6]);
  });
  test("names where() in a capture", () => {
    const message =
      "A value was read while a graph was being captured, when only shapes and dtypes are known. Choose by value with where(condition, a, b), or use an eager engine (AutoTape, " +
      "AutoForward), where reading works.";
    fails(() => trace(branch, tensor(1)), AutodiffError, message);
    fails(() => trace((x: Tensor) => x.toArray(), tensor(1)), AutodiffError, message);
    fails(() => trace((x: Tensor) => mul(x, x.dataSync()[0]!), tensor(1)), AutodiffError, message);
    expect(trace((x: Tensor) => where(greater(x, 0), mul(x, 2), mul(x, 3)), tensor(1)).evaluate(tensor(-1)).item()).toBe(-3);
  });
  test("says in a batch that a value is many", () => {
    const message = "A batched value has one value per entry of the batch and cannot be read inside it. Use where() to choose by value.";
    // The primal of a batch of tangents is one value; a Jacobian over a reverse pass batches the pass itself.
    expectClose(jacobian((x) => mul(x, branch(slice(x, 0))), forward, x), [[4, 0], [4, 2]], 0);
    const rule = customRule((x: Tensor) => mul(x, x), { vjp: (_y, [x]) => [(ct) => (ct.item() > 0 ? mul(ct, mul(2, x)) : mul(ct, mul(2, x)))] });
    expect(plain(gradient((x) => rule(x), tape, tensor(3)))).toEqual([6]);
    fails(() => jacobian((x) => stack([rule(slice(x, 0)), slice(x, 1)]), tape, x), UnsupportedError, message);
  });
});

describe("prepared operators", () => {
  test("are held to their example", () => {
    const step = prepareGradient((m, y) => sum(mul(m.w, y)), tape, { w: x, n: 3 }, Const(x));
    fails(() => untyped(step, { w: tensor([1, 2, 3]), n: 3 }, tensor(new Float32Array(2))), PreparationMismatchError,
      "prepareGradient: the arguments are not like the example that it was prepared with:\n" +
        "  MISMATCH  args[0].w: prepared for float64[2], got float64[3]\n  ok        args[0].n: number\n" +
        "  MISMATCH  args[1]: prepared for float64[2], got float32[2]\nPrepare again for these.");
    fails(() => untyped(step), PreparationMismatchError,
      "prepareGradient: the arguments are not like the example that it was prepared with:\n  MISMATCH  args[0].w: prepared for float64[2], got nothing\n" +
        "  MISMATCH  args[0].n: prepared for number, got nothing\n  MISMATCH  args[1]: prepared for float64[2], got nothing\nPrepare again for these.");
    const one = prepareGradient((x) => sum(x), tape, x);
    fails(() => untyped(one.into, [new Float64Array(3)], x), AutodiffError, "prepareGradient: into() expects a Float64Array of length 2 at leaf 0, got a Float64Array of length 3.");
    fails(() => untyped(one.into, [], x), TreeError, "prepareGradient: into() expects buffers as buffers() makes them, with 1 leaves, got 0.");
    one.dispose();
    fails(() => one(x), AutodiffError, "prepareGradient: this prepared operator was disposed. Prepare another.");
  });
});

describe("half-written backends", () => {
  const base = { dtypes: ["float64", "float32"], order: 1, execution: "sync", controlFlow: true, traceable: true } as const;
  let count = 0;
  /** A token for a backend that returns what it is told to. */
  function backend(parts: { pullback?(f: () => readonly Value[]): unknown; pushforward?(f: () => readonly Value[]): unknown }, capabilities = {}): ADType & { execution: "sync" } {
    const adtype = `broken-${count++}`;
    const direction = parts.pullback ? ({ reverse: "fast" } as const) : ({ forward: "fast" } as const);
    const made: Backend = {
      adtype,
      capabilities: { ...base, ...direction, ...capabilities },
      ...(parts.pullback && { pullback: (f, xs) => parts.pullback!(() => f(xs)) as Pullback }),
      ...(parts.pushforward && { pushforward: (f, xs) => parts.pushforward!(() => f(xs)) as Pushforward }),
    };
    registerBackend(made);
    return defineADType(adtype, "sync")();
  }
  const dispose = () => {};
  const f = (x: Tensor) => sum(square(x));
  const broken = (message: string, parts: Parameters<typeof backend>[0]) => {
    const ad = backend(parts);
    fails(() => gradient(f, ad, x), AutodiffError, `${ad.adtype}: contract: ${message}`);
  };

  test("without a pullback and a pushforward", () => {
    fails(() => registerBackend({ adtype: "nothing", capabilities: base }), AutodiffError,
      'registerBackend: "nothing" implements neither pullback nor pushforward; the contract needs one.');
  });
  test("a pullback that returns something else", () => {
    broken("pullback must return { ys, pull, dispose }, got undefined.", { pullback: () => undefined });
    broken("pullback must return { ys, pull, dispose }, got no pull, no dispose.", { pullback: () => ({ ys: [1] }) });
    broken("pullback must return { ys, pull, dispose }, got no dispose.", { pullback: () => ({ ys: [1], pull: () => [] }) });
  });
  test("results that are not f's", () => {
    broken("ys must be f's results, 1 in all; got an array of length 0.", { pullback: (f) => (f(), { ys: [], pull: () => [], dispose }) });
    broken("ys must be f's results, 1 in all; got an array of length 2.", { pullback: (f) => ({ ys: [...f(), 1], pull: () => [], dispose }) });
    broken('result 0 must be a number or a Tensor, got the string "1".', { pullback: (f) => (f(), { ys: ["1"], pull: () => [x], dispose }) });
    broken("ys must be f's results, 1 in all; got an array of length 0.", { pushforward: (f) => (f(), { ys: [], tangents: [[]] }) });
  });
  test("cotangents of the wrong number, shape or type", () => {
    broken("pull must return one cotangent per input, 1 in all; got an array of length 0.", { pullback: (f) => ({ ys: f(), pull: () => [], dispose }) });
    broken("pull must return one cotangent per input, 1 in all; got undefined.", { pullback: (f) => ({ ys: f(), pull: () => undefined, dispose }) });
    broken("cotangent 0 must have the shape of its value, [2]; got [3].", { pullback: (f) => ({ ys: f(), pull: () => [tensor([1, 2, 3])], dispose }) });
    broken("cotangent 0 must have the shape of its value, [2]; got [].", { pullback: (f) => ({ ys: f(), pull: () => [1], dispose }) });
    broken("cotangent 0 must be a number, a Tensor or undefined, got an array of length 2.", { pullback: (f) => ({ ys: f(), pull: () => [[1, 2]], dispose }) });
    broken("cotangent 0 must be a number, a Tensor or undefined, got null.", { pullback: (f) => ({ ys: f(), pull: () => [null], dispose }) });
    const absent = backend({ pullback: (f) => ({ ys: f(), pull: () => [undefined], dispose }) });
    expect(plain(gradient(f, absent, x))).toEqual([[0, 0]]); // what is absent is zero
  });
  test("tangents of the wrong number, shape or type", () => {
    broken("pushforward must return { ys, tangents }, got undefined.", { pushforward: () => undefined });
    broken("pushforward must return { ys, tangents }, got no tangents.", { pushforward: (f) => ({ ys: f() }) });
    broken("pushforward must return one list per tangent, 2 in all; got an array of length 0.", { pushforward: (f) => ({ ys: f(), tangents: [] }) });
    broken("a tangent has one entry per result, 1 in all; got an array of length 0.", { pushforward: (f) => ({ ys: f(), tangents: [[], []] }) });
    broken("a tangent has one entry per result, 1 in all; got undefined.", { pushforward: (f) => ({ ys: f(), tangents: [undefined, []] }) });
    broken("tangent 0 must have the shape of its value, []; got [2].", { pushforward: (f) => ({ ys: f(), tangents: [[x], [x]] }) });
    broken('tangent 0 must be a number, a Tensor or undefined, got the string "0".', { pushforward: (f) => ({ ys: f(), tangents: [["0"], ["0"]] }) });
  });
  test("a backend without the right that is asked for", () => {
    const narrow = backend({ pullback: (f) => ({ ys: f(), pull: () => [undefined], dispose }) }, { dtypes: ["float32"] });
    fails(() => gradient(f, narrow, x), UnsupportedError, `${narrow.adtype}: cannot differentiate a float64 tensor of shape [2]; it takes float32. Use cast(), or another engine.`);
    const opaque = backend({ pullback: (f) => ({ ys: f(), pull: () => [undefined], dispose }) }, { traceable: false });
    fails(() => gradient((x) => sum(gradient(f, opaque, x)[0]), tape, x), UnsupportedError,
      `${opaque.adtype}: needs concrete values, but is being differentiated by tape. Use a traceable engine inside, such as AutoTape().`);
  });
  test("a primitive without a name, a shape rule or an evaluation", () => {
    const define = definePrimitive as (definition: object) => (x: Value) => Value;
    fails(() => define({ name: "cube" }), AutodiffError, "definePrimitive: expected { name, shape, … }, with shape(inputs, attrs) giving the shape of each result; cube lacks that.");
    fails(() => define({ shape: () => [] }), AutodiffError, "definePrimitive: expected { name, shape, … }, with shape(inputs, attrs) giving the shape of each result; there is no name.");
    fails(() => define({ name: "cube", shape: () => [] })(2), UnsupportedError, "cube: has no evaluation. Give definePrimitive() a compute, evaluate or composite.");
  });
  test("a customRule whose maps have another shape, or are no maps", () => {
    const point = tensor([1, 1]);
    const wrong = (rules: object) => customRule((a: Tensor) => mul(a, 2) as Tensor, rules as { vjp: () => [(ct: Tensor) => Tensor] });
    const loss = (f: (a: Tensor) => Tensor) => (x: Tensor): Value => sum(mul(f(mul(x, tensor([1, 10])) as Tensor), tensor([3, 5])));
    const column = wrong({ vjp: () => [(ct: Tensor) => reshape(mul(ct, 2), [2, 1])] });
    fails(() => gradient(loss(column), tape, point), ShapeError, "customRule: the map of operand 0 in its vjp rule gave shape [2, 1], and operand 0's is [2].");
    fails(() => gradient(loss(wrong({ vjp: () => [() => 7] })), tape, point), ShapeError, "customRule: the map of operand 0 in its vjp rule gave shape [], and operand 0's is [2].");
    fails(() => pushforward(wrong({ jvp: () => [() => tensor([1])] }), forward, point, point), ShapeError, "customRule: the map of operand 0 in its jvp rule gave shape [1], and the result's is [2].");
    fails(() => gradient(loss(wrong({ vjp: () => (ct: Tensor) => ct })), tape, point), AutodiffError,
      "customRule: its vjp rule must return an array with one map per operand, or null where there is no derivative, got a function.");
    expect(gradient(loss(wrong({ vjp: () => [(ct: Tensor) => mul(ct, 2)] })), tape, point)[0].toArray()).toEqual([6, 100]);
  });
  test("a primitive without rules", () => {
    const cube = definePrimitive<readonly [Value], Value, null, (x: Value) => Value>({ name: "cube", elementwise: true, shape: () => [], composite: ([x]) => mul(x, square(x)) });
    expect(cube(2)).toBe(8);
    fails(() => gradient((x) => cube(x), tape, 2), UnsupportedError,
      "tape: the primitive cube has no vjp rule. Give definePrimitive() or customRule() one, use an engine of forward mode, or stopGradient() its operands.");
    fails(() => gradient((x) => cube(x), forward, 2), UnsupportedError,
      "forward: the primitive cube has no jvp rule. Give definePrimitive() or customRule() one, use an engine of reverse mode, or stopGradient() its operands.");
  });
});

describe("calls as in other libraries", () => {
  const loose = <F>(f: F) => f as (...args: unknown[]) => unknown;
  const range = "expected an index, [start, stop] or [start, stop, step] of integers for axis 0, null for an end or for all of it, got";
  test.each<[string, () => unknown, ErrorClass, string]>([
    ["lengths one by one", () => loose(reshape)(x, 2, 1), ShapeError, "reshape: a shape is an array of integers, reshape(x, [2, -1]), got a number."],
    ["axes one by one", () => loose(transpose)(M, 1, 0), ShapeError, "transpose: the order of the axes is an array, transpose(x, [1, 0]), got 1."],
    ["a range of a start", () => loose(slice)(x, [0]), ShapeError, `slice: ${range} [0].`],
    ["a range of four", () => loose(slice)(x, [0, 1, 1, 1]), ShapeError, `slice: ${range} [0, 1, 1, 1].`],
    ["a range of halves", () => slice(x, [0.5, 1]), ShapeError, `slice: ${range} [0.5, 1].`],
    ["a range by name", () => loose(slice)(x, "all"), ShapeError, `slice: ${range} all.`],
    ["tensors one by one", () => loose(concat)(x, x), AutodiffError, "concat: expected an array of tensors, concat([a, b]), got a float64 tensor of shape [2]."],
    ["the same of stack", () => loose(stack)(x, x), AutodiffError, "stack: expected an array of tensors, stack([a, b]), got a float64 tensor of shape [2]."],
    ["no seed", () => loose(generator)(), AutodiffError, "generator: expected an integer seed, got undefined."],
    ["the length of a tensor", () => Reflect.get(x, "length"), AutodiffError, "A tensor of shape [2] has no length: x.shape[0] is that of its first axis, x.size the number of its elements, and slice(x, i) takes one."],
  ])("%s", (_name, f, type, message) => fails(f, type, message));

  test("a loop over a typed array, which is a tensor inside of f, does not run zero times in silence", () => {
    const total = (xs: Float64Array): number => {
      let sum = 0;
      for (let i = 0; i < xs.length; i++) sum += xs[i]!;
      return sum;
    };
    expect(() => loose(gradient)(total, tape, Float64Array.of(1, 2))).toThrow("A tensor of shape [2] has no length");
  });
});

describe("options that do not exist", () => {
  const loose = <F>(f: F) => f as (...args: unknown[]) => unknown;
  test.each<[string, () => unknown, string]>([
    ["a slip in a name", () => loose(sum)(x, { dim: 0 }), "sum: there is no option dim. It has axis, keepDims."],
    ["an axis without its name", () => loose(sum)(x, 0), "sum: expected an object of options, got 0. Options are written { axis: 0 }."],
    ["of norm", () => loose(norm)(x, { p: 3 }), "norm: there is no option p. It has axis, keepDims, ord."],
    ["of std", () => loose(std)(x, { ddof: 1 }), "std: there is no option ddof. It has axis, keepDims, correction."],
    ["of mean", () => loose(mean)(x, { dim: 0 }), "mean: there is no option dim. It has axis, keepDims."],
    ["of AutoTape", () => loose(AutoTape)({ persistent: true }), "AutoTape: there is no option persistent. It has none."],
    ["of a number's sum", () => loose(sum)(3, { dim: 0 }), "sum: there is no option dim. It has axis, keepDims."],
    ["of a number's max", () => loose(max)(3, { dim: 0 }), "max: there is no option dim. It has axis, keepDims."],
    ["of a number's any", () => loose(any)(3, { dim: 0 }), "any: there is no option dim. It has axis, keepDims."],
    ["of a number's mean", () => loose(mean)(3, { dim: 0 }), "mean: there is no option dim. It has axis, keepDims."],
    ["of a number's logsumexp", () => loose(logsumexp)(3, { dim: 0 }), "logsumexp: there is no option dim. It has axis, keepDims."],
    ["of a number's median", () => loose(median)(3, { dim: 0 }), "median: there is no option dim. It has axis, keepDims."],
    ["of whereSafe", () => loose(whereSafe)(1, sqrt, 4, 0, { with: 2 }), "whereSafe: there is no option with. It has at."],
    ["of Duplicated", () => loose(Duplicated)(x, { accumulate: true }), "Duplicated: there is no option accumulate. It has buffers, zero."],
    ["of fmapWith", () => loose(fmapWith)({ leaf: () => true }, () => 0, [x]), "fmapWith: there is no option leaf. It has exclude, prune, cache."],
    ["of softmax", () => loose(softmax)(x, { dim: 0 }), "softmax: there is no option dim. It has axis."],
    ["of argmax", () => loose(argmax)(x, { dim: 0 }), "argmax: there is no option dim. It has axis, keepDims."],
    ["of matmul", () => loose(matmul)(M, M, { transpose: true }), "matmul: there is no option transpose. It has transposeA, transposeB."],
    ["of conv", () => loose(conv)(zeros([1, 1, 3]), zeros([1, 1, 3]), { stride: 2 }), "conv: there is no option stride. It has strides, padding, dilation, groups."],
    ["of concat", () => loose(concat)([x, x], { dim: 0 }), "concat: there is no option dim. It has axis."],
    ["of rand", () => loose(rand)(generator(1), [2], { low: 0 }), "rand: there is no option low. It has dtype, min, max."],
    ["a device without its name", () => loose(AutoTfjs)("wasm"), "AutoTfjs: expected an object of options, got wasm. Options are written { device: … }."],
    ["of an engine", () => loose(AutoForward)({ chunk: 2 }), "AutoForward: there is no option chunk. It has chunkSize."],
    ["of an engine of one's own", () => loose(defineADType("mine", "sync"))("fast"), 'The token of mine takes an object of options, such as { device: "wasm" }, got fast.'],
  ])("%s", (_name, f, message) => fails(f, AutodiffError, message));
});

test("a gradient of very many numbers takes time in proportion", { timeout: 20_000 }, () => {
  const time = (n: number): number => {
    const xs = Array.from({ length: n }, (_, i) => i / n);
    const start = performance.now();
    const [g] = gradient((ys: readonly Value[]) => ys.reduce((total, y) => add(total, mul(y, y))), tape, xs);
    expect(g[n - 1]).toBe(2 * xs[n - 1]!);
    return performance.now() - start;
  };
  time(1000);
  time(100_000); // by the square of it this would be a minute
});
