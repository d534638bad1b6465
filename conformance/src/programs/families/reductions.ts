import { scalar, type Builder } from "../builder.js";
import { domains } from "../domain.js";
import { sizeOf, type Attribute } from "../program.js";
import { nonzero } from "./elementwise.js";
import { axisOf, existing, reduceOptions, tensorLike, type Family } from "./pick.js";

const reductions = existing(["sum", "sum", "max", "min", "prod", "mean", "logsumexp", "variance", "std", "norm", "median"]);

function addReduction(b: Builder): void {
  const x = b.pick();
  const op = b.choose(sizeOf(b.value(x)) === 0 ? ["sum", "prod"] : reductions);
  const options = reduceOptions(b, b.shape(x).length);
  if (op === "norm" && b.chance(0.5)) return void b.call(op, [x], [{ ...(options as object), ord: b.choose([1, 2]) }]);
  b.call(op, [op === "prod" && sizeOf(b.value(x)) > 8 ? b.unary("sigmoid", x) : x], [options]);
}

/** Along one axis, which stays. */
function addAlong(b: Builder): void {
  const x = tensorLike(b);
  const op = b.choose(existing(["softmax", "logSoftmax", "cumsum", "cumprod", "sort", "quantile"]));
  const options: Attribute = { axis: axisOf(b, b.shape(x).length) };
  if (op === "quantile") b.call(op, [x], [b.integer(1, 9) / 10, options]);
  else if (op === "sort") b.call(op, [x], [{ ...options, descending: b.chance(0.5) }]);
  else if (op === "cumsum" || op === "cumprod") b.call(op, [x], [{ ...(b.chance(0.7) && options), reverse: b.chance(0.5) }]);
  else b.call(op, [x], [options]);
}

/** Compositions that users write: softmax, norms, standardised rows, logsumexp. */
function addComposite(b: Builder): void {
  const x = tensorLike(b, 1);
  const options: Attribute = { axis: axisOf(b, b.shape(x).length), keepDims: true };
  const kind = b.integer(0, 4);
  if (kind === 0) {
    const e = b.unary("exp", b.call("sub", [x, b.call("max", [x], [options])]));
    b.call("div", [e, b.call("sum", [e], [options])]);
  } else if (kind === 1) {
    const n = b.call("sqrt", [b.within(domains["sqrt"]!, b.call("sum", [b.call("square", [x])], [options]))]);
    b.call("div", [x, b.within(nonzero, n)]);
  } else if (kind === 2) {
    const centred = b.call("sub", [x, b.call("mul", [b.call("sum", [x], [options]), b.constant(scalar(1 / 4))])]);
    b.call("mul", [centred, b.unary("rsqrt", b.call("sum", [b.call("square", [centred])], [options]))]);
  } else if (kind === 3) {
    b.call("log", [b.within(domains["log"]!, b.call("sum", [b.unary("exp", x)], [options]))]);
  } else b.call("softplus", [b.call("sub", [x, b.call("mul", [x, b.unary("sigmoid", x)])])]);
}

export const reductionFamilies: readonly Family[] = [
  { weight: 3, add: addReduction },
  { weight: 1.5, add: addAlong },
  { weight: 1.5, add: addComposite },
];
