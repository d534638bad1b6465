import type { Result, RunOptions } from "./check.js";
import { titleOf } from "./replay.js";
import { accuraciesOf, checksOf, leftOutOf, marks, matrixOf, messageOf, reasonsOf, talliesOf } from "./report.js";

const style = `
:root { color-scheme: light dark; --pass: #1a7f37; --fail: #cf222e; --faint: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .15rem .5rem; text-align: left; border-bottom: 1px solid var(--faint); }
thead th { position: sticky; top: 0; background: Canvas; }
td.cell { text-align: center; cursor: default; }
.pass { color: var(--pass); } .FAIL { color: var(--fail); font-weight: bold; } .unsupported, .skipped, .none { opacity: .55; }
pre { background: var(--faint); padding: .75rem; overflow-x: auto; white-space: pre-wrap; }
input { font: inherit; padding: .25rem .5rem; }
`;

const script = `
const box = document.querySelector("input");
box.addEventListener("input", () => {
  for (const row of document.querySelectorAll("tr[data-op]")) row.hidden = !row.dataset.op.toLowerCase().includes(box.value.toLowerCase());
});
`;

/** The report as one page that needs nothing else; `alone` is the command that runs a failure again. */
export function htmlReport(results: readonly Result[], { runs, seed }: RunOptions, alone?: (result: Result) => string): string {
  const { engines, ops, orders, cell } = matrixOf(results);
  const failures = results.filter(({ outcome }) => outcome.status === "FAIL");
  const row = (op: string): string => {
    const cells = engines.flatMap((engine) =>
      orders.map((order) => {
        const { status, passed, notes } = cell(engine, op, order);
        const title = [`${engine}, ${op}, order ${order}: ${status === "none" ? "no scenario" : status}`, ...(passed > 0 ? [`${passed} checks pass`] : []), ...notes].join("\n");
        return `<td class="cell ${status}" title="${escape(title)}">${marks[status]}</td>`;
      }),
    );
    return `<tr data-op="${escape(op)}"><th scope="row">${escape(op)}</th>${cells.join("")}</tr>`;
  };
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Polyad conformance</title><style>${style}</style></head><body>
<h1>Polyad conformance</h1>
<p>${failures.length === 0 ? `<span class="pass">All checks pass.</span>` : `<span class="FAIL">${failures.length} checks fail.</span>`} ${runs} random inputs for each law, seed ${seed}.${leftOutOf(checksOf(results)).map((left) => ` ${left}.`).join("")}</p>
<h2>By engine</h2>
<table><thead><tr><th>engine</th><th>group</th><th>passed</th><th>unsupported</th><th>skipped</th><th>failed</th><th>seconds</th></tr></thead><tbody>
${talliesOf(results).map((t) => `<tr><td>${escape(t.engine)}</td><td>${t.group}</td><td>${t.passed}</td><td>${t.unsupported}</td><td>${t.skipped}</td><td${t.failed > 0 ? ' class="FAIL"' : ""}>${t.failed}</td><td>${t.seconds.toFixed(1)}</td></tr>`).join("\n")}
</tbody></table>
<h2>What is not held, and why</h2>
<ul>${accuraciesOf(results).map((line) => `<li>${escape(line)}</li>`).join("\n")}
${reasonsOf(results).map(({ engine, status, reason, count, example }) => `<li>${escape(engine)}: ${count} ${status}: ${escape(reason)} <small>(such as ${escape(example)})</small></li>`).join("\n")}</ul>
${failures.length > 0 ? `<h2>Failures</h2>${failures.map((result) => `<details open><summary class="FAIL">${escape(`${result.engine}: ${titleOf(result.check)}`)}</summary><pre>${escape(messageOf(result))}</pre>${alone === undefined ? "" : `<pre>${escape(alone(result))}</pre>`}</details>`).join("\n")}` : ""}
<h2>Ops and orders of derivative</h2>
<p>✓ pass, – unsupported, s skipped, ✗ FAIL, · no scenario at this order; more when pointed at. <input type="search" placeholder="filter ops" aria-label="filter ops"></p>
<table><thead><tr><th></th>${engines.map((engine) => `<th colspan="${orders.length}">${escape(engine)}</th>`).join("")}</tr>
<tr><th>op</th>${engines.map(() => orders.map((order) => `<th>${order}</th>`).join("")).join("")}</tr></thead><tbody>
${ops.map(row).join("\n")}
</tbody></table><script>${script}</script></body></html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
