import { scalar, type Builder } from "../builder.js";
import { domains, type Domain } from "../domain.js";
import { kindOf, sizeOf } from "../program.js";
import { existing, partner, type Family } from "./pick.js";

const unaries = existing(Object.keys(domains).filter((name) => name !== "stopGradient"));
const binaries = ["add", "sub", "mul", "mul", "div", "atan2", "hypot", "maximum", "minimum", "pow", "logaddexp", "mod", "polygamma"];
const comparisons = ["less", "lessEqual", "greater", "greaterEqual", "equal", "notEqual"];

export const nonzero: Domain = { from: 0.3, to: 30 };
const positive: Domain = { from: 0.3, to: 6 };
const exponent: Domain = { from: -2, to: 2 };

function addUnary(b: Builder): void {
  b.unary(b.choose(unaries), b.pick());
}

function addBinary(b: Builder): void {
  const op = b.choose(binaries);
  const x = b.pick();
  if (op === "pow" && b.chance(0.3)) return void b.call("pow", [x], [b.choose([2, 3])]);
  if (op === "polygamma") return void b.call(op, [b.within(domains["lgamma"]!, x)], [], { lead: b.integer(0, 3) });
  const y = partner(b, x);
  const [first, second] = b.chance(0.3) ? [y, x] : [x, y];
  if (op === "div") b.call(op, [first, b.within(nonzero, second)]);
  else if (op === "mod") b.call(op, [first, b.within(nonzero, second)]);
  else if (op === "pow") b.call(op, [b.within(positive, first), b.within(exponent, second)]);
  else b.call(op, [first, second]);
}

function addScaled(b: Builder): void {
  b.call(b.choose(["add", "mul", "sub"]), [b.pick(), b.constant(scalar(b.number()))]);
}

/** where(x < y, p, q), the condition now and then of several comparisons, or drawn. */
function addWhere(b: Builder): void {
  const x = b.pick();
  let condition = b.chance(0.25)
    ? b.constant({ kind: "bool", shape: b.shape(x), data: Array.from({ length: sizeOf(b.value(x)) }, () => b.integer(0, 1)) })
    : b.call(b.choose(comparisons), [x, partner(b, x)]);
  if (b.chance(0.2)) condition = b.call(b.choose(["logicalAnd", "logicalOr", "logicalXor"]), [condition, b.call("greater", [x, b.constant(scalar(b.number()))])]);
  if (b.chance(0.2)) condition = b.call("logicalNot", [condition]);
  const kind = b.random();
  if (kind < 0.1) b.call("mul", [b.call("cast", [condition], ["float64"]), x]);
  else if (kind < 0.25) b.call("clamp", [x, b.constant(scalar(b.number(-2, 0))), b.constant(scalar(b.number(0.1, 2)))]);
  else if (kind < 0.33) b.call("mul", [b.call("cast", [b.call(b.choose(["any", "all"]), [condition], [{}])], ["float64"]), x]);
  else b.call("where", [condition, x, partner(b, condition)]);
}

function addCast(b: Builder): void {
  const x = b.pick((y) => b.mixed || kindOf(y) === "number");
  b.call("cast", [x], [b.mixed ? b.choose(["float32", "float64"]) : "float64"]); // a number becomes a tensor
}

function addStop(b: Builder): void {
  const x = b.pick();
  b.call("mul", [b.call("stopGradient", [x]), partner(b, x)]);
}

export const elementwise: readonly Family[] = [
  { weight: 7, add: addUnary },
  { weight: 7, add: addBinary },
  { weight: 2, add: addScaled },
  { weight: 2, add: addWhere },
  { weight: 0.7, add: addCast },
  { weight: 0.2, add: addStop },
];
