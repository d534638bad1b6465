import { describe, Tensor, type DType } from "@polyad/core/extend";

/** What an engine did is not what it should have done. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";

  /** @param path where among the random inputs of its seed it was found */
  constructor(message: string, options?: ErrorOptions, readonly path?: string | null) {
    super(message, options);
  }
}

/** How far numbers of a dtype may lie from what is expected, in units of the scale of what is compared. */
export type Tolerance = (dtype: DType) => number;

/** @throws Disagreement unless the condition holds. */
export function ensure(condition: boolean, message: () => string): void {
  if (!condition) throw new Disagreement(message());
}

/** The elements of a number, tensor or typed array, on whatever device. */
export async function read(x: unknown): Promise<readonly number[]> {
  if (typeof x === "number") return [x];
  if (x instanceof Tensor) return Array.from(await x.data());
  return Array.from(x as ArrayLike<number>);
}

/**
 * That two trees are of the same types, keys, dtypes and shapes exactly, and hold the same numbers to the tolerance:
 * relative to the largest expected number of the leaf, at least `scale`. A tolerance of 0 tells −0 from 0.
 */
export async function expectTree(actual: unknown, expected: unknown, tolerance: Tolerance, where: string, scale = 1): Promise<void> {
  const form = formOf(expected);
  ensure(formOf(actual) === form, () => `${where}: expected ${form}, got ${formOf(actual)}`);
  if (expected instanceof Tensor || typeof expected === "number" || ArrayBuffer.isView(expected)) {
    const dtype = expected instanceof Tensor ? expected.dtype : expected instanceof Float32Array ? "float32" : "float64";
    const [a, b] = await Promise.all([read(actual), read(expected)]);
    expectNumbers(a, b, tolerance(dtype), where, scale);
  } else if (expected instanceof Map) {
    for (const [key, part] of expected) await expectTree((actual as ReadonlyMap<unknown, unknown>).get(key), part, tolerance, `${where}.get(${String(key)})`, scale);
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, part] of Object.entries(expected)) {
      await expectTree((actual as Readonly<Record<string, unknown>>)[key], part, tolerance, Array.isArray(expected) ? `${where}[${key}]` : `${where}.${key}`, scale);
    }
  } else ensure(Object.is(actual, expected), () => `${where}: expected ${String(expected)}, got ${String(actual)}`);
}

/** That numbers agree: NaN with NaN, an infinity with itself. */
export function expectNumbers(actual: readonly number[], expected: readonly number[], tolerance: number, where: string, scale = 1): void {
  const finite = expected.filter(Number.isFinite).map(Math.abs);
  const allowed = tolerance * finite.reduce((a, b) => Math.max(a, b), scale);
  expected.forEach((b, i) => {
    const a = actual[i]!;
    const same = tolerance === 0 ? Object.is(a, b) : a === b || (a !== a && b !== b) || Math.abs(a - b) <= allowed;
    ensure(same, () => `${where}${expected.length === 1 ? "" : `: element ${i}`}: got ${a}, expected ${b}${Number.isFinite(a - b) ? `, off by ${Math.abs(a - b).toExponential(1)} of ${allowed.toExponential(1)} allowed` : ""}`);
  });
}

/** One level of what a tree is, in words: type, dtype and shape, or keys. */
function formOf(x: unknown): string {
  if (x instanceof Tensor) return `${x.trace === null ? "" : "traced "}${x.dtype}[${x.shape.join(", ")}]`;
  if (ArrayBuffer.isView(x)) return `${x.constructor.name}[${(x as Float64Array).length}]`;
  if (Array.isArray(x)) return `an array of ${x.length}`;
  if (x instanceof Map) return `a Map of ${[...x.keys()].map(String).join(", ")}`;
  if (typeof x !== "object" || x === null) return x === null || typeof x === "number" ? typeof x : describe(x);
  return `${x.constructor === Object ? "an object" : x.constructor.name} with ${Object.keys(x).join(", ")}`;
}
