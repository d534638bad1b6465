import { defineLayer, type AnyLayer, type Layer, type LayerConstructor, type Operand, type Tensor } from "@polyad/core";
import { completeFields } from "../completeFields.js";
import { checkFunction } from "../layerFunctions.js";
import type { Activation } from "../match.js";
import { showCell, type Cell, type CellOptions } from "./cell.js";
import { GRUCell } from "./gruCell.js";
import { LSTMCell, type LSTMState } from "./lstmCell.js";
import { RNNCell, showRNN } from "./rnnCell.js";
import { scan } from "./scan.js";

type Sized = [nIn: number, nOut: number, options?: CellOptions];
type WithActivation = [nIn: number, nOut: number, activation?: Activation, options?: CellOptions];

/** A cell of whatever state. */
export type AnyCell = AnyLayer & ((x: Tensor, state?: never) => readonly [Tensor, unknown]);

export type Recurrence = Layer<{ readonly cell: AnyCell }, [x: Operand, state?: unknown], Tensor>;

/**
 * A cell along a sequence: x of shape [...batch, time, size] gives all outputs, [...batch, time, nOut]. `scan(layer.cell, x)`
 * gives the last state, too. RNN, LSTM and GRU are this for the cells of this library.
 *
 * @example
 * Recurrence(GRUCell(2, 3))(zeros([5, 7, 2], "float32")).shape // [5, 7, 3]
 */
export const Recurrence: LayerConstructor<[cell: AnyCell], { readonly cell: AnyCell }, [x: Operand, state?: unknown], Tensor> = completeFields(defineLayer(
  "Recurrence",
  (cell: AnyCell) => {
    checkFunction("Recurrence", "cell", cell);
    return { cell };
  },
  (self, x: Operand, state?: unknown): Tensor => scan(self.cell as Cell<unknown>, x, state)[0],
  { show: ({ cell }) => `Recurrence(${String(cell)})` },
), { functions: ["cell"] });

export type RNN = Layer<{ readonly cell: RNNCell }, [x: Operand, state?: Tensor], Tensor>;

/**
 * An RNNCell along a sequence; see `Recurrence`.
 *
 * @example
 * const rnn = RNN(2, 3, relu);
 * String(rnn) // "RNN(2 => 3, relu)"
 * rnn(zeros([7, 2], "float32")).shape // [7, 3]
 */
export const RNN: LayerConstructor<WithActivation, { readonly cell: RNNCell }, [x: Operand, state?: Tensor], Tensor> = completeFields(defineLayer(
  "RNN",
  (...config: WithActivation) => ({ cell: RNNCell(...config) }),
  (self, x: Operand, state?: Tensor): Tensor => scan(self.cell, x, state)[0],
  { show: ({ cell }) => showRNN("RNN", cell) },
), { functions: ["cell"] });

export type LSTM = Layer<{ readonly cell: LSTMCell }, [x: Operand, state?: LSTMState], Tensor>;

/**
 * An LSTMCell along a sequence; see `Recurrence`.
 *
 * @example
 * const lstm = LSTM(2, 3);
 * lstm(zeros([5, 7, 2], "float32")).shape // [5, 7, 3]
 * const [y, [h, c]] = scan(lstm.cell, zeros([5, 7, 2], "float32"));
 * h.shape // [5, 3]
 */
export const LSTM: LayerConstructor<Sized, { readonly cell: LSTMCell }, [x: Operand, state?: LSTMState], Tensor> = completeFields(defineLayer(
  "LSTM",
  (...config: Sized) => ({ cell: LSTMCell(...config) }),
  (self, x: Operand, state?: LSTMState): Tensor => scan(self.cell, x, state)[0],
  { show: ({ cell }) => showCell("LSTM", cell) },
), { functions: ["cell"] });

export type GRU = Layer<{ readonly cell: GRUCell }, [x: Operand, state?: Tensor], Tensor>;

/**
 * A GRUCell along a sequence; see `Recurrence`.
 *
 * @example
 * GRU(2, 3)(zeros([5, 7, 2], "float32")).shape // [5, 7, 3]
 */
export const GRU: LayerConstructor<Sized, { readonly cell: GRUCell }, [x: Operand, state?: Tensor], Tensor> = completeFields(defineLayer(
  "GRU",
  (...config: Sized) => ({ cell: GRUCell(...config) }),
  (self, x: Operand, state?: Tensor): Tensor => scan(self.cell, x, state)[0],
  { show: ({ cell }) => showCell("GRU", cell) },
), { functions: ["cell"] });
