import {
  asTensor,
  AutodiffError,
  Const,
  defineLayer,
  div,
  matmul,
  reshape,
  ShapeError,
  softmax,
  Tensor,
  transpose,
  type ArrayLike,
  type Layer,
  type LayerConstructor,
  type Operand,
  type RandomGenerator,
} from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { Dense } from "./dense.js";
import { Dropout } from "./dropout.js";
import type { Initialiser } from "./init.js";
import { checkMask, maskedSoftmax } from "./mask.js";
import { checkSize } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";

/** Sizes of the last axes of what attention takes and gives. */
export interface AttentionSizes {
  /** Of the queries. */
  readonly q: number;
  /** Of the keys; that of the queries unless said. */
  readonly k?: number | undefined;
  /** Of the values; that of the keys unless said. */
  readonly v?: number | undefined;
  /** Of all heads' queries and keys together, and of their values together; that of the queries unless said. */
  readonly hidden?: number | undefined;
  /** Of the result; that of the queries unless said. */
  readonly out?: number | undefined;
}

export interface AttentionOptions {
  /** Must divide the hidden size; 8 unless said. */
  readonly heads?: number | undefined;
  /** Whether the four projections have a bias; false unless said. */
  readonly bias?: boolean | undefined;
  /** The probability with which a weight is dropped in training; 0 unless said. */
  readonly dropout?: number | undefined;
  /** For the weights of the projections; `glorotUniform` unless said. */
  readonly init?: Initialiser | undefined;
  /** Where weights and drops are drawn from; `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

export interface AttentionFields {
  readonly query: Dense<Tensor | null>;
  readonly key: Dense<Tensor | null>;
  readonly value: Dense<Tensor | null>;
  readonly output: Dense<Tensor | null>;
  /** Null for none. */
  readonly dropout: Dropout | null;
  readonly heads: Const<number>;
}

export interface MaskOption {
  /** Truth values that broadcast to [...batch, heads, Tq, Tk]: which queries may see which keys. See `causalMask`. */
  readonly mask?: Tensor | ArrayLike | undefined;
}

type Config = [size: number | AttentionSizes, options?: AttentionOptions];
type Call = [q: Operand, options?: MaskOption] | [q: Operand, k: Operand, options?: MaskOption] | [q: Operand, k: Operand, v: Operand, options?: MaskOption];

export type MultiHeadAttention = Layer<AttentionFields, Call, [y: Tensor, weights: Tensor]>;

/**
 * Attention by several heads: with queries Q, keys K and values V, each projected and cut into heads of size d,
 * softmax(Q·Kᵀ / √d)·V of each head, side by side and projected again. `attention(q, k, v, { mask })` is of
 * shape [...batch, Tq, out] for q of [...batch, Tq, size], k and v of [...batch, Tk, size]; v is k and k is q unless said, so
 * that `attention(x)` is of x to itself. The result is `[y, weights]`, with weights of shape [...batch, heads, Tq, Tk],
 * which dropout has been through.
 *
 * A query that may see no key has weights and a result of 0 before the last projection, never NaN.
 *
 * @throws AutodiffError unless the heads divide the hidden size, or for a mask that is not bool.
 * @throws ShapeError for inputs of other sizes.
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3.2.
 * @example
 * const attention = MultiHeadAttention(6, { heads: 2 });
 * const [y, weights] = attention(ones([5, 7, 6], "float32"), { mask: causalMask(7) });
 * y.shape // [5, 7, 6]
 * weights.shape // [5, 2, 7, 7]
 */
export const MultiHeadAttention: LayerConstructor<Config, AttentionFields, Call, [y: Tensor, weights: Tensor]> = completeFields(defineLayer(
  "MultiHeadAttention",
  (...[size, options = {}]: Config): AttentionFields => {
    checkOptions("MultiHeadAttention", options, ["heads", "bias", "dropout", "init", "rng"]);
    const { heads = 8, bias = false, dropout = 0, init, rng = defaultGenerator() } = options;
    if (typeof size !== "number") checkOptions("MultiHeadAttention", size, ["q", "k", "v", "hidden", "out"]);
    const { q, k = q, v = k, hidden = q, out = q } = typeof size === "number" ? { q: size } : size;
    if (!Number.isInteger(heads) || heads < 1 || hidden % heads !== 0) throw new AutodiffError(`MultiHeadAttention: ${heads} heads do not divide the hidden size ${hidden}.`);
    const project = (nIn: number, nOut: number): Dense<Tensor | null> => Dense(nIn, nOut, undefined, { bias, init, rng });
    return {
      query: project(q, hidden),
      key: project(k, hidden),
      value: project(v, hidden),
      output: project(hidden, out),
      dropout: dropout === 0 ? null : Dropout(dropout, rng),
      heads: Const(heads),
    };
  },
  (self, ...args: Call): [Tensor, Tensor] => {
    const { heads } = self;
    const { q, k, v, mask } = parse(args);
    checkSequences(q, k, v);
    const name = (): string => show({ ...self, heads: Const(heads) } as AttentionFields);
    checkSize(name, q, self.query.weight.shape[1]!, "queries");
    checkSize(name, k, self.key.weight.shape[1]!, "keys");
    checkSize(name, v, self.value.weight.shape[1]!, "values");
    const queries = intoHeads(self.query(q), heads);
    const scores = div(matmul(queries, intoHeads(self.key(k), heads), { transposeB: true }), Math.sqrt(queries.shape.at(-1)!));
    const shares = mask === undefined ? softmax(scores) : maskedSoftmax(scores, checkMask(asTensor("MultiHeadAttention", mask), scores));
    const weights = self.dropout === null ? shares : self.dropout(shares);
    return [self.output(fromHeads(matmul(weights, intoHeads(self.value(v), heads)))), weights];
  },
  { show },
), { settings: ["heads"], functions: ["query", "key", "value", "output"] });

/** The arguments of a call, each of which may be left out from the back. */
function parse(args: Call): { q: Tensor; k: Tensor; v: Tensor } & MaskOption {
  const name = "MultiHeadAttention";
  const last = args.at(-1);
  const [operands, options] = isOptions(last) ? [args.slice(0, -1), last] : [args, {}];
  checkOptions(name, options, ["mask"]);
  if (operands.length > 3) throw new AutodiffError(`${name}: expected queries, keys and values, got ${operands.length} inputs. A mask is an option: { mask }.`);
  const [q, k = q, v = k] = (operands as readonly (Operand | undefined)[]).map((x) => (x === undefined ? x : asTensor(name, x)));
  if (q === undefined || k === undefined || v === undefined) throw new AutodiffError(`${name}: expected tensors of queries, keys and values, got none.`);
  return { q, k, v, mask: options.mask };
}

function isOptions(x: Call[number]): x is MaskOption {
  return typeof x === "object" && !(x instanceof Tensor) && !Array.isArray(x) && !ArrayBuffer.isView(x);
}

/** [...batch, T, heads·d] as [...batch, heads, T, d] */
function intoHeads(x: Tensor, heads: number): Tensor {
  const [time, size] = x.shape.slice(-2) as [number, number];
  return swapMiddle(reshape(x, [...x.shape.slice(0, -2), time, heads, size / heads]));
}

/** [...batch, heads, T, d] as [...batch, T, heads·d] */
function fromHeads(x: Tensor): Tensor {
  const y = swapMiddle(x);
  const [heads, size] = y.shape.slice(-2) as [number, number];
  return reshape(y, [...y.shape.slice(0, -2), heads * size]);
}

/** Swaps the two axes before the last. */
function swapMiddle(x: Tensor): Tensor {
  const n = x.ndim;
  return transpose(x, [...x.shape.keys()].map((i) => (i === n - 3 ? n - 2 : i === n - 2 ? n - 3 : i)));
}

/** @throws ShapeError unless queries, keys and values are sequences of the same samples, and each key has a value. */
function checkSequences(query: Tensor, key: Tensor, value: Tensor): void {
  const batch = ({ shape }: Tensor, drop: number): string => shape.slice(0, -drop).join();
  const shapes = [query, key, value].map(({ shape }) => `[${shape.join(", ")}]`);
  if (query.ndim >= 2 && query.ndim === key.ndim && batch(query, 2) === batch(key, 2) && key.ndim === value.ndim && batch(key, 1) === batch(value, 1)) return;
  throw new ShapeError(
    `MultiHeadAttention: expected queries [...batch, Tq, size], keys [...batch, Tk, size] and values [...batch, Tk, size], got ${shapes.join(", ")}.`,
  );
}

function show({ query, key, value, output, heads, dropout }: AttentionFields): string {
  const [q, k, v] = [query, key, value].map(({ weight }) => weight.shape[1]!);
  const [hidden, out] = [query.weight.shape[0]!, output.weight.shape[0]!];
  const sizes = [q, k, v, hidden, out].every((n) => n === q) ? `${q}` : `{ q: ${q}, k: ${k}, v: ${v}, hidden: ${hidden}, out: ${out} }`;
  const rest = [`heads=${heads.value}`, ...(query.bias === null ? [] : ["bias=true"]), ...(dropout === null ? [] : [`dropout=${dropout.p.value}`])];
  return `MultiHeadAttention(${[sizes, ...rest].join(", ")})`;
}
