import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The monthly record. */
export interface Series {
  /** Middle of the month, in years since `epoch`. */
  readonly t: Float64Array;
  /** Mole fraction of CO₂ in dry air, ppm. */
  readonly co2: Float64Array;
}

/** The year from which t counts: near the middle of the record, so that trend and gain are weakly correlated. */
export const epoch = 1990;

/** Scripps CO₂ Program, Mauna Loa, in situ, 1958 to 2020 (CC BY 4.0), as the npm package vega-datasets ships it. */
export function loadSeries(): Series {
  // The package's own entry fetches from a CDN; its data lies beside that entry.
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  return parseSeries(readFileSync(join(dirname(entry), "../data/co2-concentration.csv"), "utf8"));
}

/**
 * Reads a CSV with the columns `Date` (ISO, any day of the month) and `CO2`; months without a value are left out.
 * @throws Error that names the line, for a column, date or number that is missing or malformed.
 */
export function parseSeries(csv: string): Series {
  const [header = "", ...lines] = csv.trim().split(/\r?\n/);
  const columns = header.split(",");
  const [date, value] = ["Date", "CO2"].map((column) => {
    const at = columns.indexOf(column);
    if (at < 0) throw new Error(`CO₂ data: expected a column "${column}", got "${header}".`);
    return at;
  }) as [number, number];
  const t: number[] = [];
  const co2: number[] = [];
  lines.forEach((line, i) => {
    const cells = line.split(",");
    const [, year, month] = /^(\d{4})-(\d{2})-\d{2}$/.exec(cells[date] ?? "") ?? [];
    if (year === undefined || month === undefined) throw new Error(`CO₂ data: line ${i + 2}: expected a date, got "${line}".`);
    const cell = cells[value] ?? "";
    if (cell === "") return;
    const ppm = Number(cell);
    if (!Number.isFinite(ppm)) throw new Error(`CO₂ data: line ${i + 2}: expected a number of ppm, got "${cell}".`);
    t.push(midMonth(Number(year), Number(month)) - epoch);
    co2.push(ppm);
  });
  return { t: Float64Array.from(t), co2: Float64Array.from(co2) };
}

/** The decimal year at the end of the 15th, to which Scripps adjusts a monthly mean. */
function midMonth(year: number, month: number): number {
  const start = Date.UTC(year, 0, 1);
  return year + (Date.UTC(year, month - 1, 16) - start) / (Date.UTC(year + 1, 0, 1) - start);
}
