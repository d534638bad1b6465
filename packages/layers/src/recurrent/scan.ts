import { asTensor, AutodiffError, concat, reshape, ShapeError, zeros, type Operand, type Shape, type Tensor } from "@polyad/core";
import { checkFunction } from "../layerFunctions.js";
import type { Cell } from "./cell.js";
import { chunk } from "./chunk.js";
import { GRUCell } from "./gruCell.js";
import { LSTMCell } from "./lstmCell.js";
import { RNNCell } from "./rnnCell.js";

/**
 * All outputs of a cell along a sequence, and the state after it: x is [...batch, time, size], samples lead and time is the
 * last axis but one; y is [...batch, time, nOut]. Any function of that form is a cell. Without a state the cell starts from
 * its own.
 *
 * @throws ShapeError for an input without an axis of time, or one of length 0 with an own cell.
 * @example
 * const cell = LSTMCell(2, 3);
 * const [y, [h, c]] = scan(cell, zeros([5, 7, 2], "float32"));
 * y.shape // [5, 7, 3]
 */
export function scan<S>(cell: Cell<S>, sequence: Operand, state?: S): [y: Tensor, state: S] {
  checkFunction("scan", "cell", cell);
  if (isKnown(cell)) return cell(sequence, state, "time");
  const x = asTensor("scan", sequence);
  if (x.ndim < 2) throw new ShapeError(`scan: expected a sequence of shape [..., time, size], got shape [${x.shape.join(", ")}].`);
  const axis = x.ndim - 2;
  const steps = x.shape[axis]!;
  if (steps === 0) throw new ShapeError(`scan: expected at least one step, got shape [${x.shape.join(", ")}].`);
  const ys: Tensor[] = [];
  let now = state;
  for (const part of chunk(x, steps, axis)) {
    const [y, next] = cell(reshape(part, x.shape.filter((_, i) => i !== axis)), now);
    ys.push(reshape(y, [...y.shape.slice(0, -1), 1, y.shape.at(-1)!]));
    now = next;
  }
  return [concat(ys, { axis }), now!];
}

/** A cell that takes whole sequences. */
interface SequenceCell<S> {
  (x: Operand, state: S | undefined, over: "time"): [y: Tensor, state: S];
}

function isKnown<S>(cell: Cell<S>): cell is Cell<S> & SequenceCell<S> {
  return cell instanceof LSTMCell || cell instanceof GRUCell || cell instanceof RNNCell;
}

/**
 * The state from which a cell starts: zeros, in the precision of its weights.
 *
 * @example
 * initialState(LSTMCell(2, 3), [5]).map(({ shape }) => shape) // [[5, 3], [5, 3]]
 */
export function initialState(cell: LSTMCell, batch?: Shape): readonly [h: Tensor, c: Tensor];
export function initialState(cell: RNNCell | GRUCell, batch?: Shape): Tensor;
export function initialState(cell: LSTMCell | RNNCell | GRUCell, batch: Shape = []): Tensor | readonly [h: Tensor, c: Tensor] {
  const known = cell instanceof LSTMCell || cell instanceof GRUCell || cell instanceof RNNCell;
  if (!known) throw new AutodiffError("initialState: expected an RNNCell, LSTMCell or GRUCell; an own cell starts from its own state when it is called without one.");
  const h = zeros([...batch, cell.Wh.shape[1]!], cell.Wh.dtype);
  return cell instanceof LSTMCell ? [h, h] : h;
}
