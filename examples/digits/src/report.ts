import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parse, View, type Spec } from "vega";
import { bitmap } from "./bitmap.js";
import { pixels, side, type Digits } from "./data.js";
import type { Epoch, Verdict } from "./study.js";

/** What the report says of a run. */
export interface Run {
  readonly title: string;
  readonly model: string;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly epochs: readonly Epoch[];
  readonly test: Digits;
  readonly verdict: Verdict;
}

/** The run as one HTML page that loads nothing: curves, the confusion matrix, and the worst mistakes as pictures. */
export async function reportPage(run: Run): Promise<string> {
  const { accuracy, confusion, mistakes } = run.verdict;
  const wrong = Math.round((1 - accuracy) * run.test.labels.length);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(run.title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 920px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin-bottom: .2rem; }
  h2 { font-size: 1.15rem; margin-top: 2rem; }
  svg { max-width: 100%; height: auto; }
  pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .85rem; }
  table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem .7rem; border-bottom: 1px solid #e3e3e3; text-align: right; font-weight: normal; }
  .settings th { text-align: left; color: #666; } .settings td { text-align: left; }
  .mistakes { display: flex; flex-wrap: wrap; gap: 1rem; }
  .mistakes figure { margin: 0; text-align: center; font-size: .85rem; }
  .mistakes img { width: 84px; height: 84px; image-rendering: pixelated; border: 1px solid #ccc; }
  .note { color: #555; font-size: .9rem; }
</style>
</head>
<body>
<h1>${escape(run.title)}</h1>
<p>${(100 * accuracy).toFixed(2)} % of ${run.test.labels.length} test images are read correctly; ${wrong} are not.</p>
<table class="settings">${run.settings.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`).join("")}</table>
<h2>Loss and accuracy</h2>
${await curves(run.epochs)}
<table><thead><tr><th>epoch</th><th>loss</th><th>test accuracy</th><th>seconds</th></tr></thead><tbody>
${run.epochs.map((e) => `<tr><td>${e.epoch}</td><td>${e.loss.toFixed(4)}</td><td>${(100 * e.accuracy).toFixed(2)} %</td><td>${e.seconds.toFixed(1)}</td></tr>`).join("\n")}
</tbody></table>
<p class="note">The loss is the mean over the epoch's training batches, while the model changes. Seconds are of training alone, on this machine.</p>
<h2>Confusion matrix</h2>
${confusionTable(confusion)}
<p class="note">Rows: what was written. Columns: what was read.</p>
<h2>The worst mistakes</h2>
<div class="mistakes">
${mistakes.map((m) => `<figure><img alt="a ${m.label}, read as ${m.predicted}" src="${bitmap(run.test.images.subarray(m.index * pixels, (m.index + 1) * pixels), side)}"><figcaption>${m.label}, read as ${m.predicted}<br>(${(100 * m.confidence).toFixed(1)} % sure)</figcaption></figure>`).join("\n")}
</div>
<h2>The model</h2>
<pre>${escape(run.model)}</pre>
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
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** Loss of every hundredth of an epoch or so, and test accuracy, over epochs: SVG. */
async function curves(epochs: readonly Epoch[]): Promise<string> {
  const losses = epochs.flatMap(({ epoch, losses: all }) => {
    const every = Math.max(1, Math.floor(all.length / 100));
    return all.filter((_, i) => i % every === 0).map((loss, i) => ({ epoch: epoch - 1 + (i * every) / all.length, loss }));
  });
  const panel = (name: string, title: string, field: string, format: string, log: boolean) => ({
    type: "group" as const,
    encode: { enter: { width: { value: 380 }, height: { value: 220 } } },
    scales: [
      { name: "x", type: "linear" as const, domain: [0, Math.max(1, epochs.length)], range: [0, 380] },
      { name: "y", type: log ? ("log" as const) : ("linear" as const), domain: { data: name, field }, range: [220, 0], zero: false, nice: true },
    ],
    axes: [
      { orient: "bottom" as const, scale: "x", title: "epoch", tickCount: Math.min(10, epochs.length), format: "d" },
      { orient: "left" as const, scale: "y", title, grid: true, format, tickCount: 6 },
    ],
    marks: [
      { type: "line" as const, from: { data: name }, encode: { enter: { x: { scale: "x", field: "epoch" }, y: { scale: "y", field }, stroke: { value: "#4a6fa5" }, strokeWidth: { value: 1.5 } } } },
      ...(name === "accuracy" ? [{ type: "symbol" as const, from: { data: name }, encode: { enter: { x: { scale: "x", field: "epoch" }, y: { scale: "y", field }, fill: { value: "#4a6fa5" }, size: { value: 40 } } } }] : []),
    ],
  });
  const spec: Spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Training loss and test accuracy over epochs.",
    padding: 8,
    data: [
      { name: "loss", values: losses },
      { name: "accuracy", values: epochs.map(({ epoch, accuracy }) => ({ epoch, accuracy })) },
    ],
    layout: { columns: 2, padding: 70, bounds: "flush" },
    marks: [panel("loss", "training loss", "loss", "~g", true), panel("accuracy", "test accuracy", "accuracy", ".1%", false)],
  };
  return await new View(parse(spec), { renderer: "none" }).toSVG();
}

function confusionTable(confusion: readonly (readonly number[])[]): string {
  const most = Math.max(1, ...confusion.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const shade = (i: number, j: number, n: number): string => (i === j ? "#e6f2e6" : `rgba(209, 73, 91, ${((0.6 * n) / most).toFixed(2)})`);
  const head = confusion.map((_, j) => `<th scope="col">${j}</th>`).join("");
  const body = confusion.map((row, i) => `<tr><th scope="row">${i}</th>${row.map((n, j) => `<td style="background: ${shade(i, j, n)}">${n === 0 ? "" : n}</td>`).join("")}</tr>`);
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
