import {
  Adam, dispose, generator, linearDecay, logitCrossEntropy, type OptimiserState, type ProgressStream, type RandomGenerator, setup, Tensor, toDevice, toHost, train, withGenerator,
} from "polyad";
import { batches, type Digits } from "./data.js";
import type { Workplace } from "./engines.js";
import { evaluate, type Verdict } from "./evaluate.js";
import { models, type Classifier, type ModelName } from "./models.js";

/** What decides what a run learns. */
export interface Settings {
  readonly model: ModelName;
  /** Over which the learning rate goes down to 0. */
  readonly epochs: number;
  /** Images in a batch. */
  readonly batch: number;
  /** Of the first parameters and of the order of the images. */
  readonly seed: number;
  /** The learning rate of the first step. */
  readonly rate: number;
  /** To train on. */
  readonly images: number;
}

/** A run, and where it stands: all that it takes to go on. */
export interface Run {
  readonly settings: Settings;
  readonly model: Classifier;
  readonly state: OptimiserState<Adam, Classifier>;
  /** Draws the order of the images: as it stood at the beginning of the epoch that comes next, or has begun. */
  readonly order: RandomGenerator;
  /** Epochs that have been finished. */
  readonly epochs: number;
  readonly steps: number;
  /** Of each step, on its batch, before it was taken; NaN for those to come. */
  readonly losses: Float64Array;
  /** On the test images after each epoch; NaN for those to come. */
  readonly accuracies: Float64Array;
}

/** A run before its first step. */
export function begin(settings: Settings): Run {
  const [first, order] = generator(settings.seed).split() as [RandomGenerator, RandomGenerator];
  const model = withGenerator(first, models[settings.model]);
  const losses = new Float64Array(settings.epochs * stepsInEpoch(settings)).fill(NaN);
  return { settings, model, state: setup(Adam(settings.rate), model), order, epochs: 0, steps: 0, losses, accuracies: new Float64Array(settings.epochs).fill(NaN) };
}

export function stepsInEpoch({ images, batch }: Settings): number {
  return Math.ceil(images / batch);
}

export interface FitOptions {
  /** Stops before the next step. */
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ProgressStream | false | undefined;
  /** Stops when so many epochs have been finished, the run's own number unless said. */
  readonly until?: number | undefined;
  /** After an epoch, with the seconds that its steps took in this call. */
  onEpoch?(run: Run, verdict: Verdict, seconds: number): void;
}

/**
 * Goes on with a run: Adam on the mean cross-entropy of batches in random order, its learning rate straight down to 0.
 * Stopped anywhere and continued, it takes the same steps, bit for bit.
 */
export async function fit(run: Run, digits: { readonly train: Digits; readonly test: Digits }, { engine, device }: Workplace, options: FitOptions = {}): Promise<Run> {
  const { settings } = run;
  const { signal, progress = false, until = settings.epochs, onEpoch } = options;
  const [losses, accuracies] = [run.losses.slice(), run.accuracies.slice()];
  const order = generator(run.order.state());
  let began = order.state();
  let skip = run.steps - run.epochs * stepsInEpoch(settings);
  let since = 0;
  const pass = (): Iterable<readonly [Tensor, Tensor]> => {
    since = performance.now();
    const rest = batches(digits.train, settings.batch, { shuffle: order, skip });
    skip = 0;
    return rest;
  };
  const standing = async ({ model, state, epochs, steps }: Pick<Run, "model" | "state" | "epochs" | "steps">): Promise<Run> => {
    return { settings, ...(await toHost({ model, state })), order: generator(began), epochs, steps, losses, accuracies };
  };
  let current = toDevice({ model: run.model, state: run.state }, device);
  const stopped = await train(loss, current.model, pass, current.state, {
    engine,
    epochs: Math.max(0, Math.min(until, settings.epochs) - run.epochs),
    schedule: linearDecay(settings.rate, losses.length),
    start: run,
    signal,
    progress,
    onStep: ({ model, state, steps, loss: value }) => {
      losses[steps - 1] = value;
      dispose(current, { model, state }); // on a device, what the step has replaced
      current = { model, state };
    },
    onEpoch: async (training) => {
      const seconds = (performance.now() - since) / 1000;
      began = order.state();
      const verdict = await evaluate(training.model, digits.test, device);
      accuracies[training.epochs - 1] = verdict.accuracy;
      onEpoch?.(await standing(training), verdict, seconds);
    },
  });
  return await standing(stopped);
}

function loss(model: Classifier, x: Tensor, y: Tensor): Tensor {
  return logitCrossEntropy(model(x), y);
}

/** An epoch that has been finished. */
export interface Epoch {
  /** Counted from 1. */
  readonly number: number;
  readonly losses: readonly number[];
  /** The mean of these. */
  readonly loss: number;
  /** On the test images. */
  readonly accuracy: number;
}

export function epochsOf({ settings, epochs, losses, accuracies }: Run): Epoch[] {
  const steps = stepsInEpoch(settings);
  return Array.from({ length: epochs }, (_, i) => {
    const own = Array.from(losses.subarray(i * steps, (i + 1) * steps));
    return { number: i + 1, losses: own, loss: own.reduce((sum, l) => sum + l, 0) / steps, accuracy: accuracies[i]! };
  });
}
