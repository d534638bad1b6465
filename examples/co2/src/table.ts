import { highlightNames, parameters, type Parameter } from "./model.js";
import type { Result, Study } from "./study.js";
import type { Estimate } from "./uncertainty.js";

/** One line of the comparison: a label and one cell per engine. */
export interface Row {
  readonly label: string;
  readonly unit: string;
  readonly cells: readonly string[];
}

/** The comparison, engines side by side, in three parts. */
export function rows({ results }: Study): { readonly runs: readonly Row[]; readonly parameters: readonly Row[]; readonly highlights: readonly Row[] } {
  const row = (label: string, unit: string, cell: (result: Result, i: number) => string): Row => ({ label, unit, cells: results.map(cell) });
  const estimated = (names: readonly Parameter[], of: (result: Result) => readonly Estimate[]): readonly Row[] =>
    names.map(({ symbol, name, unit }, j) => row(`${name}, ${symbol}`, unit, (result) => showEstimate(of(result)[j]!)));
  const runs = [
    row("iterations", "", (r) => String(r.iterations)),
    row("time of the fit", "ms", (r) => r.fitMs.toFixed(1)),
    row("one Jacobian, warm", "ms", (r) => r.jacobianMs.toFixed(3)),
    row("residuals, RMS", "ppm", (r) => r.quality.rms.toFixed(4)),
    row("R²", "", (r) => r.quality.r2.toFixed(6)),
  ];
  if (results.length > 1) {
    runs.push(row(`Jacobian, difference from ${results[0]!.engine}'s`, "relative", (r, i) => (i === 0 ? "–" : showSmall(r.difference))));
  }
  return { runs, parameters: estimated(parameters, (r) => r.parameters), highlights: estimated(highlightNames, (r) => r.highlights) };
}

/** The comparison as aligned text. */
export function textTable(study: Study): string {
  const parts = rows(study);
  const head: Row = { label: "engine", unit: "", cells: study.results.map((r) => r.engine) };
  const lines = [head, null, ...parts.runs, null, ...parts.parameters, null, ...parts.highlights];
  const texts = lines.map((line) => (line === null ? null : [line.label, line.unit, ...line.cells]));
  const widths = texts[0]!.map((_, column) => Math.max(...texts.map((cells) => cells?.[column]?.length ?? 0)));
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return texts
    .map((cells) => cells?.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ") ?? rule)
    .join("\n");
}

/** What the differences say, in a sentence. */
export function verdict({ worst }: Study): string {
  if (worst === null) return "One engine only: nothing to compare its Jacobian with.";
  const [a, b] = worst.pair;
  return `Largest relative difference between two engines' Jacobians: ${showSmall(worst.difference)} (${a} and ${b}).`;
}

/** The value to the last digit that its error leaves, the error with two digits: 2.865 ± 0.038. */
export function showEstimate({ value, error }: Estimate): string {
  if (!(error > 0) || !Number.isFinite(error)) return `${value.toPrecision(6)} ± ${error}`;
  const digits = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

function showSmall(x: number): string {
  return x === 0 ? "0" : x.toExponential(1);
}
