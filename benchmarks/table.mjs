// Tables of text, and the few words that a row is told in.

/** Rows of cells in columns; the first column is aligned to the left. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => (r[i] ?? "").length)));
  const line = (r) => `  ${r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : (cell ?? "").padStart(widths[i]))).join("  ")}`.trimEnd();
  return rows.map(line).join("\n");
}

/** 0.00002 ms is 20 ns. */
export function showTime(ms) {
  if (ms < 1e-3) return `${(ms * 1e6).toPrecision(3)} ns`;
  return ms < 1 ? `${(ms * 1e3).toPrecision(3)} µs` : ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

export function showRatio(ratio) {
  return ratio >= 1000 ? ratio.toFixed(0) : ratio.toPrecision(3);
}

export function showBar({ below, atMost, atLeast }) {
  if (below !== undefined) return `< ${short(below)}`;
  return atMost !== undefined ? `≤ ${short(atMost)}` : `≥ ${short(atLeast)}`;
}

export function isMet({ below, atMost, atLeast }, value) {
  if (below !== undefined) return value < below;
  return atMost !== undefined ? value <= atMost : value >= atLeast;
}

function short(x) {
  return x < 1 && Number.isInteger(1 / x) ? `1/${1 / x}` : String(x);
}

/** The comparison of one row: absolute medians, and what Polyad takes for each unit of the peer's time. */
export function comparisonTable(entries) {
  const [ours] = entries;
  const rows = [["engine", "dtype", "median", "quartiles", "polyad/peer", "bar", ""]];
  for (const e of entries) {
    if (e.error !== undefined) {
      rows.push([e.engine, e.dtype, "failed"]);
      continue;
    }
    const ratio = e === ours || ours.ms === undefined ? undefined : ours.ms / e.ms;
    rows.push([
      e.engine,
      e.dtype,
      showTime(e.ms),
      e.quartiles.map(showTime).join(" … "),
      ratio === undefined ? "" : showRatio(ratio),
      e.bar ? showBar(e.bar) : "",
      e.bar && ratio !== undefined ? (isMet(e.bar, ratio) ? "met" : "not met") : "",
    ]);
  }
  return table(rows);
}

/** What rows about Polyad alone found: a name, a value in words, and perhaps a bar. */
export function linesTable(lines) {
  return table([
    ["measured", "value", "bar", ""],
    ...lines.map(({ what, text, value, bar }) => [what, text, bar ? showBar(bar) : "", bar ? (isMet(bar, value) ? "met" : "not met") : ""]),
  ]);
}
