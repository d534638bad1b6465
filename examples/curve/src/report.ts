import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { summary } from "polyad";
import { figure } from "./figure.js";
import { error, type Network } from "./study.js";

/** What the report tells. */
export interface Findings {
  readonly engine: string;
  readonly epochs: number;
  readonly before: Network;
  readonly after: Network;
}

/** The fit as one HTML page that loads nothing: styles and picture are inside, and there are no scripts. */
export async function reportPage({ engine, epochs, before, after }: Findings): Promise<string> {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>2x − x³, learned with Polyad</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 720px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin-bottom: .2rem; }
  figure { margin: 1.5rem 0; }
  svg { max-width: 100%; height: auto; }
  figcaption { color: #555; font-size: .9rem; }
  pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .85rem; }
</style>
</head>
<body>
<h1>2x − x³, learned with Polyad</h1>
<p>A network of 20 hidden units saw the curve at 41 points. In ${epochs} epochs of gradient descent, by the engine <b>${engine}</b>, its mean
squared error went from ${error(before).toPrecision(3)} to <b>${error(after).toPrecision(3)}</b>.</p>
<figure>
${await figure(after)}
<figcaption>Line: the true curve. Dots: what the fitted network gives at the 41 points.</figcaption>
</figure>
<pre>${summary(after).replaceAll(">", "&gt;")}</pre>
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
