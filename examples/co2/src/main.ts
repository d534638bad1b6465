import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadSeries } from "./data.js";
import { chooseEngines, engines } from "./engines.js";
import { study } from "./study.js";
import { textTable, verdict } from "./table.js";

/** Where the program writes: results, and progress or complaints. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const names = [...engines.keys()].join(",");

export const usage: string = `Fits the Mauna Loa CO₂ record, its Jacobian computed by one automatic-differentiation engine after another.

Usage: npm start -- co2 [options]

  -e, --engine NAMES  engines, separated by commas (default: ${names})
  -o, --out FILE      where the HTML report goes (default: reports/co2.html)
  -h, --help          this text

Engines: ${[...engines.keys()].join(", ")}
`;

/** The program; gives the exit code. What goes wrong is said on `err`, and gives 1. */
export async function main(args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      out(usage);
      return 0;
    }
    const chosen = chooseEngines(options.engine);
    const series = loadSeries();
    err(`Mauna Loa CO₂: ${series.t.length} monthly means\n`);
    const width = Math.max(...[...chosen.keys()].map((name) => name.length));
    const done = await study(series, chosen, (engine, { number, rms, damping, offset }) => {
      err(`${engine.padEnd(width)}  iteration ${String(number).padStart(2)}  RMS ${rms.toFixed(4).padStart(8)} ppm  λ ${damping.toExponential(0)}  offset ${offset.toExponential(1)}\n`);
    });
    out(`\n${textTable(done)}\n\n${verdict(done)}\n`);
    const { reportPage, writeReport } = await import("./report.js"); // the plotting library loads only now
    const path = resolve(options.out);
    writeReport(path, await reportPage(done));
    out(`Report: ${path}\n`);
    return 0;
  } catch (error) {
    err(`${messageOf(error)}\n`);
    return 1;
  }
}

function readOptions(args: readonly string[]): { readonly engine: string; readonly out: string; readonly help: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        engine: { type: "string", short: "e", default: names },
        out: { type: "string", short: "o", default: "reports/co2.html" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${messageOf(error)}\nRun with --help to see the options.`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
