import { currentTrace, customRule, gradient, hvp, jacobian, mul, prepareGradient, sin, square, sum, tensor, type ADType, type Tensor, type Value } from "@polyad/core/extend";
import type { Check } from "./check.js";
import { ensure } from "./compare.js";
import type { Engine } from "./engine.js";

/** Ways to use an engine thousands of times. */
const uses: Readonly<Record<string, (ad: ADType, t: number) => unknown>> = {
  "gradients": (ad, t) => gradient((x) => sum(square(sin(x))), ad, at(t)),
  "gradients of numbers": (ad, t) => gradient((x) => mul(sin(x), x), ad, t),
  "Jacobians": (ad, t) => jacobian((x) => sin(mul(x, x)), ad, at(t)),
  "Hessian-vector products": (ad, t) => hvp((x) => sum(mul(x, square(x))), ad, at(t), x4),
  "calls of one prepared gradient": (ad, t) => {
    const known = prepared.get(ad) ?? prepareGradient((x: Tensor) => sum(square(sin(x))), ad, x4);
    prepared.set(ad, known);
    return known(at(t));
  },
  "preparations": (ad) => prepareGradient((x) => sum(square(x)), ad, x4).dispose(),
  "exceptions thrown by f": (ad) => refused(() => gradient((x) => { throw new RangeError(String(sum(square(x)))); }, ad, x4)),
  "exceptions thrown by rules": (ad) => refused(() => gradient((x) => sum(sin(refusing(sin(x)))), ad, x4)),
  "results that are no loss": (ad) => refused(() => gradient((x) => square(x) as Value, ad, x4)),
};

/** x², whose derivative cannot be had. */
const refusing = customRule((x: Value) => square(x), { jvp: () => [refuse], vjp: () => [refuse] });

function refuse(): never {
  throw new RangeError("no derivative");
}

const x4 = tensor([1, 2, 3, 4]);
/** A point that no use before had: what is kept for each grows, too. */
const at = (t: number): Tensor => tensor([1, 2, 3, 4 + t]);
const prepared = new WeakMap<ADType, (x: Tensor) => unknown>();

async function refused(call: () => unknown): Promise<void> {
  let threw = false;
  try {
    await call();
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
export const resources: readonly Check[] = Object.entries(uses).map(([name, use]) => ({
  group: "resources",
  subject: name,
  name: `nothing grows over thousands of ${name}`,
  ops: [],
  needs: { order: name.startsWith("Hessian") ? 2 : 1, single: !name.startsWith("Hessian"), dtypes: ["float64"], rules: name.endsWith("by rules") },
  run: (engine, options) => steady(engine, use, options.live),
}));

async function steady({ ad }: Engine, use: (ad: ADType, t: number) => unknown, live: (() => number) | undefined): Promise<void> {
  const collect = await collector();
  let used = 0;
  const repeat = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await use(ad, ++used / 2 ** 20);
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
