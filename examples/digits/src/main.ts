import { resolve } from "node:path";
import { parameterCount, summary, type ProgressStream } from "polyad";
import { claimCheckpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { loadDigits } from "./data.js";
import { openEngine } from "./engines.js";
import { evaluate, type Verdict } from "./evaluate.js";
import { claimReport, messageOf, writeReport } from "./files.js";
import { readOptions, usage } from "./options.js";
import { begin, epochsOf, fit } from "./study.js";

/** Where the program writes, and who may stop it. */
export interface Surroundings {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly err: (text: string) => void;
  /** A terminal on which progress can be drawn. */
  readonly terminal?: ProgressStream | undefined;
  /** Stops before the next step; the run is kept. */
  readonly signal?: AbortSignal | undefined;
}

/** The program; gives the exit code: 0, 1 for what goes wrong, which is said on `err`, and 130 if it was stopped by the signal. */
export async function main(args: readonly string[], { out, err, terminal, signal }: Surroundings): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      out(usage);
      return 0;
    }
    const say = options.quiet ? () => {} : err;
    const [checkpoint, report] = [resolve(options.checkpoint), resolve(options.out)];
    if (checkpoint === report) throw new Error(`--checkpoint and --out are both ${report}: the report would replace the checkpoint.`);
    const [train, test] = await Promise.all([loadDigits("train", options.limit), loadDigits("test", options.limit)]);
    const settings = { ...options.settings, images: train.labels.length };
    const fresh = begin(settings);
    const workplace = await openEngine(options.engine, options.device, fresh.model);
    const unfinished = options.resume ? null : claimCheckpoint(checkpoint);
    claimReport(report);
    if (unfinished !== null) err(`${checkpoint} holds an unfinished run, ${unfinished}. It is going to be replaced; --resume would go on with it.\n`);
    const start = options.resume ? readCheckpoint(checkpoint, fresh) : fresh;
    say(`MNIST: ${train.labels.length} images to train on, ${test.labels.length} to be tested\n${summary(start.model)}\n`);
    if (start.steps > 0) say(`Going on after epoch ${start.epochs}, step ${start.steps}\n`);

    let verdict: Verdict | null = null;
    const seconds = new Map<number, number>();
    const run = await fit(start, { train, test }, workplace, {
      signal,
      until: options.stopAfter,
      progress: options.quiet ? false : (terminal ?? { write: err }),
      onEpoch: (now, of, time) => {
        verdict = of;
        seconds.set(now.epochs, time);
        writeCheckpoint(checkpoint, now);
        say(`  test accuracy ${percent(of.accuracy)}\n`);
      },
    });
    if (run.epochs < settings.epochs) {
      writeCheckpoint(checkpoint, run);
      const again = args.filter((arg) => arg !== "--resume").filter((arg, i, all) => !/^--stop-after\b/.test(arg) && all[i - 1] !== "--stop-after");
      out(`Stopped after epoch ${run.epochs} of ${settings.epochs}, step ${run.steps} of ${run.losses.length}.\nCheckpoint: ${checkpoint}\nGo on with: npm start -- digits ${[...again, "--resume"].join(" ")}\n`);
      return signal?.aborted === true ? 130 : 0;
    }
    verdict ??= await evaluate(run.model, test, "host");
    out(`Test accuracy: ${percent(verdict.accuracy)}; ${verdict.mistakes.length} of ${test.labels.length} images are misread\nCheckpoint: ${checkpoint}\n`);
    const { reportPage } = await import("./report.js"); // the plotting library loads only now
    const epochs = epochsOf(run).map((epoch) => ({ ...epoch, seconds: seconds.get(epoch.number) ?? null }));
    const engine = options.device === undefined ? options.engine : `${options.engine}, ${options.device}`;
    writeReport(report, await reportPage({ settings, engine, parameters: parameterCount(run.model), model: summary(run.model), epochs, test, verdict }));
    out(`Report: ${report}\n`);
    return 0;
  } catch (error) {
    err(`${messageOf(error)}\n`);
    return 1;
  }
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
