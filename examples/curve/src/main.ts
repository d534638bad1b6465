import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { engineNamed, engines } from "./engines.js";
import { error as errorOf, fit, network } from "./study.js";

/** Where the program writes: results, and progress or complaints. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export const usage: string = `Fits a small network to 2x − x³ at the 41 points −2, −1.9, …, 2.

Usage: npm start -- curve [options]

  -e, --engine NAME   what computes the gradients: ${[...engines.keys()].join(", ")} (default: tape)
      --epochs N      passes through the points (default: 1000)
      --seed N        of the first parameters (default: 1)
  -o, --out FILE      where the HTML report goes (default: reports/curve.html)
  -h, --help          this text
`;

/** The program; gives the exit code. What goes wrong is said on `err`, and gives 1. */
export async function main(args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      out(usage);
      return 0;
    }
    const [epochs, seed] = [whole("epochs", options.epochs), whole("seed", options.seed)];
    const engine = engineNamed(options.engine);
    const before = network(seed);
    const after = await fit(before, engine, epochs, (epoch, model) => {
      if (epoch % Math.ceil(epochs / 10) === 0) err(`epoch ${String(epoch).padStart(String(epochs).length)}  mean squared error ${errorOf(model).toFixed(5)}\n`);
    });
    out(`Mean squared error: ${errorOf(before).toPrecision(4)} at first, ${errorOf(after).toPrecision(4)} after ${epochs} epochs\n`);
    const { reportPage, writeReport } = await import("./report.js"); // the plotting library loads only now
    const path = resolve(options.out);
    writeReport(path, await reportPage({ engine: options.engine, epochs, before, after }));
    out(`Report: ${path}\n`);
    return 0;
  } catch (error) {
    err(`${messageOf(error)}\n`);
    return 1;
  }
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        engine: { type: "string", short: "e", default: "tape" },
        epochs: { type: "string", default: "1000" },
        seed: { type: "string", default: "1" },
        out: { type: "string", short: "o", default: "reports/curve.html" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${messageOf(error)}\nRun with --help to see the options.`, { cause: error });
  }
}

/** @throws Error for what is no whole number. */
function whole(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${option}: expected a whole number, got "${text}".`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
