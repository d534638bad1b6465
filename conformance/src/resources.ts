import { currentTrace, customRule, gradient, hvp, jacobian, mul, prepareGradient, pullback, pushforward, sin, square, sum, tensor, type ADType, type Tensor, type Value } from "@polyad/core/extend";
import type { Check, Needs } from "./check.js";
import { ensure } from "./compare.js";
import type { Engine } from "./engine.js";
import { tensorOf } from "./tree.js";

type Use = (engine: Engine, n: number) => unknown;

/** Ways to use an engine thousands of times, and what they need of it. */
const uses: Readonly<Record<string, readonly [use: Use, needs?: Partial<Needs>]>> = {
  "gradients": [({ ad }, n) => gradient((x) => sum(square(sin(x))), ad, at(n))],
  "gradients of numbers": [({ ad }, n) => gradient((x) => mul(sin(x), x), ad, n / 2 ** 20)],
  "Jacobians": [({ ad }, n) => jacobian((x) => sin(mul(x, x)), ad, at(n))],
  "Hessian-vector products": [({ ad }, n) => hvp((x) => sum(mul(x, square(x))), ad, at(n), x4), { order: 2, single: false }],
  "pullbacks and pushforwards of trees": [trees],
  "calls of one prepared gradient": [({ ad }, n) => {
    const known = prepared.get(ad) ?? prepareGradient((x: Tensor) => sum(square(sin(x))), ad, x4);
    prepared.set(ad, known);
    return known(at(n));
  }],
  "preparations": [({ ad }) => prepareGradient((x) => sum(square(x)), ad, x4).dispose()],
  "exceptions thrown by f": [({ ad }) => refused(() => gradient(failing, ad, x4))],
  "exceptions thrown by f inside of f": [({ ad }) => gradient((x) => (refusedNow(() => gradient(failing, ad, x4)), sum(x)), ad, x4), { order: 2, nests: true }],
  "exceptions thrown by rules": [({ ad }) => refused(() => gradient((x) => sum(sin(refusing(sin(x)))), ad, x4)), { rules: true }],
  "results that are no loss": [({ ad }) => refused(() => gradient((x) => square(x) as Value, ad, x4))],
};

function failing(x: Value): never {
  throw new RangeError(String(sum(square(x))));
}

/** Several results, in turn in each dtype and, where the engine has both, by both operators, of an x whose shape changes again and again. */
function trees({ ad, dtypes, reverse }: Engine, n: number): unknown {
  const shape = shapeAt(n >> 3);
  const x = tensorOf(Array<number>(shape[0] * shape[1]).fill(n / 2 ** 20), shape, dtypes[(n >> 1) % dtypes.length]!);
  const f = (v: Value): unknown => ({ a: sin(v), b: [v] });
  return n % 2 === 0 && reverse ? pullback(f, ad, x, { a: x, b: [null] }) : pushforward(f, ad, x, x);
}

/** The shapes of matrices, each once, small ones first. */
function shapeAt(n: number): [number, number] {
  const diagonal = Math.floor((Math.sqrt(8 * n + 1) - 1) / 2);
  const row = n - (diagonal * (diagonal + 1)) / 2;
  return [row + 1, diagonal - row + 1];
}

/** x², whose derivative cannot be had. */
const refusing = customRule((x: Value) => square(x), { jvp: () => [refuse], vjp: () => [refuse] });

function refuse(): never {
  throw new RangeError("no derivative");
}

const x4 = tensor([1, 2, 3, 4]);
/** A point that no use before had: what is kept for each grows, too. */
const at = (n: number): Tensor => tensor([1, 2, 3, 4 + n / 2 ** 20]);
const prepared = new WeakMap<ADType, (x: Tensor) => unknown>();

async function refused(call: () => unknown): Promise<void> {
  const threw = await new Promise((resolve) => resolve(call())).then(() => false, () => true);
  ensure(threw, () => "expected an error");
}

/** The same inside of f, which cannot wait. */
function refusedNow(call: () => unknown): void {
  let threw = false;
  try {
    call();
  } catch {
    threw = true;
  }
  ensure(threw, () => "expected an error");
}

/** Bytes of memory that a use may keep on average: less than the smallest object that it makes. */
const slack = 48;

/** What leaks grows in every round, and with it; compilers and caches settle in one of them, or do not grow with it. */
const rounds = 8;
const times = 1000;

/** Nothing grows with use: neither heap nor traces nor listeners nor what lives on a device. */
export const resources: readonly Check[] = Object.entries(uses).map(([name, [use, needs]]) => ({
  group: "resources",
  subject: name,
  name: `nothing grows over thousands of ${name}`,
  ops: [],
  needs: { order: 1, single: true, dtypes: ["float64"], ...needs },
  run: (engine, options) => steady(engine, use, options.live),
}));

async function steady(engine: Engine, use: Use, live: (() => number) | undefined): Promise<void> {
  const { ad } = engine;
  const collect = await collector();
  let used = 0;
  const repeat = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await use(engine, ++used);
  };
  const state = async (): Promise<{ depth: number; listeners: number; live: number }> => ({ depth: await depthInside(ad), listeners: listeners(), live: live?.() ?? 0 });
  await repeat(times);
  const before = await state();
  let least = Infinity;
  for (let round = 0; round < rounds && least >= slack; round++) {
    collect?.();
    const heap = heapUsed();
    await repeat(times * (round + 1));
    collect?.();
    least = Math.min(least, (heapUsed() - heap) / (times * (round + 1)));
  }
  const after = await state();
  ensure(currentTrace() === null, () => "a trace is still running");
  ensure(after.depth <= before.depth, () => `f runs ${after.depth - before.depth} traces deeper than before`);
  ensure(after.listeners <= before.listeners, () => `${after.listeners - before.listeners} listeners were added`);
  ensure(after.live <= before.live, () => `${after.live - before.live} device tensors were left`);
  ensure(collect === undefined || least < slack, () => `every use keeps ${least.toFixed(0)} bytes of memory`);
}

/** How many traces f runs inside of. */
async function depthInside(ad: ADType): Promise<number> {
  let depth = 0;
  const f = (x: Value): Value => {
    depth = currentTrace()?.depth ?? 0;
    return sum(square(x));
  };
  await (ad.adtype === "second-order" ? hvp(f, ad, x4, x4) : gradient(f, ad, x4));
  return depth;
}

/** Forces a garbage collection, where the runtime lets one. */
async function collector(): Promise<(() => void) | undefined> {
  if (typeof process === "undefined") return undefined;
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import("node:v8"), import("node:vm")]);
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  return () => {
    gc();
    gc(); // frees what the first found of memory outside of the heap
  };
}

/** Elements of typed arrays are not on the heap. */
function heapUsed(): number {
  if (typeof process === "undefined") return 0;
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function listeners(): number {
  return typeof process === "undefined" ? 0 : process.eventNames().reduce((total, event) => total + process.listenerCount(event), 0);
}
