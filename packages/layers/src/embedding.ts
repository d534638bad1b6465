import {
  AutodiffError, asTensor, defineLayer, gather, less, ShapeError, tensor, where, type Layer, type NestedArray, type Operand,
  type RandomGenerator, type Tensor,
} from "@polyad/core";
import { drawn } from "./drawn.js";
import { normalInit, type Initialiser } from "./init.js";
import { checkSizes } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";

export interface EmbeddingOptions {
  /** Draws the first vectors, `normalInit` (standard normal) unless said. */
  readonly init?: Initialiser | undefined;
  /** What `init` draws from, `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

export interface EmbeddingFields {
  /** A row for each index, [in, out]. */
  readonly weight: Tensor;
}

export type Embedding = Layer<EmbeddingFields, [indices: Operand], Tensor>;

export interface EmbeddingConstructor {
  (nIn: number, nOut: number, options?: EmbeddingOptions): Embedding;
  /** A layer around given vectors. */
  from(fields: { readonly weight: Operand }): Embedding;
  readonly prototype: Embedding;
}

const show = ({ weight }: EmbeddingFields): string => `Embedding(${weight.shape.join(" => ")})`;

const made = defineLayer(
  "Embedding",
  (nIn: number, nOut: number, options: EmbeddingOptions = {}): EmbeddingFields => {
    checkSizes("Embedding", nIn, nOut);
    checkOptions("Embedding", options, ["init", "rng"]);
    const { init = normalInit, rng = defaultGenerator() } = options;
    return { weight: drawn("Embedding", init, rng, [nIn, nOut]) };
  },
  (self, operand: Operand): Tensor => {
    const { weight } = self;
    const indices = asIndices(self, operand);
    const n = weight.shape[0]!;
    if (indices.trace === null && indices.device.reads === "sync") {
      const outside = indices.dataSync().find((i) => i < 0 || i >= n);
      if (outside !== undefined) throw new ShapeError(`layer ${show(self)} expects indices from 0 to ${n - 1}, got ${outside}.`);
      return gather(weight, indices);
    }
    return gather(weight, where(less(indices, 0), n, indices)); // which refuses n, but would count negative ones from the end
  },
  { show },
);
const { from } = made;

/**
 * A vector of nOut numbers for each int32 index from 0 to nIn − 1: indices of any shape get a last axis more. The gradient
 * of a row that is looked up several times is the sum.
 *
 * @throws ShapeError for an index out of range; AutodiffError for indices that are not int32.
 * @example
 * const layer = Embedding(1000, 16);
 * layer([[3, 14], [15, 926]]).shape // [2, 2, 16]
 * layer(3).shape // [16]
 * String(layer) // "Embedding(1000 => 16)"
 */
export const Embedding: EmbeddingConstructor = Object.assign(made, {
  from: ({ weight: W }: { readonly weight: Operand }) => {
    const weight = asTensor("Embedding.from", W);
    if (weight.ndim === 2) return from({ weight });
    throw new ShapeError(`Embedding: expected a weight of shape [in, out], got shape [${weight.shape.join(", ")}].`);
  },
});

function asIndices(self: EmbeddingFields, x: Operand): Tensor {
  const plain = typeof x === "number" || (Array.isArray(x) && x.flat(Infinity).every((i) => typeof i === "number"));
  const indices = plain ? tensor(x as NestedArray, null, "int32") : asTensor("layer Embedding", x);
  if (indices.dtype === "int32") return indices;
  throw new AutodiffError(`layer ${show(self)} expects int32 indices, got ${indices.dtype}. Use cast(indices, "int32").`);
}
