import { add, defineLayer, matmul, mul, sigmoid, tanh, type Layer, type LayerConstructor, type Tensor } from "@polyad/core";
import { callCell, cellFields, showCell, transposed, type CellArguments, type CellFields, type CellKind, type CellOptions } from "./cell.js";
import { chunk } from "./chunk.js";

/** What an LSTM keeps: its last output, and its memory. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

type Config = [nIn: number, nOut: number, options?: CellOptions];
type Call = CellArguments<LSTMState>;

export type LSTMCell = Layer<CellFields, Call, [y: Tensor, state: LSTMState]>;

const kind: CellKind<CellFields, LSTMState> = {
  name: "LSTMCell",
  start: (h) => [h, h],
  step: ({ Wh }, wx, [h, c]) => {
    const gates = add(wx, matmul(h, Wh, transposed));
    const [input, forget, cell, output] = chunk(gates, 4, gates.ndim - 1) as [Tensor, Tensor, Tensor, Tensor];
    const memory = add(mul(sigmoid(forget), c), mul(sigmoid(input), tanh(cell)));
    const y = mul(sigmoid(output), tanh(memory));
    return [y, [y, memory]];
  },
};

/**
 * One step of a long short-term memory, with (i, f, g, o) = Wᵢ·x + Wₕ·h + b, the input, forget, cell and output gates one
 * below the other in the weights:
 *
 * c′ = σ(f)·c + σ(i)·tanh(g), h′ = σ(o)·tanh(c′)
 *
 * `cell(x, [h, c])` is [h′, [h′, c′]], for x of shape [...batch, nIn] and a state of shape [...batch, nOut], zeros if absent.
 *
 * @throws ShapeError for an input or a state of another size.
 * @see Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; Gers et al., "Learning to Forget", 2000.
 * @example
 * const [y, [h, c]] = LSTMCell(2, 3)(zeros([5, 2], "float32"));
 * c.shape // [5, 3]
 */
export const LSTMCell: LayerConstructor<Config, CellFields, Call, [y: Tensor, state: LSTMState]> = defineLayer(
  "LSTMCell",
  (...[nIn, nOut, options = {}]: Config): CellFields => cellFields("LSTMCell", 4, nIn, nOut, options),
  (self, ...args: Call): [Tensor, LSTMState] => callCell(kind, self, ...args),
  { show: (fields) => showCell("LSTMCell", fields) },
);
