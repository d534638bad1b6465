import { add, defineLayer, matmul, mul, sigmoid, sub, tanh, type Layer, type LayerConstructor, type Tensor } from "@polyad/core";
import { callCell, cellFields, showCell, transposed, type CellArguments, type CellFields, type CellKind, type CellOptions } from "./cell.js";
import { chunk } from "./chunk.js";

type Config = [nIn: number, nOut: number, options?: CellOptions];
type Call = CellArguments<Tensor>;
type Gates = [reset: Tensor, update: Tensor, candidate: Tensor];

export type GRUCell = Layer<CellFields, Call, [y: Tensor, state: Tensor]>;

const kind: CellKind<CellFields, Tensor> = {
  name: "GRUCell",
  start: (h) => h,
  step: ({ Wh }, wx, h) => {
    const wh = matmul(h, Wh, transposed);
    const [xr, xz, xn] = chunk(wx, 3, wx.ndim - 1) as Gates;
    const [hr, hz, hn] = chunk(wh, 3, wh.ndim - 1) as Gates;
    const candidate = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
    const next = add(candidate, mul(sigmoid(add(xz, hz)), sub(h, candidate)));
    return [next, next];
  },
};

/**
 * One step of a gated recurrent unit, with r, z and n, the reset gate, update gate and candidate, one below the other in
 * the weights, and the reset gate on the product with the state (the first version of the paper):
 *
 * r = σ(Wᵢʳ·x + Wₕʳ·h + bʳ), z = σ(Wᵢᶻ·x + Wₕᶻ·h + bᶻ), n = tanh(Wᵢⁿ·x + r·(Wₕⁿ·h) + bⁿ), h′ = (1 − z)·n + z·h
 *
 * `cell(x, h)` is [h′, h′], for x of shape [...batch, nIn] and h of shape [...batch, nOut], zeros if absent.
 *
 * @throws ShapeError for an input or a state of another size.
 * @see Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv 1406.1078v1, 2014.
 * @example
 * const [y, state] = GRUCell(2, 3)(zeros([5, 2], "float32"));
 * y.shape // [5, 3]
 */
export const GRUCell: LayerConstructor<Config, CellFields, Call, [y: Tensor, state: Tensor]> = defineLayer(
  "GRUCell",
  (...[nIn, nOut, options = {}]: Config): CellFields => cellFields("GRUCell", 3, nIn, nOut, options),
  (self, ...args: Call): [Tensor, Tensor] => callCell(kind, self, ...args),
  { show: (fields) => showCell("GRUCell", fields) },
);
