import type { coreOps, CorePrimitiveName } from "@polyad/core/extend";

type Op = CorePrimitiveName | keyof typeof coreOps;

/** Which scenario of each op that is not elementwise is about something; of ops that have none, why. */
interface Account {
  readonly scenarios: Readonly<Partial<Record<Op, string>>>;
  readonly none: Readonly<Record<string, readonly Op[]>>;
}

const ofLarge = (...ops: Op[]): Partial<Record<Op, string>> => Object.fromEntries(ops.map((op) => [op, `${op} of large arguments`]));
const ofBatches = (...ops: Op[]): Partial<Record<Op, string>> => Object.fromEntries(ops.map((op) => [op, `${op}, broadcast: one matrix, a batch of vectors`]));

const arranging = [
  "broadcastTo", "cast", "concat", "gather", "reshape", "scatterAdd", "slice", "transpose", "unslice",
  "diag", "expandDims", "flip", "pad", "repeat", "roll", "split", "squeeze", "stack", "takeAlongAxis", "tile", "tril", "triu",
] satisfies Op[];
const constant = ["all", "any", "argmax", "argmin", "argsort", "searchsorted", "isFinite", "isNaN", "oneHot"] satisfies Op[];

/** Arguments with which what an op is made of overflows, underflows or cancels. */
export const largeArguments: Account = {
  scenarios: {
    ...ofLarge("softmax", "logSoftmax", "logSigmoid", "logsumexp", "variance", "std", "prod", "cumprod", "matmul", "solve", "triangularSolve", "inv", "det", "logdet", "slogdet", "cholesky", "eigh", "svd", "svdvals", "qr", "lstsq"),
    norm: "norm of large and small numbers",
  },
  none: {
    "puts elements in other places": arranging,
    "has no derivative": constant,
    "chooses among elements, whose size has no part in it": ["max", "min", "topK", "maxPool", "poolAtMax", "unpoolAtMax", "sort", "median", "quantile"],
    "is linear: its derivative is the same everywhere": ["sum", "cumsum", "mean", "meanPool", "matrixTrace"],
    "is linear in each operand, as matmul": ["conv", "convTranspose", "convFilter", "dot", "einsum", "kron", "outer"],
    "is made of products, as det": ["cofactor"],
    "is what the function that it is given is": ["whereSafe"],
  },
};

/** Operands of which one repeats the other's elements, or serves its whole batch. */
export const broadcasting: Account = {
  scenarios: {
    ...ofBatches("matmul", "einsum", "solve", "triangularSolve", "lstsq"),
    quantile: "quantile, broadcast: several fractions of several rows",
    whereSafe: "whereSafe, broadcast: a column of conditions, a row, a number",
    pad: "pad",
    broadcastTo: "broadcastTo",
  },
  none: {
    "has one operand": [
      ...arranging.filter((op) => op !== "pad" && op !== "broadcastTo" && op !== "concat" && op !== "stack" && op !== "gather" && op !== "scatterAdd" && op !== "takeAlongAxis"),
      ...constant.filter((op) => op !== "searchsorted"),
      "cholesky", "cofactor", "det", "eigh", "qr", "slogdet", "svd", "svdvals", "inv", "logdet",
      "sum", "prod", "max", "min", "cumsum", "cumprod", "topK", "sort", "median", "mean", "variance", "std", "norm",
      "softmax", "logSoftmax", "logSigmoid", "logsumexp", "matrixTrace", "maxPool", "meanPool",
    ],
    "its operands lie beside each other": ["concat", "stack"],
    "takes operands of which the shapes follow from each other": ["conv", "convTranspose", "convFilter", "poolAtMax", "unpoolAtMax", "scatterAdd", "dot"],
    "pairs every element of one operand with every one of the other": ["outer", "kron"],
    "its other operand only chooses": ["gather", "takeAlongAxis", "searchsorted"],
  },
};
