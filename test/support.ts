import { AutoFiniteDiff, AutoForward, AutoTape, Tensor, type ADType, type Device } from "polyad";
import { expect } from "vitest";

type Sync = ADType & { readonly execution: "sync" };

/** A package with an engine of its own names it here, before it loads tests that go over all engines. */
declare global {
  var polyadEngines: readonly Sync[] | undefined;
  /** Another device than the host, on which these engines work. */
  var polyadDevice: Device | undefined;
}

/** Every engine of the front door; finite differences at their most accurate. */
export const engines: readonly Sync[] = globalThis.polyadEngines ?? [AutoTape(), AutoForward(), AutoForward({ chunkSize: 2 }), AutoFiniteDiff({ scheme: "central6" })];

/** The engines that differentiate by rules. */
export const exact = [AutoTape(), AutoForward(), AutoForward({ chunkSize: 2 })] as const;

/** The numbers in a tree: tensors and typed arrays as arrays, and 0 where JavaScript writes −0. */
export function plain(x: unknown): unknown {
  if (typeof x === "number") return x === 0 ? 0 : x;
  if (x instanceof Tensor) return plain(x.toArray());
  if (x instanceof Float64Array || x instanceof Float32Array) return plain([...x]);
  if (Array.isArray(x)) return x.map(plain);
  if (x instanceof Map) return new Map([...x].map(([key, value]) => [key, plain(value)]));
  if (typeof x === "object" && x !== null) return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, plain(value)]));
  return x;
}

/** What an engine that computes in float32 can give. */
const least = engines.some(({ adtype }) => adtype === "tfjs") ? 4e-6 : 0;

/** Whether a tree holds these numbers, to a relative error of `relative` (at least 1 is the scale). Structure must agree. */
export function expectClose(got: unknown, expected: unknown, relative: number): void {
  const [a, b] = [plain(got), plain(expected)];
  const allowed = Math.max(relative, least);
  const within = (x: unknown, y: unknown): unknown => {
    if (typeof x === "number" && typeof y === "number") return Math.abs(x - y) <= allowed * Math.max(1, Math.abs(y)) ? y : x;
    if (Array.isArray(x) && Array.isArray(y)) return x.map((part, i) => within(part, y[i]));
    if (typeof x === "object" && x !== null && typeof y === "object" && y !== null) {
      return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, within(value, (y as Record<string, unknown>)[key])]));
    }
    return x;
  };
  expect(within(a, b)).toEqual(b);
}

/** Exactly these numbers from an engine that works by rules; as near as differences, or float32, come from others. */
export function expectNumbers(ad: { readonly adtype: string }, got: unknown, expected: unknown): void {
  if (ad.adtype === "finite-diff") expectClose(got, expected, 1e-9);
  else if (ad.adtype === "tfjs") expectClose(got, expected, least);
  else expect(plain(got)).toEqual(plain(expected));
}
