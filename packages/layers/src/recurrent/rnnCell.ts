import { add, defineLayer, matmul, tanh, type Layer, type Tensor } from "@polyad/core";
import { checkActivation, type Activation } from "../match.js";
import { callCell, cellFields, showCell, transposed, type CellArguments, type CellFields, type CellKind, type CellOptions } from "./cell.js";

export interface RNNCellFields extends CellFields {
  readonly activation: Activation;
}

type Config = [nIn: number, nOut: number, activation?: Activation, options?: CellOptions];
type Call = CellArguments<Tensor>;

export type RNNCell = Layer<RNNCellFields, Call, [y: Tensor, state: Tensor]>;

interface GivenRNNCell extends CellFields {
  /** Null, as in a gradient, is tanh too. */
  readonly activation?: Activation | null | undefined;
}

export interface RNNCellConstructor {
  (nIn: number, nOut: number, activation?: Activation, options?: CellOptions): RNNCell;
  /** A cell around given arrays. */
  from(fields: GivenRNNCell): RNNCell;
  readonly prototype: RNNCell;
}

const kind: CellKind<RNNCellFields, Tensor> = {
  name: "RNNCell",
  start: (h) => h,
  step: ({ Wh, activation }, wx, h) => {
    const next = activation(add(wx, matmul(h, Wh, transposed)));
    return [next, next];
  },
};

const made = defineLayer(
  "RNNCell",
  (...[nIn, nOut, activation = tanh, options = {}]: Config): RNNCellFields => {
    checkActivation("RNNCell", activation);
    return { ...cellFields("RNNCell", 1, nIn, nOut, options), activation };
  },
  (self, ...args: Call): [Tensor, Tensor] => callCell(kind, self, ...args),
  { show: (fields) => showRNN("RNNCell", fields) },
);
const { from } = made;

/**
 * One step of a plain recurrent network: h′ = f(Wᵢ·x + Wₕ·h + b), f being tanh unless said. `cell(x, h)` is [h′, h′], for x
 * of shape [...batch, nIn] and h of shape [...batch, nOut], zeros if absent.
 *
 * @throws ShapeError for an input or a state of another size.
 * @example
 * const [y, state] = RNNCell(2, 3)(zeros([5, 2], "float32"));
 * y.shape // [5, 3]
 */
export const RNNCell: RNNCellConstructor = Object.assign(made, {
  from: ({ activation, ...arrays }: GivenRNNCell) => {
    checkActivation("RNNCell", activation ?? tanh);
    return from({ ...arrays, activation: activation ?? tanh });
  },
});

/** `RNNCell(2 => 3, relu)` */
export function showRNN(name: string, fields: RNNCellFields): string {
  return showCell(name, fields, fields.activation);
}
