import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { decodeSafetensors, load, save, type Tensor } from "polyad";
import { makeFolder, messageOf } from "./files.js";
import { modelNames } from "./models.js";
import { stepsInEpoch, type Run, type Settings } from "./study.js";

// A checkpoint is a safetensors file, in which all of a run lies under its model's name: `mlp.model.layers.0.weight`.

/**
 * The run in a file, to go on with. `fresh` is one of the same settings.
 * @throws Error for a file that is missing, broken, foreign, or of a run with other settings.
 */
export function readCheckpoint(path: string, fresh: Run): Run {
  if (!existsSync(path)) throw new Error(`There is no checkpoint ${path}. Leave --resume out to begin a new run.`);
  const { settings } = fresh;
  const kept = settingsIn(path);
  if (show(kept) !== show(settings)) {
    throw new Error(`${path} is of a run with ${show(kept)}, and this one has ${show(settings)}. Give that run's options, or name another file with --checkpoint.`);
  }
  const run = reading(path, () => load(readFileSync(path), { [settings.model]: fresh })[settings.model]!);
  const { epochs, steps, losses, accuracies } = run;
  const whole = Number.isInteger(steps) && steps >= 0 && epochs === Math.floor(steps / stepsInEpoch(settings));
  if (!whole || !isHistory(losses, steps) || !isHistory(accuracies, epochs)) {
    throw new Error(`${path} is damaged: epoch ${epochs}, step ${steps} and the history do not belong together. It is left as it is.`);
  }
  return run;
}

/**
 * Makes sure that a new run can be kept in a file, before hours are spent on it. Gives what the file holds of an
 * unfinished run, which is going to be replaced, null if there is none.
 *
 * @throws Error for a file that is no checkpoint, which is left alone, or a place where nothing can be written.
 */
export function claimCheckpoint(path: string): string | null {
  const kept = existsSync(path) ? settingsIn(path) : null;
  writing(path, () => {
    makeFolder(dirname(path));
    writeFileSync(nextTo(path), "");
    rmSync(nextTo(path));
  });
  const done = kept === null ? 0 : tensorsIn(path).get(`${kept.model}.epochs`)!.item();
  return kept === null || done >= kept.epochs ? null : `${done} of ${kept.epochs} epochs with ${show(kept)}`;
}

/** Keeps a run in a file. Whatever fails on the way, a whole checkpoint is there: the last one, or this. */
export function writeCheckpoint(path: string, run: Run): void {
  writing(path, () => {
    writeFileSync(nextTo(path), save({ [run.settings.model]: run }), { flush: true });
    renameSync(nextTo(path), path);
  });
}

/** The options that give these settings. */
export function show({ model, epochs, batch, seed, rate, images }: Settings): string {
  return `--model ${model} --epochs ${epochs} --batch ${batch} --seed ${seed} --rate ${rate} --limit ${images}`;
}

/** @throws Error for what is no checkpoint. */
function settingsIn(path: string): Settings {
  const tensors = tensorsIn(path);
  for (const model of modelNames) {
    const at = (name: string): number => (tensors.get(`${model}.${name}`)?.size === 1 ? tensors.get(`${model}.${name}`)!.item() : NaN);
    const settings = { model, epochs: at("settings.epochs"), batch: at("settings.batch"), seed: at("settings.seed"), rate: at("settings.rate"), images: at("settings.images") };
    if (Object.values({ ...settings, model: at("epochs") }).every(Number.isFinite)) return settings;
  }
  throw new Error(`${path} is a safetensors file, but no checkpoint of this program. It is left as it is; name another with --checkpoint.`);
}

function tensorsIn(path: string): ReadonlyMap<string, Tensor> {
  return reading(path, () => decodeSafetensors(readFileSync(path)).tensors);
}

/** Whether so many values are there, and the others are still to come. */
function isHistory(values: Float64Array, count: number): boolean {
  return values.every((value, i) => (i < count ? Number.isFinite(value) : Number.isNaN(value)));
}

/** In the same folder, so that it can be renamed. */
function nextTo(path: string): string {
  return `${path}.new`;
}

function reading<T>(path: string, f: () => T): T {
  try {
    return f();
  } catch (cause) {
    throw new Error(`${path} cannot be read as a checkpoint: ${messageOf(cause)}\nIt is left as it is; name another with --checkpoint.`, { cause });
  }
}

function writing(path: string, f: () => void): void {
  try {
    f();
  } catch (cause) {
    throw new Error(`The checkpoint ${path} cannot be written: ${messageOf(cause)}. Name another with --checkpoint.`, { cause });
  }
}
