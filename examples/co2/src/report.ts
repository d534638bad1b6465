import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { figure } from "./figure.js";
import { rows, showEstimate, verdict, type Row } from "./table.js";
import type { Study } from "./study.js";

/** The study as one HTML page that loads nothing: styles and picture are inside, and there are no scripts. */
export async function reportPage(study: Study): Promise<string> {
  const [first] = study.results;
  if (first === undefined) throw new Error("Report: no engine was run.");
  const parts = rows(study);
  const engines = study.results.map((r) => r.engine);
  const [growthThen, growthNow, doubling, seasonThen, seasonNow] = first.highlights.map(showEstimate);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mauna Loa CO₂, fitted with Polyad</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 920px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin-bottom: .2rem; }
  h2 { font-size: 1.15rem; margin-top: 2rem; }
  figure { margin: 1.5rem 0; }
  svg { max-width: 100%; height: auto; }
  figcaption, .note { color: #555; font-size: .9rem; }
  .formula { text-align: center; font: italic 1.1rem/1.6 Georgia, serif; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem .8rem; border-bottom: 1px solid #e3e3e3; text-align: right; white-space: nowrap; }
  th:first-child, .unit { text-align: left; }
  th { font-weight: 600; } tbody th { font-weight: normal; } .unit { color: #666; }
</style>
</head>
<body>
<h1>Mauna Loa CO₂, fitted with Polyad</h1>
<p>One model, written once, fitted to ${study.series.t.length} monthly means by a damped Gauss-Newton loop whose Jacobian came from
${engines.length === 1 ? `the engine <b>${engines[0]!}</b>` : `${engines.length} engines in turn: <b>${engines.join("</b>, <b>")}</b>`}. ${escape(verdict(study))}</p>
<figure>
${await figure(study.series, first)}
<figcaption>Fit by the engine ${first.engine}. Data: Scripps CO₂ Program, monthly in situ means, CC BY 4.0, as shipped by the npm package vega-datasets.</figcaption>
</figure>
<p>The rise above the base doubles in ${doubling} years. It grew by ${growthThen} ppm a year in 1960 and by ${growthNow} ppm a year
in 2020. The amplitude of the annual wave went from ${seasonThen} ppm to ${seasonNow} ppm.</p>
<h2>The model</h2>
<p class="formula">c(t) = b + a e<sup>rt</sup> + (1 + gt) Σ<sub>k=1…4</sub> A<sub>k</sub> cos(2πkt − φ<sub>k</sub>)</p>
<p>t counts years from 1990. Standard errors come from σ²(JᵀJ)⁻¹, those of the derived quantities from the same matrix and their own Jacobian.
They take the residuals as independent. The picture shows that these are not: swings that last
years remain, so the true errors are larger.</p>
<h2>Engines</h2>
${htmlTable(engines, parts.runs)}
<p class="note">The time of the fit is wall-clock time and includes the engine's first use in this process, when the code is cold; the engines ran in the
order shown. One Jacobian (${study.series.t.length} × ${first.parameters.length}) is the median of nine calls once warm. It has far more rows than
columns, which suits forward mode (a pass per column) and not reverse mode (a pass per row). The difference is the largest over all
entries, relative to the largest entry of its column, at the same parameters.</p>
<h2>Parameters</h2>
${htmlTable(engines, parts.parameters)}
<h2>Derived quantities</h2>
${htmlTable(engines, parts.highlights)}
</body>
</html>
`;
}

/**
 * Writes the page, and the folders that lead to it.
 * @throws Error that names the file and the reason.
 */
export function writeReport(path: string, page: string): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, page);
  } catch (error) {
    throw new Error(`Cannot write the report to ${path}: ${error instanceof Error ? error.message : String(error)}. Choose another file with --out.`, { cause: error });
  }
}

/** Not mkdir's own `recursive`, which on Node 20 never returns where the file system refuses with ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function htmlTable(engines: readonly string[], rows: readonly Row[]): string {
  const head = engines.map((engine) => `<th scope="col">${escape(engine)}</th>`).join("");
  const body = rows.map(({ label, unit, cells }) => {
    const values = cells.map((cell) => `<td>${escape(cell)}</td>`).join("");
    return `<tr><th scope="row">${escape(label)}</th><td class="unit">${escape(unit)}</td>${values}</tr>`;
  });
  return `<div class="scroll"><table>\n<thead><tr><th></th><th></th>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table></div>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
