import { beforeAll, expect, test } from "vitest";
import { loadSeries } from "../src/data.js";
import { chooseEngines, engines } from "../src/engines.js";
import { parameters } from "../src/model.js";
import { study, type Study } from "../src/study.js";
import { showEstimate } from "../src/table.js";

let done: Study;
beforeAll(async () => {
  done = await study(loadSeries(), engines);
}, 120_000);

test.each([...engines.keys()])("the fit by %s", (name) => {
  const result = done.results.find(({ engine }) => engine === name)!;
  const fitted = Object.fromEntries(parameters.map(({ symbol }, i) => [symbol, result.parameters[i]!]));
  const near = (symbol: string, value: number, error: number): void => {
    expect(fitted[symbol]!.value / value).toBeCloseTo(1, 3);
    expect(fitted[symbol]!.error / error).toBeCloseTo(1, 1);
  };
  // SciPy's least_squares(method="lm") on the same data and model.
  near("b", 258.555, 0.7);
  near("a", 93.505, 0.728);
  near("r", 0.0166, 0.000122);
  near("A₁", 2.8652, 0.038);
  near("A₂", 0.8051, 0.0379);
  near("φ₁", 1.9286, 0.0133);
  expect(result.quality.rms).toBeCloseTo(0.726075, 5);
  expect(result.quality.r2).toBeCloseTo(0.999351, 6);
  expect(result.iterations).toBeLessThan(25);
  const [growthThen, growthNow, doubling] = result.highlights;
  expect(growthThen!.value).toBeCloseTo(0.943, 2);
  expect(growthNow!.value).toBeCloseTo(2.553, 2);
  expect(doubling!.value).toBeCloseTo(41.8, 0);
});

test("engines agree: exact ones to rounding, differences to their own error", () => {
  const { results, worst } = done;
  const differences = Object.fromEntries(results.map(({ engine, difference }) => [engine, difference]));
  expect(differences["tape"]).toBe(0);
  expect(differences["forward"]).toBeLessThan(1e-13);
  expect(differences["finite-diff"]).toBeLessThan(1e-6);
  expect(worst!.pair).toContain("finite-diff");
  for (const { fitMs, jacobianMs } of results) expect(Math.min(fitMs, jacobianMs)).toBeGreaterThan(0);
});

test("engines are chosen by name, each once, in order", () => {
  expect([...chooseEngines("forward, tape,forward").keys()]).toEqual(["forward", "tape"]);
  expect(() => chooseEngines("tape,tap")).toThrow('No engine is named "tap". Choose from: tape, forward, finite-diff.');
});

test("an estimate shows the digits that its error leaves", () => {
  expect(showEstimate({ value: 2.86519, error: 0.03799 })).toBe("2.865 ± 0.038");
  expect(showEstimate({ value: 258.5553, error: 0.7004 })).toBe("258.56 ± 0.70");
  expect(showEstimate({ value: 1234.5, error: 87 })).toBe("1235 ± 87");
});
