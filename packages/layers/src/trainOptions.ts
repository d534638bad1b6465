import { AutodiffError, flatten, isADType, Tensor, trainableLeaves, type ADType } from "@polyad/core";
import { checkOptions } from "./options.js";
import { isFrozen } from "./optimise/freeze.js";
import { isParameterState, isTrainableArray } from "./optimise/parameterState.js";
import { isRule } from "./optimise/rule.js";
import type { Schedule } from "./optimise/schedules.js";
import { setup } from "./optimise/setup.js";
import type { ProgressStream } from "./progress.js";

const known = ["engine", "epochs", "onStep", "onEpoch", "signal", "progress", "schedule", "start"];
const instead = "For more control, write the loop with withgradient and update.";
const hints = {
  cb: `train does not support callback functions as cb. Use onStep or onEpoch. ${instead}`,
  callback: `Use onStep or onEpoch. ${instead}`,
  callbacks: `Use onStep or onEpoch. ${instead}`,
  batchSize: "Batches come from the data: DataLoader(data, { batchSize }).",
  shuffle: "The data are shuffled by DataLoader(data, { shuffle: generator(1) }).",
  ad: "Write engine.",
  backend: "Write engine.",
};

/** Callbacks that end the training by returning "stop". */
export type Answer = void | "stop" | Promise<void | "stop">;

export interface CommonOptions {
  /** AutoTape() unless said. */
  readonly engine?: ADType | undefined;
  /** How many times to go through the data, 1 unless said. */
  readonly epochs?: number | undefined;
  /** Stops before the next step when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Shows progress on standard error, or on this stream: a bar on a terminal, else a line for each epoch. */
  readonly progress?: boolean | ProgressStream | undefined;
  /** The learning rate of each step. Steps are counted from 0 over all epochs. */
  readonly schedule?: Schedule | undefined;
  /**
   * What went before, so that epochs and steps are counted on: the result of an earlier run, or what was saved of it.
   * Epochs that were finished are counted: a run that was stopped within one goes through the whole of it again.
   */
  readonly start?: { readonly epochs: number; readonly steps: number } | undefined;
}

/** @throws AutodiffError for options and arguments that could not train anything. */
export function checkTraining(loss: unknown, model: unknown, data: unknown, options: CommonOptions): void {
  checkOptions("train", options, known, hints);
  const { engine, epochs, signal, schedule, start, progress } = options;
  if (typeof loss !== "function") throw refusal("expected a loss first: train(loss, model, data, optimiser), where loss(model, ...item) is a scalar");
  if (engine !== undefined && !isADType(engine)) throw refusal("expected a token such as AutoTape() for engine");
  if (epochs !== undefined && epochs !== Infinity && !(Number.isInteger(epochs) && epochs >= 0)) throw refusal(`expected a whole number of epochs, got ${epochs}`);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw refusal("expected an AbortSignal for signal, as new AbortController().signal");
  if (schedule !== undefined && typeof schedule !== "function") throw refusal("expected a function from the step to the learning rate for schedule");
  for (const key of ["onStep", "onEpoch"] as const) {
    const callback = (options as { readonly [K in typeof key]?: unknown })[key];
    if (callback !== undefined && typeof callback !== "function") throw refusal(`expected a function for ${key}`);
  }
  if (progress !== undefined && typeof progress !== "boolean" && typeof (progress as ProgressStream | null)?.write !== "function") {
    throw refusal("expected true, false, or a stream with write() for progress");
  }
  if (start !== undefined && ![(start as typeof start | null)?.epochs, start?.steps].every((n) => Number.isInteger(n) && n! >= 0)) throw refusal("expected { epochs, steps } for start, both whole numbers");
  const iterable = typeof data === "function" || (typeof data === "object" && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data));
  if (!iterable) throw refusal("expected the data as an array of items, a DataLoader, an iterable (async or not), or a function that makes one. Items of a tensor are cut by DataLoader(x, { batchSize })");
  if (Array.isArray(data) && data.length === 0) throw refusal("the data is empty");
  if (Array.isArray(data) && data.length > 1 && data.length === loss.length - 1 && data.every((x) => x instanceof Tensor)) {
    throw refusal(`the data is a list of ${data.length} tensors, each of them one item, and the loss takes ${data.length} with the model. One item of all is [[x, y]]; batches are DataLoader([x, y], { batchSize })`);
  }
  if (!trainableLeaves(model).some(({ leaf }) => isTrainableArray(leaf))) {
    throw refusal("the model has no parameters to train. They are float tensors and typed arrays; a number is one as tensor(x)");
  }
}

/** The state to begin with. @throws AutodiffError for what is neither a rule nor a state, or if all of it is frozen. */
export function stateOf(optimiser: unknown, model: unknown): unknown {
  if (isRule(optimiser)) return setup(optimiser, model);
  if (typeof optimiser === "function" || !flatten(optimiser, isParameterState).leaves.some(isParameterState)) {
    throw refusal(`expected a rule, as Adam(1e-3), or a state from setup(rule, model), as the optimiser${typeof optimiser === "function" ? ". Call it: Adam()" : ""}`);
  }
  if (isFrozen(optimiser)) throw refusal("all parameters are frozen, so that nothing would be trained. Let some be with thaw(state)");
  return optimiser;
}

function refusal(what: string): AutodiffError {
  return new AutodiffError(`train: ${what}.`);
}
