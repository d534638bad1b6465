import { tensor1d } from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, erf, erfc, exp, expm1, log, log1p, pow, sigmoid, sin, sinh, softplus, tan, tanh } from "polyad";
import { beforeAll, describe, expect, test } from "vitest";
import { byShader } from "../../src/lowering/shader.js";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();

const sizes = [0, 1e-20, 1e-6, 1e-3, 0.1, 0.3, 0.42, 0.49, 0.51, 0.7, 0.9, 0.999999, 1, 1.2, 1.5, Math.PI / 2, 2, 3, Math.PI, 5, 8, 9, 30, 87, 9999, 10001, 12345.678, 1e5, 1e6, 1e10, 1e20, 3e38, Infinity, NaN];
const points = Float32Array.from(sizes.flatMap((x) => [x, -x]));

/** By how many units in the last place a float32 is off; what is too small for normal ones may be 0. */
function ulps(got: number, expected: number): number {
  const want = Math.fround(expected);
  if (got === want || (Number.isNaN(got) && Number.isNaN(want)) || (got === 0 && Math.abs(want) < 2 ** -126)) return 0;
  return Math.abs(got - want) / 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(want)))) - 23);
}

describe.skipIf(missing !== null)("shaders, in units in the last place", () => {
  beforeAll(() => ready(AutoTfjs({ device: "webgpu" })));

  test.each(Object.entries({ exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, softplus, erf, erfc }))("%s", async (name, f) => {
    const got = await tfjs("webgpu").within(() => byShader(name as "exp", tensor1d(points))).data();
    const off = Array.from(points, (x, i) => ulps(got[i]!, f(x)));
    expect(off.flatMap((u, i) => (u <= 4 ? [] : [`${points[i]}: ${got[i]}, expected ${f(points[i]!)}`]))).toEqual([]);
  });

  test.each([["atan2", atan2, 4], ["pow", pow, 32]] as const)("%s, of pairs", async (name, f, allowed) => {
    const edges = [0, 1, 2, 3, 0.5, 1e-5, 16, 17.25, Infinity, NaN].flatMap((x) => [x, -x]);
    const pairs = edges.flatMap((x) => edges.map((y) => [Math.fround(x), Math.fround(y)] as const));
    const [xs, ys] = [0, 1].map((k) => tensor1d(pairs.map((pair) => pair[k]!)));
    const got = await tfjs("webgpu").within(() => byShader(name, xs!, ys!)).data();
    const wrong = pairs.flatMap(([x, y], i) => {
      const expected = f(x, y);
      const large = Math.abs(Math.fround(expected)) === Infinity && got[i] === Math.fround(expected);
      return large || ulps(got[i]!, expected) <= allowed ? [] : [`${name}(${x}, ${y}): ${got[i]}, expected ${expected}`];
    });
    expect(wrong).toEqual([]);
  });
});
