import { jacobian, tensor } from "polyad";
import { expect, test } from "vitest";
import { engines } from "../src/engines.js";
import { canonical, curve, highlights, parameters, start } from "../src/model.js";

const theta = [258, 93, 0.0166, 0.003, 2.9, 0.8, 0.11, 0.09, 1.9, -0.6, -0.9, 2.5];
const times = [-31.3, -7.25, 0, 12.6, 30.2];

/** The model and its gradient written out by hand. */
function byHand(t: number): { readonly value: number; readonly gradient: readonly number[] } {
  const [b, a, r, g] = theta as [number, number, number, number];
  const waves = [1, 2, 3, 4].map((k) => {
    const angle = 2 * Math.PI * k * t - theta[7 + k]!;
    return { amplitude: theta[3 + k]!, cos: Math.cos(angle), sin: Math.sin(angle) };
  });
  const gain = 1 + g * t;
  const seasons = waves.reduce((sum, { amplitude, cos }) => sum + amplitude * cos, 0);
  return {
    value: b + a * Math.exp(r * t) + gain * seasons,
    gradient: [1, Math.exp(r * t), a * t * Math.exp(r * t), t * seasons, ...waves.map(({ cos }) => gain * cos), ...waves.map(({ amplitude, sin }) => gain * amplitude * sin)],
  };
}

test("the curve", () => {
  const c = curve(tensor(theta), tensor(times));
  expect(c.shape).toEqual([times.length]);
  c.dataSync().forEach((value, i) => expect(value).toBeCloseTo(byHand(times[i]!).value, 10));
});

test.each([...engines])("its Jacobian by %s is the closed form", async (name, engine) => {
  const J = await jacobian(curve, engine, Float64Array.from(theta), tensor(times));
  expect(J.shape).toEqual([times.length, theta.length]);
  const tolerance = name === "finite-diff" ? 1e-6 : 1e-12;
  const expected = times.flatMap((t) => byHand(t).gradient);
  J.dataSync().forEach((entry, i) => expect(Math.abs(entry - expected[i]!)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i]!))));
});

test("the canonical form is the same curve", () => {
  const odd = [...theta];
  [odd[4], odd[9], odd[10]] = [-2.9, 9, -8];
  const same = canonical(tensor(odd));
  const values = [...same.dataSync()];
  expect(values.slice(4, 8).every((amplitude) => amplitude >= 0)).toBe(true);
  expect(values.slice(8).every((phase) => phase > -Math.PI && phase <= Math.PI)).toBe(true);
  const [c, d] = [curve(tensor(odd), tensor(times)).dataSync(), curve(same, tensor(times)).dataSync()];
  c.forEach((value, i) => expect(d[i]).toBeCloseTo(value, 10));
});

test("every parameter has a start and a name", () => {
  expect(start.shape).toEqual([parameters.length]);
  expect(parameters).toHaveLength(theta.length);
});

test("growth is the slope of the trend", () => {
  const [early, late, doubling] = highlights(tensor(theta)).dataSync();
  const slope = (t: number): number => 93 * 0.0166 * Math.exp(0.0166 * t);
  expect(early).toBeCloseTo(slope(-30), 12);
  expect(late).toBeCloseTo(slope(30), 12);
  expect(slope(doubling!) / slope(0)).toBeCloseTo(2, 12);
});
