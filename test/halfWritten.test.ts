import { AutodiffError, AutoTape, BackendNotLoadedError, cast, defineADType, gradient, hessian, jacobian, mul, pullback, pushforward, registerBackend, square, sum, tensor, topK, withgradient, type ADType, type Tensor, type Value } from "@polyad/core/extend";
import "@polyad/backend-tape";
import { expect, test } from "vitest";

// What the author of an engine meets on the way: each message names the rule of the contract that was broken.

type Method = (f: (xs: unknown) => readonly Value[], xs: readonly Value[], tangents: readonly unknown[]) => unknown;
interface Half {
  readonly [part: string]: unknown;
  readonly pullback?: Method;
  readonly pushforward?: Method;
  readonly withgradient?: Method;
}

const sound = { dtypes: ["float64", "float32"], order: 2, execution: "sync", controlFlow: true, traceable: true };
let count = 0;

/** Registers what the types refuse, too. */
function register(half: Half): () => ADType & { execution: "sync" } {
  const adtype = `half-${count++}`;
  const cost = { ...(half.pullback && { reverse: "fast" }), ...(half.pushforward && { forward: "fast" }) };
  Reflect.apply(registerBackend, undefined, [{ adtype, capabilities: { ...sound, ...cost }, ...half }]);
  return defineADType(adtype, "sync");
}

function fails(call: () => unknown, message: string, kind: typeof AutodiffError = AutodiffError): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(kind);
  expect((thrown as Error).message.replace(/half-\d+/g, "half")).toBe(message);
}

const x = tensor([1, 2]);
const single = tensor(new Float32Array([1, 2]));
const loss = (at: Tensor): Tensor => sum(square(at));
const dispose = (): void => {};
const pull = (): unknown[] => [undefined];

class Dual {}
const Foreign = { Tensor: class Tensor {} };

/** Used at x, with `loss`. */
const wrong: readonly [what: string, half: Half, message: string][] = [
  // pullback
  ["a pullback that returns nothing", { pullback: () => undefined }, "pullback must return { ys, pull, dispose }, got undefined."],
  ["a pullback that returns the gradient", { pullback: (f, xs) => (f(xs), [x]) }, "pullback must return { ys, pull, dispose }, got an array of length 1."],
  ["a pullback that is a promise", { pullback: async (f, xs) => ({ ys: f(xs), pull, dispose }) }, "pullback must return { ys, pull, dispose }, got a Promise. Only withgradient may give a promise, of an engine that is async."],
  ["no pull", { pullback: (f, xs) => ({ ys: f(xs), dispose }) }, "pullback must return { ys, pull, dispose }, got no pull."],
  ["no dispose", { pullback: (f, xs) => ({ ys: f(xs), pull }) }, "pullback must return { ys, pull, dispose }, got no dispose."],
  ["ys that are one value", { pullback: (f, xs) => ({ ys: f(xs)[0], pull, dispose }) }, "pullback must return { ys, pull, dispose }, got a float64 tensor of shape [] for ys."],
  ["pull that is the cotangents", { pullback: (f, xs) => ({ ys: f(xs), pull: [x], dispose }) }, "pullback must return { ys, pull, dispose }, got an array of length 1 for pull."],
  // ys
  ["ys of f twice", { pullback: (f, xs) => ({ ys: [...f(xs), ...f(xs)], pull, dispose }) }, "ys must be f's results, 1 in all; got an array of length 2."],
  ["ys that are no tensors", { pullback: (f, xs) => (f(xs), { ys: [[5]], pull, dispose }) }, "result 0 must be a number or a Tensor, got an array of length 1."],
  ["ys that are undefined", { pullback: (f, xs) => (f(xs), { ys: [undefined], pull, dispose }) }, "result 0 must be a number or a Tensor, got undefined."],
  ["ys of another shape", { pullback: (f, xs) => (f(xs), { ys: [x], pull, dispose }) }, "ys must be f's results; result 0 is a float64 tensor of shape [], got a float64 tensor of shape [2]."],
  ["ys of another dtype", { pullback: (f, xs) => ({ ys: f(xs).map((y) => cast(y, "float32")), pull, dispose }) }, "ys must be f's results; result 0 is a float64 tensor of shape [], got a float32 tensor of shape []."],
  ["ys that are numbers", { pullback: (f, xs) => ({ ys: f(xs).map((y) => (y as Tensor).item()), pull, dispose }) }, "ys must be f's results; result 0 is a float64 tensor of shape [], got the number 5."],
  // f
  ["f without its arguments", { pullback: (f) => ({ ys: f(undefined), pull, dispose }) }, "f takes one list of as many values as there are inputs, 1; it was called with undefined."],
  ["f with its argument alone", { pullback: (f, xs) => ({ ys: f(xs[0]), pull, dispose }) }, "f takes one list of as many values as there are inputs, 1; it was called with a float64 tensor of shape [2]."],
  ["f with too few", { pullback: (f) => ({ ys: f([]), pull, dispose }) }, "f takes one list of as many values as there are inputs, 1; it was called with an array of length 0."],
  ["f with too many", { pullback: (f, xs) => ({ ys: f([...xs, 1]), pull, dispose }) }, "f takes one list of as many values as there are inputs, 1; it was called with an array of length 2."],
  ["f with typed arrays", { pullback: (f) => ({ ys: f([new Float64Array(2)]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a Float64Array of length 2."],
  ["f with NaN for a tensor", { pullback: (f) => ({ ys: f([NaN]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with the number NaN."],
  ["f with another shape", { pullback: (f) => ({ ys: f([tensor([1, 2, 3])]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a float64 tensor of shape [3]."],
  ["f with another dtype", { pullback: (f) => ({ ys: f([single]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a float32 tensor of shape [2]."],
  ["f with a box of its own", { pullback: (f) => ({ ys: f([new Dual()]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a Dual. A value of one's own must extend Tracer, of @polyad/core/extend."],
  ["f with a plain object", { pullback: (f) => ({ ys: f([{}]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a plain object."],
  ["f with a promise", { pullback: (f) => ({ ys: f([Promise.resolve(1)]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a Promise."],
  ["f with a Tensor of another library's", { pullback: (f) => ({ ys: f([new Foreign.Tensor()]), pull, dispose }) }, "f takes values like its inputs; input 0 is a float64 tensor of shape [2], and f was called with a Tensor of another library's, or of another copy of @polyad/core."],
  // cotangents
  ["too few cotangents", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [], dispose }) }, "pull must return one cotangent per input, 1 in all; got an array of length 0."],
  ["too many cotangents", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [x, x], dispose }) }, "pull must return one cotangent per input, 1 in all; got an array of length 2."],
  ["a cotangent alone", { pullback: (f, xs) => ({ ys: f(xs), pull: () => x, dispose }) }, "pull must return one cotangent per input, 1 in all; got a float64 tensor of shape [2]."],
  ["a promise of cotangents", { pullback: (f, xs) => ({ ys: f(xs), pull: async () => [x], dispose }) }, "pull must return one cotangent per input, 1 in all; got a Promise. Only withgradient may give a promise, of an engine that is async."],
  ["null for a zero", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [null], dispose }) }, "cotangent 0 must be a number, a Tensor or undefined, got null."],
  ["a typed array for a cotangent", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [new Float64Array(2)], dispose }) }, "cotangent 0 must be a number, a Tensor or undefined, got a Float64Array of length 2."],
  ["NaN for a cotangent", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [NaN], dispose }) }, "cotangent 0 must have the shape of its value, [2]; got []."],
  ["a cotangent of another shape", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [tensor([[1, 2]])], dispose }) }, "cotangent 0 must have the shape of its value, [2]; got [1, 2]."],
  ["a cotangent of another dtype", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [single], dispose }) }, "cotangent 0 must be a float64 tensor of shape [2], as its value is; got a float32 tensor of shape [2]."],
  ["a cotangent of integers", { pullback: (f, xs) => ({ ys: f(xs), pull: () => [tensor(new Int32Array(2))], dispose }) }, "cotangent 0 must be a float64 tensor of shape [2], as its value is; got an int32 tensor of shape [2]."],
  // pushforward: the gradient of two numbers takes two tangents
  ["a pushforward that returns nothing", { pushforward: () => undefined }, "pushforward must return { ys, tangents }, got undefined."],
  ["a pushforward that is a promise", { pushforward: async (f, xs, tangents) => ({ ys: f(xs), tangents }) }, "pushforward must return { ys, tangents }, got a Promise. Only withgradient may give a promise, of an engine that is async."],
  ["no tangents", { pushforward: (f, xs) => ({ ys: f(xs) }) }, "pushforward must return { ys, tangents }, got no tangents."],
  ["tangents that are NaN", { pushforward: (f, xs) => ({ ys: f(xs), tangents: NaN }) }, "pushforward must return { ys, tangents }, got the number NaN for tangents."],
  ["no ys", { pushforward: (f, xs, tangents) => (f(xs), { tangents }) }, "pushforward must return { ys, tangents }, got no ys."],
  ["the first tangent only", { pushforward: (f, xs) => ({ ys: f(xs), tangents: [[1]] }) }, "pushforward must return one list per tangent, 2 in all; got an array of length 1."],
  ["tangents without their lists", { pushforward: (f, xs) => ({ ys: f(xs), tangents: [tensor(1), tensor(1)] }) }, "a tangent has one entry per result, 1 in all; got a float64 tensor of shape []."],
  ["a tangent for each input", { pushforward: (f, xs) => ({ ys: f(xs), tangents: [[], []] }) }, "a tangent has one entry per result, 1 in all; got an array of length 0."],
  ["the tangents that it was given", { pushforward: (f, xs, tangents) => ({ ys: f(xs), tangents }) }, "tangent 0 must have the shape of its value, []; got [2]."],
  ["a number for a scalar", { pushforward: (f, xs) => ({ ys: f(xs), tangents: [[1], [1]] }) }, "tangent 0 must be a float64 tensor of shape [], as its value is; got the number 1."],
  // withgradient
  ["a withgradient that returns nothing", { pullback: () => undefined, withgradient: () => undefined }, "withgradient must return { ys, grads }, got undefined."],
  ["a withgradient that is a promise", { pullback: () => undefined, withgradient: async (f, xs) => ({ ys: f(xs), grads: [x] }) }, 'withgradient returns a promise, but the token says execution: "sync". Return { ys, grads }, or declare "async".'],
  ["a withgradient without grads", { pullback: () => undefined, withgradient: (f, xs) => ({ ys: f(xs) }) }, "withgradient must return one cotangent per input, 1 in all; got undefined."],
];

test.each(wrong)("%s", (_, half, message) => {
  fails(() => gradient(loss, register(half)(), x), `half: contract: ${message}`);
});

test("the operators that are derived from it say the same", () => {
  const ad = register({ pullback: (f, xs) => ({ ys: f(xs), pull: () => [], dispose }) })();
  const message = "half: contract: pull must return one cotangent per input, 1 in all; got an array of length 0.";
  for (const call of [() => withgradient(loss, ad, x), () => jacobian(loss, ad, x), () => pullback(loss, ad, x, tensor(1)), () => pushforward(loss, ad, x, x), () => hessian(loss, ad, x)]) fails(call, message);
});

test("numbers are numbers, traced ones too", () => {
  const boxed = register({ pullback: (f, xs) => ({ ys: f(xs), pull: () => [tensor(1)], dispose }) });
  fails(() => gradient((n: Value) => mul(n, 2), boxed(), 3), "half: contract: cotangent 0 must be the number 3, as its value is; got a float64 tensor of shape [].");
  const lifted = register({ pullback: (f) => ({ ys: f([tensor(3)]), pull, dispose }) });
  fails(() => gradient((n: Value) => mul(n, 2), lifted(), 3), "half: contract: f takes values like its inputs; input 0 is the number 3, and f was called with a float64 tensor of shape [].");
});

test("a result that carries no derivative has no tangent", () => {
  const f = (at: Tensor): readonly [Tensor, Tensor] => topK(at, 1) as readonly [Tensor, Tensor];
  const ad = register({ pushforward: (g, xs) => ({ ys: g(xs), tangents: [[tensor([1]), tensor([1])]] }) })();
  fails(() => pushforward(f, ad, x, x), "half: contract: tangent 1 must be undefined, which is zero, for its value is int32 and carries no derivative; got a float64 tensor of shape [1].");
});

test("what f throws is no breach of the contract", () => {
  const own = new RangeError("mine");
  const ad = register({ pullback: (f, xs) => ({ ys: f(xs), pull, dispose }) })();
  expect(() => gradient(() => { throw own; }, ad, x)).toThrow(own);
});

const fine: Method = (f, xs) => ({ ys: f(xs), pull, dispose });
const capabilities = { ...sound, reverse: "fast" };
const all = "forward, reverse, dtypes, order, execution, devices, controlFlow, traceable, samples, accuracy, chunk";

const unregistrable: readonly [what: string, half: Half, message: string][] = [
  ["no method", {}, '"half" implements neither pullback nor pushforward; the contract needs one.'],
  ["a withgradient alone", { withgradient: fine }, '"half" implements neither pullback nor pushforward; the contract needs one.'],
  ["a method that is none", { pullback: fine, pushforward: "todo" as never }, '"half" gives the string "todo" for pushforward; the contract wants a function.'],
  ["no tag", { adtype: undefined, pullback: fine }, 'expected { adtype: "mine", capabilities, pullback or pushforward }, got a plain object.'],
  ["an empty tag", { adtype: "", pullback: fine }, 'expected { adtype: "mine", capabilities, pullback or pushforward }, got adtype the string "".'],
  ["a tag that is a token", { adtype: AutoTape(), pullback: fine }, 'expected { adtype: "mine", capabilities, pullback or pushforward }, got adtype a plain object.'],
  ["no capabilities", { pullback: fine, capabilities: undefined }, `"half" gives undefined for its capabilities; the contract wants { ${all} }.`],
  ["no dtypes", { pullback: fine, capabilities: { ...capabilities, dtypes: undefined } }, '"half" must declare capabilities.dtypes as a list of "float64" and "float32", got undefined.'],
  ["one dtype", { pullback: fine, capabilities: { ...capabilities, dtypes: "float64" } }, '"half" must declare capabilities.dtypes as a list of "float64" and "float32", got the string "float64".'],
  ["a dtype that there is not", { pullback: fine, capabilities: { ...capabilities, dtypes: ["f64"] } }, '"half" must declare capabilities.dtypes as a list of "float64" and "float32", got an array of length 1.'],
  ["no order", { pullback: fine, capabilities: { ...capabilities, order: undefined } }, '"half" must declare capabilities.order as a whole number of at least 1, or Infinity, got undefined.'],
  ["an order of 0", { pullback: fine, capabilities: { ...capabilities, order: 0 } }, '"half" must declare capabilities.order as a whole number of at least 1, or Infinity, got the number 0.'],
  ["an order that is NaN", { pullback: fine, capabilities: { ...capabilities, order: NaN } }, '"half" must declare capabilities.order as a whole number of at least 1, or Infinity, got the number NaN.'],
  ["an unknown execution", { pullback: fine, capabilities: { ...capabilities, execution: "later" } }, '"half" must declare capabilities.execution as "sync" or "async", got the string "later".'],
  ["nothing about nesting", { pullback: fine, capabilities: { ...capabilities, traceable: undefined } }, '"half" must declare capabilities.traceable as true or false, got undefined.'],
  ["nothing about branches", { pullback: fine, capabilities: { ...capabilities, controlFlow: undefined } }, '"half" must declare capabilities.controlFlow as true or false, got undefined.'],
  ["a cost that is none", { pullback: fine, capabilities: { ...capabilities, reverse: "cheap" } }, '"half" must declare capabilities.reverse as "fast", "slow" or absent, got the string "cheap".'],
  ["no cost", { pullback: fine, capabilities: sound }, '"half" must declare what a pass costs: capabilities.forward or capabilities.reverse.'],
  ["the other direction's cost", { pullback: fine, capabilities: { ...sound, forward: "fast" } }, '"half" declares capabilities.forward, and has no pushforward.'],
  ["an accuracy that is a number", { pullback: fine, capabilities: { ...capabilities, accuracy: 1e-6 } }, '"half" must declare capabilities.accuracy as a function (dtype, order, ad) => relative error, or absent, got the number 0.000001.'],
  ["a misspelt capability", { pullback: fine, capabilities: { ...capabilities, sample: true } }, `"half" declares sample, which is no capability. There are ${all}.`],
];

test.each(unregistrable)("is not registered with %s", (_, half, message) => {
  fails(() => register(half), `registerBackend: ${message}`);
});

test("nothing is not registered", () => {
  for (const [what, said] of [[undefined, "undefined"], [null, "null"], ["mine", 'the string "mine"'], [() => {}, "a function"]] as const) {
    fails(() => Reflect.apply(registerBackend, undefined, [what]), `registerBackend: expected { adtype: "mine", capabilities, pullback or pushforward }, got ${said}.`);
  }
});

test("a tag names one engine", () => {
  const mine = { adtype: "twice", capabilities: { ...sound, reverse: "fast" }, pullback: fine };
  const put = (...args: unknown[]): unknown => Reflect.apply(registerBackend, undefined, args);
  put(mine);
  put(mine); // the same again changes nothing
  fails(() => put({ ...mine }), 'registerBackend: an engine is registered as "twice" already, and a tag names one. Take another tag, or registerBackend(backend, { replace: true }).');
  put({ ...mine, pullback: () => 1 }, { replace: true });
  fails(() => gradient(loss, defineADType("twice", "sync")(), x), "twice: contract: pullback must return { ys, pull, dispose }, got the number 1.");
});

test("a token whose engine was not registered", () => {
  const call = (): unknown => gradient(loss, defineADType("unheard", "sync")(), x);
  expect(call).toThrow(BackendNotLoadedError);
  expect(call).toThrow(/^No engine is loaded for "unheard"\. Import the module that registers it, by registerBackend\(\{ adtype: "unheard", … \}\)\. Loaded: tape, /);
});

test("a token's factory instead of a token", () => {
  const AutoMine = register({ pullback: fine });
  fails(() => Reflect.apply(jacobian, undefined, [loss, AutoMine, x]), "jacobian: expected an engine such as AutoTape() after the function, got a function.");
});

test.each([0, -1, 1.5, NaN, "4"])("a chunk of %s tangents", (chunk) => {
  const adtype = `half-${count++}`;
  const pushforward = (): unknown => ({ ys: [], tangents: [] }); // it is not asked
  Reflect.apply(registerBackend, undefined, [{ adtype, capabilities: { ...sound, forward: "fast", chunk: () => chunk }, pushforward }]);
  fails(() => jacobian((v) => mul(v, v), defineADType(adtype, "sync")(), x), `half: contract: capabilities.chunk must give a whole number of at least 1, or Infinity; got ${typeof chunk === "string" ? 'the string "4"' : `the number ${chunk}`} for 2 tangents.`);
});
