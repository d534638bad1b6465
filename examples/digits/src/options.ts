import { parseArgs } from "node:util";
import { engines } from "./engines.js";
import { messageOf } from "./files.js";
import { modelNamed, modelNames } from "./models.js";
import type { Settings } from "./study.js";

export const usage: string = `Teaches a network to read handwritten digits: MNIST, 60,000 images to train on and 10,000 to be tested.

Usage: npm start -- digits [options]

  -e, --engine NAME       what computes the gradients: ${[...engines.keys()].join(", ")} (default: tape)
      --device NAME       where, for tfjs: cpu, wasm, webgpu (default: wasm)
  -m, --model NAME        ${modelNames.join(" or ")} (default: mlp)
      --epochs N          passes through the images; the learning rate goes down to 0 over all of them (default: 5)
      --batch N           images in a step (default: 128)
      --rate X            learning rate of Adam's first step (default: 0.003)
      --seed N            of the first parameters and of the order of the images (default: 1)
      --limit N           only the first N images, of each kind
  -c, --checkpoint FILE   where the run is kept, after each epoch and at Ctrl-C (default: reports/digits.safetensors)
      --resume            go on with the run that is kept there; the same options give the same numbers
      --stop-after N      stop after N epochs of the run, to be resumed
  -o, --out FILE          where the HTML report goes (default: reports/digits.html)
  -q, --quiet             say only what comes out
  -h, --help              this text
`;

/** What the command line says. */
export interface Options {
  readonly engine: string;
  readonly device: string | undefined;
  readonly settings: Omit<Settings, "images">;
  /** Of images. */
  readonly limit: number;
  readonly checkpoint: string;
  readonly resume: boolean;
  readonly stopAfter: number | undefined;
  readonly out: string;
  readonly quiet: boolean;
  readonly help: boolean;
}

/** @throws Error that says which option is wrong, and what would be right. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parsed(args);
  const whole = (name: "epochs" | "batch" | "seed" | "limit" | "stop-after", least: number): number | undefined => {
    const text = values[name];
    if (text === undefined || (/^\d+$/.test(text) && Number(text) >= least && Number.isSafeInteger(Number(text)))) return text === undefined ? undefined : Number(text);
    throw new Error(`--${name}: expected a whole number of at least ${least}, got "${text}".`);
  };
  const rate = Number(values.rate ?? 3e-3);
  if (!(rate > 0 && rate < Infinity)) throw new Error(`--rate: expected a number above 0, got "${values.rate}".`);
  return {
    engine: values.engine,
    device: values.device,
    settings: { model: modelNamed(values.model), epochs: whole("epochs", 1) ?? 5, batch: whole("batch", 1) ?? 128, seed: whole("seed", 0) ?? 1, rate },
    limit: whole("limit", 1) ?? Infinity,
    checkpoint: values.checkpoint,
    resume: values.resume,
    stopAfter: whole("stop-after", 1),
    out: values.out,
    quiet: values.quiet,
    help: values.help,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        engine: { type: "string", short: "e", default: "tape" },
        device: { type: "string" },
        model: { type: "string", short: "m", default: "mlp" },
        epochs: { type: "string" },
        batch: { type: "string" },
        rate: { type: "string" },
        seed: { type: "string" },
        limit: { type: "string" },
        checkpoint: { type: "string", short: "c", default: "reports/digits.safetensors" },
        resume: { type: "boolean", default: false },
        "stop-after": { type: "string" },
        out: { type: "string", short: "o", default: "reports/digits.html" },
        quiet: { type: "boolean", short: "q", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    throw new Error(`${messageOf(cause)}\nRun with --help to see the options.`, { cause });
  }
}
