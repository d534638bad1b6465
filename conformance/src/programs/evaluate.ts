import * as core from "@polyad/core";
import { SecondOrder, type ADType, type Value } from "@polyad/core";
import { valueOf, type Attribute, type Body, type CallNode, type NestedNode } from "./program.js";

/** Core's functions, by name. */
export const functions: Readonly<Record<string, unknown>> = { ...core };

/** The engines of a run: nested operators at the first level use `engines[0]`, those inside them `engines[1]`, and so on in turn. */
export type Engines = readonly [ADType, ADType];

export interface RunOptions {
  /** Everything in float64, whatever the program says. */
  readonly widen?: boolean;
  /** Sees every value, with its node's position. */
  readonly watch?: (value: Value, index: number, body: Body) => void;
  /** Puts another value in the place of a node's, and of each operand where a node reads it: `use` counts these, 0 is the node. */
  readonly disturb?: (value: Value, index: number, use: number, body: Body) => Value;
}

type Op = (...args: unknown[]) => unknown;

/** The results of a body at values of its parameters: numbers, tensors, or tracers of any engine. */
export function run(body: Body, xs: readonly Value[], engines: Engines, options: RunOptions = {}): Value[] {
  const values: Value[] = [];
  const { watch, disturb } = options;
  body.nodes.forEach((node, i) => {
    let use = 0;
    const read = (j: number): Value => (disturb === undefined ? values[j]! : disturb(values[j]!, i, ++use, body));
    const value =
      node.kind === "arg"
        ? xs[node.index]!
        : node.kind === "const"
          ? valueOf(node.value, options.widen)
          : node.kind === "call"
            ? call(node, node.inputs.map(read), options)
            : nested(node, read, engines, options);
    watch?.(value, i, body);
    values.push(disturb === undefined ? value : disturb(value, i, 0, body));
  });
  return body.results.map((i) => values[i]!);
}

/** One application of an op. */
export function call({ op, lead, rest, listed, pick }: CallNode, inputs: readonly Value[], { widen = false }: RunOptions = {}): Value {
  const f = functions[op] as Op;
  const attributes: readonly Attribute[] = widen && op === "cast" && rest[0] === "float32" ? ["float64"] : rest;
  const operands = listed === true ? [inputs] : inputs;
  const out = lead === undefined ? f(...operands, ...attributes) : f(lead, ...operands, ...attributes);
  return (pick === undefined ? out : (out as readonly unknown[])[pick]) as Value;
}

/** One application of an operator to the node's body. */
function nested({ operator, inputs, seed, captured, body, pick }: NestedNode, read: (i: number) => Value, engines: Engines, options: RunOptions): Value {
  const [ad, other] = engines;
  const at = inputs.map(read);
  const closed = captured.map(read);
  const f = (...xs: Value[]): Value => run(body, [...xs, ...closed], [other, ad], options)[0]!;
  const x = at[0]!;
  const direction = seed === undefined ? 0 : read(seed);
  const results: Readonly<Record<NestedNode["operator"], () => unknown>> = {
    gradient: () => core.gradient(f as () => Value, ad, ...at)[pick as never],
    derivative: () => core.derivative(f, ad, x),
    pushforward: () => core.pushforward(f as (x: Value) => Value, ad, x, direction),
    pullback: () => core.pullback(f as (x: Value) => Value, ad, x, direction),
    jacobian: () => core.jacobian(f as (x: Value) => Value, ad, x),
    hvp: () => core.hvp(f as (x: Value) => Value, SecondOrder(ad, other), x, direction),
    checkpoint: () => core.checkpoint(f)(...at),
  };
  return results[operator]() as Value;
}
