import { expect, test } from "vitest";
import { loadSeries, parseSeries } from "../src/data.js";

test("the record comes from the package on disk: 741 months, in order", () => {
  const { t, co2 } = loadSeries();
  expect([t.length, co2.length]).toEqual([741, 741]);
  expect(t.every((time, i) => i === 0 || time > t[i - 1]!)).toBe(true);
  expect(co2[0]).toBe(315.7);
  expect(co2[740]).toBe(416.18);
});

test("a month stands at the end of its 15th day, in years since 1990", () => {
  const { t } = parseSeries("Date,CO2\n1990-01-01,354\n1992-12-01,356\n");
  expect(t[0]).toBeCloseTo(15 / 365, 12);
  expect(t[1]).toBeCloseTo(2 + 350 / 366, 12); // a leap year
});

test("months without a value are left out; columns may come in any order", () => {
  expect([...parseSeries("CO2,Date\n,1990-01-01\n354.5,1990-02-01").co2]).toEqual([354.5]);
});

test.each([
  ["Date,ppm\n", 'expected a column "CO2", got "Date,ppm"'],
  ["Date,CO2\n1990-01-01,354\n1990/02/01,355", 'line 3: expected a date, got "1990/02/01,355"'],
  ["Date,CO2\n1990-01-01,many", 'line 2: expected a number of ppm, got "many"'],
])("malformed data is refused: %j", (csv, message) => {
  expect(() => parseSeries(csv)).toThrow(message);
});
