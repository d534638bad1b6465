import fc from "fast-check";
import { expect } from "vitest";
import { add, AutoForward, AutoTape, gradient, mul, pushforward, scope, sum, Tensor, tensor, toDevice, type Value } from "polyad";
import { isFloat } from "@polyad/core/extend";
import type { tfjs } from "@polyad/backend-tfjs";
import { isActive, operands, randomOf, type Sample } from "../../../conformance/src/cases/case.js";
import { allCases } from "../../../conformance/src/cases/index.js";
import { expectNumbers } from "../../../conformance/src/compare.js";

/** Every op of the conformance suite that has cases. */
export const ops: readonly string[] = Object.keys(allCases);

/**
 * Holds an op, its gradient by AutoTape and its product with a tangent by AutoForward on a device to what they are on the
 * host from the same float32 numbers; and to stay there. Gives how many samples had a float tensor to differentiate.
 */
export async function holdOnDevice(op: string, device: ReturnType<typeof tfjs>, numRuns: number, seed = 20240607): Promise<number> {
  let held = 0;
  for (const { note, samples } of allCases[op]!) {
    for (const sample of fc.sample(samples, { numRuns, seed })) held += await hold(sample, device, `${op} (${note}), seed ${sample.seed}`);
  }
  return held;
}

type Place = ReturnType<typeof tfjs>;

const carries = (x: Value): x is Tensor => x instanceof Tensor && isFloat(x.dtype);
const results = (y: Value | readonly Value[]): readonly Value[] => (Array.isArray(y) ? (y as readonly Value[]) : [y as Value]);

async function hold(sample: Sample, device: Place, where: string): Promise<number> {
  const host = operands(sample).map(inFloat32);
  const active = host.flatMap((x, i) => (carries(x) && isActive(sample.slots[i]!) ? [i] : []));
  if (active.length === 0) return 0;
  const pick = (xs: readonly Value[]): Tensor[] => active.map((i) => xs[i] as Tensor);

  /** Σ w·y over all float results, as a function of the active operands. */
  const loss = (xs: readonly Value[]) => (...some: Tensor[]): Value => {
    const ys = results(sample.call(...xs.map((x, i) => some[active.indexOf(i)] ?? x)));
    return ys.map((y, k) => (typeof y === "number" ? y : isFloat(y.dtype) ? sum(mul(weights(y, 31 + k, "host"), y)) : 0)).reduce(add);
  };
  const all = (xs: readonly Value[], place: Place | "host"): Value[][] => {
    const at = pick(xs);
    const tangents = at.map((x, k) => weights(x, 77 + k, place));
    return [
      [...results(sample.call(...xs))],
      gradient(loss(xs), AutoTape(), ...at) as unknown[] as Value[],
      [pushforward((some: Tensor[]) => loss(xs)(...some), AutoForward(), at, tangents) as Value],
    ];
  };

  const there = scope(() => all(host.map((x) => (x instanceof Tensor ? toDevice(x, device) : x)), device));
  const expected = all(host, "host");
  const condition = sample.condition ?? 1;
  const size = Math.max(1, ...pick(host).map((x) => x.size)); // of the sum that the product with a tangent is
  const allowed = [2 ** -18, 2 ** -17, 2 ** -17 * size];
  for (const [k, what] of ["value", "gradient", "product"].entries()) {
    await compare(there[k]!, expected[k]!, device, allowed[k]! * condition, `${what} of ${where}`);
  }
  return 1;
}

async function compare(got: readonly Value[], expected: readonly Value[], device: Place, tolerance: number, where: string): Promise<void> {
  expect(got.length, where).toBe(expected.length);
  for (const [i, e] of expected.entries()) {
    const g = got[i]!;
    const data = typeof g === "number" ? [g] : Array.from(await g.data());
    if (e instanceof Tensor) {
      expect([(g as Tensor).device.name, (g as Tensor).dtype, (g as Tensor).shape], where).toEqual([device.name, e.dtype, e.shape]);
      expectNumbers(data, Array.from(e.dataSync()), isFloat(e.dtype) ? tolerance : 0.5, where);
    } else expectNumbers(data, [e], tolerance, where);
    if (g instanceof Tensor) g.dispose();
  }
}

/** Elements that float32 has. */
function inFloat32(x: Value): Value {
  if (!(x instanceof Tensor) || x.dtype !== "float64") return x;
  return tensor(Float64Array.from(x.dataSync(), Math.fround), x.shape);
}

/** Numbers between −1 and 1 of a tensor's shape and dtype, the same whenever they are asked for. */
function weights(like: Tensor, seed: number, place: Place | "host"): Tensor {
  const random = randomOf(seed);
  const data = Float32Array.from({ length: like.size }, () => 2 * random() - 1);
  const w = tensor(like.dtype === "float64" ? Float64Array.from(data) : data, like.shape);
  return place === "host" ? w : toDevice(w, place);
}
