import { add, concat, flatten, fmap, matmul, reshape, ShapeError, tanh, Tensor, transpose, zeros, type Operand, type RandomGenerator, type Shape } from "@polyad/core";
import { drawn } from "../drawn.js";
import { glorotUniform, type Initialiser } from "../init.js";
import { checkSize, checkSizes, matchDType, matchInput, type Activation } from "../match.js";
import { checkOptions } from "../options.js";
import { defaultGenerator } from "../random.js";
import { showHead } from "../show.js";
import { chunk } from "./chunk.js";

/** One step of a recurrence: an output and the next state of an input and a state, which is zeros if there is none. */
export interface Cell<S> {
  (x: Tensor, state?: S): readonly [y: Tensor, state: S];
}

/** What the cells of this library take: with "time", x is a sequence [...batch, time, size] and y all outputs. */
export type CellArguments<S> = [x: Operand, state?: S, over?: "time"];

export interface CellFields {
  /** From the input, the gates one below the other: [gates · nOut, nIn]. */
  readonly Wi: Tensor;
  /** From the last output: [gates · nOut, nOut]. */
  readonly Wh: Tensor;
  /** Null for none. */
  readonly bias: Tensor | null;
}

export interface CellOptions {
  /** Whether there is a bias, zeros at first; true unless said. */
  readonly bias?: boolean | undefined;
  /** For the weights of the input; `glorotUniform` unless said. */
  readonly init?: Initialiser | undefined;
  /** For the weights of the state; `glorotUniform` unless said. */
  readonly initRecurrent?: Initialiser | undefined;
  /** Where the weights are drawn from; `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

/** What tells one kind of cell from another. */
export interface CellKind<F extends CellFields, S> {
  readonly name: string;
  /** A state whose parts are all like h. */
  start(h: Tensor): S;
  /** The next output and state, from Wᵢ·x + b and the state. */
  step(self: F, wx: Tensor, state: S): readonly [y: Tensor, state: S];
}

/** The first weights of a cell with some number of gates. */
export function cellFields(name: string, gates: number, nIn: number, nOut: number, options: CellOptions): CellFields {
  checkSizes(name, nIn, nOut);
  checkOptions(name, options, ["bias", "init", "initRecurrent", "rng"]);
  const { bias = true, init = glorotUniform, initRecurrent = glorotUniform, rng = defaultGenerator() } = options;
  const Wi = drawn(name, init, rng, [gates * nOut, nIn]);
  const Wh = drawn(name, initRecurrent, rng, [gates * nOut, nOut]);
  return { Wi, Wh, bias: bias ? zeros([gates * nOut], Wi.dtype) : null };
}

/** A call of a cell: one step, or all steps along the last axis but one. */
export function callCell<F extends CellFields, S>(kind: CellKind<F, S>, self: F, ...[input, state, over]: CellArguments<S>): [y: Tensor, state: S] {
  const name = (): string => showCell(kind.name, self);
  const { Wi, Wh, bias } = self;
  const x = matchInput(name, input, Wi);
  checkSize(name, x, Wi.shape[1]!);
  if (over === "time" && x.ndim < 2) throw new ShapeError(`layer ${name()} expects a sequence of shape [..., time, ${Wi.shape[1]!}], got shape [${x.shape.join(", ")}].`);
  const batch = x.shape.slice(0, over === "time" ? -2 : -1);
  const start = kind.start(zeros([...batch, Wh.shape[1]!], Wh.dtype));
  const from = state === undefined ? start : matchState(name, state, start);
  const project = (v: Tensor): Tensor => (bias === null ? matmul(v, Wi, transposed) : add(matmul(v, Wi, transposed), bias));
  const [y, next] = over === "time" ? unroll(kind, self, project, x, from) : kind.step(self, project(x), from);
  return [y, next];
}

/** The flag of a product with the transpose of a weight. */
export const transposed = { transposeB: true } as const;

/** All steps, with one product for all inputs: x is [...batch, time, nIn]. */
function unroll<F extends CellFields, S>(kind: CellKind<F, S>, self: F, project: (x: Tensor) => Tensor, x: Tensor, from: S): [y: Tensor, state: S] {
  const [steps, size] = x.shape.slice(-2) as [number, number];
  const batch = x.shape.slice(0, -2);
  const samples = batch.reduce((a, b) => a * b, 1);
  const n = self.Wh.shape[1]!;
  if (steps === 0) return [zeros([...batch, 0, n], self.Wh.dtype), from];
  // One row for each sample within each step, so that a step is a block of rows.
  const rows = reshape(transpose(reshape(x, [samples, steps, size]), [1, 0, 2]), [steps * samples, size]);
  let state = withShape(from, [samples, n]);
  const ys = chunk(project(rows), steps, 0).map((wx) => {
    const [y, next] = kind.step(self, wx, state);
    state = next;
    return y;
  });
  const y = reshape(transpose(reshape(concat(ys), [steps, samples, n]), [1, 0, 2]), [...batch, steps, n]);
  return [y, withShape(state, [...batch, n])];
}

function withShape<S>(state: S, shape: Shape): S {
  return fmap((x) => reshape(x as Tensor, shape), state);
}

/** A state in the precision of the one to start from. @throws ShapeError unless it is like that. */
function matchState<S>(name: () => string, state: S, start: S): S {
  const [got, expected] = [describeState(state), describeState(start)];
  if (got !== expected) throw new ShapeError(`layer ${name()} expects ${expected} as its state, got ${got}.`);
  const like = flatten(start).leaves[0] as Tensor;
  return fmap((x) => matchDType(name, x as Tensor, like), state);
}

/** `tensors [5, 3] and [5, 3]` */
function describeState(state: unknown): string {
  const parts = flatten(state).leaves.map((x) => (x instanceof Tensor ? `[${x.shape.join(", ")}]` : String(x)));
  return `${Array.isArray(state) ? "tensors" : "a tensor"} ${parts.join(" and ")}`;
}

/** `LSTMCell(2 => 3)` */
export function showCell(kind: string, { Wi, Wh, bias }: CellFields, activation: Activation = tanh): string {
  return showHead(kind, `${Wi.shape[1]} => ${Wh.shape[1]}`, activation, bias !== null, tanh);
}
