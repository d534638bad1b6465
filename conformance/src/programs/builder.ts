import type { Shape, Value } from "@polyad/core";
import { elements } from "./shapes.js";
import { fits, domains, inDomain, type Domain } from "./domain.js";
import { call, run, type Engines } from "./evaluate.js";
import { carries, kindOf, numbersOf, shapeOf, sizeOf, valueOf, type Attribute, type Body, type CallNode, type Kind, type Leaf, type Literal, type NestedNode, type Node } from "./program.js";

/** A uniform random number in [0, 1). */
export type Random = () => number;

/** Elements that a value of a program may have, and the leaves together. */
export interface Room {
  readonly value: number;
  readonly leaves: number;
}

/** Most programs are small: what is wrong shows there, and every engine is quick. */
export const small: Room = { value: 36, leaves: 36 };

/** Some are wide enough for kernels that serve large tensors only. */
export const wide: Room = { value: 2304, leaves: 400 };

/** Magnitude to which values are brought back when they grow beyond it. */
const tall = 12;

/** Thrown inside: the node under construction does not suit, and another is tried. */
export class Unsuitable extends Error {}

/** Thrown inside: evaluation threw, or gave NaN or an infinity, which no program inside its domain should see. The program so far is the finding. */
export class Broken extends Error {}

/**
 * Builds a body node by node, each evaluated at once: what shape and dtype it has, how large it is, and how near to a
 * kink, is read off rather than foretold. Values that grow are brought back; arguments of log, sqrt and the like are
 * moved into their domains first.
 */
export class Builder {
  readonly nodes: Node[] = [];
  readonly values: Value[] = [];
  /** Values of the parameters. */
  readonly xs: Value[];
  /** Of the surrounding body: which of its nodes the parameters after the active ones stand for. */
  readonly captured: number[] = [];
  readonly leaves: Leaf[] = [];
  /** How many bodies surround this one. */
  readonly depth: number;

  constructor(
    readonly random: Random,
    readonly engines: Engines,
    /** Whether float32 may occur. */
    readonly mixed: boolean,
    readonly outer: Builder | null = null,
    active: readonly Value[] = [],
    /** Whether values of the surrounding body may be used. */
    private readonly open = true,
    readonly room: Room = outer === null ? small : outer.room,
  ) {
    this.xs = [...active];
    this.depth = outer === null ? 0 : outer.depth + 1;
    active.forEach((x, index) => this.keep({ kind: "arg", index }, x));
  }

  integer(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  choose<T>(xs: readonly T[]): T {
    if (xs.length === 0) throw new Unsuitable();
    return xs[Math.floor(this.random() * xs.length)]!;
  }

  /** A number in [−2, 2] with two decimals, not 0. */
  number(from = -2, to = 2): number {
    for (;;) {
      const x = Math.round(100 * (from + (to - from) * this.random())) / 100;
      if (Math.abs(x) >= 0.05) return x;
    }
  }

  value(i: number): Value {
    return this.values[i]!;
  }

  shape(i: number): Shape {
    return shapeOf(this.values[i]!);
  }

  isNumber(i: number): boolean {
    return typeof this.values[i]! === "number";
  }

  /** An earlier float value that suits, recent ones first; with some luck, one captured from the surrounding body. */
  pick(suits: (x: Value, i: number) => boolean = () => true): number {
    const own = this.nodes.map((_, i) => i).filter((i) => carries(this.values[i]!) && suits(this.values[i]!, i));
    if (this.outer !== null && this.open && this.chance(own.length === 0 ? 1 : 0.25)) {
      const found = this.capture(suits);
      if (found !== null) return found;
    }
    if (own.length > 2 && this.chance(0.6)) return own[own.length - 1 - Math.floor(3 * this.random() ** 2)]!;
    return this.choose(own);
  }

  private capture(suits: (x: Value, i: number) => boolean): number | null {
    const outer = this.outer!;
    const among = outer.nodes.map((_, i) => i).filter((i) => carries(outer.value(i)) && outer.nodes[i]!.kind !== "const" && suits(outer.value(i), -1));
    if (among.length === 0) return null;
    const i = this.choose(among);
    const known = this.captured.indexOf(i);
    const index = this.xs.length - this.captured.length + (known < 0 ? this.captured.length : known);
    if (known >= 0) return this.nodes.findIndex((node) => node.kind === "arg" && node.index === index);
    this.captured.push(i);
    this.xs.push(outer.value(i));
    return this.keep({ kind: "arg", index }, outer.value(i));
  }

  /** A constant or a new leaf of a shape. */
  fresh(shape: Shape, kind: Kind = this.kind(shape), draw: () => number = () => this.number()): number {
    const value: Literal = { kind, shape, data: Array.from({ length: elements(shape) }, draw) };
    const floats = kind !== "int32" && kind !== "bool";
    const room = this.leaves.length < 5 && this.leaves.reduce((n, leaf) => n + elements(leaf.value.shape), 0) + elements(shape) <= this.room.leaves;
    if (this.outer === null && floats && room && this.chance(0.6)) return this.leaf(value);
    return this.constant(value);
  }

  leaf(value: Literal): number {
    const constant = this.chance(0.05);
    const typed = value.shape.length === 1 && !constant && this.chance(0.3);
    const leaf: Leaf = { form: value.kind === "number" ? "number" : typed ? "typedArray" : "tensor", value, ...(constant && { constant }) };
    const index = this.leaves.push(leaf) - 1;
    const x = valueOf(value);
    this.xs.push(x);
    return this.keep({ kind: "arg", index }, x);
  }

  constant(value: Literal): number {
    return this.keep({ kind: "const", value }, valueOf(value));
  }

  /** A kind for a new value. */
  kind(shape: Shape): Kind {
    if (shape.length === 0 && this.chance(0.6)) return "number";
    return this.mixed && this.chance(0.6) ? "float32" : "float64";
  }

  /** Applies an op; `Unsuitable` where that leaves its domain. Large results are brought back. */
  call(op: string, inputs: readonly number[], rest: readonly Attribute[] = [], extra: Pick<CallNode, "listed" | "pick" | "lead"> = {}): number {
    const node: CallNode = { kind: "call", op, inputs, rest, ...extra };
    const xs = inputs.map((i) => this.values[i]!);
    if (!inDomain(node, xs)) throw new Unsuitable();
    let out: Value;
    try {
      out = call(node, xs);
    } catch {
      this.nodes.push(node);
      throw new Broken();
    }
    if (kindOf(out) !== "bool" && !numbersOf(out).every(Number.isFinite)) {
      this.nodes.push(node);
      throw new Broken();
    }
    return this.tamed(this.keep(node, out));
  }

  /** Applies an operator to a body. */
  nested(node: Omit<NestedNode, "kind">): number {
    const whole: NestedNode = { kind: "nested", ...node };
    const among: Body = { nodes: [...this.nodes, whole], results: [this.nodes.length] };
    let out: Value;
    try {
      out = run(among, this.xs, this.engines)[0]!;
    } catch {
      this.nodes.push(whole);
      throw new Broken();
    }
    if (sizeOf(out) > this.room.value || shapeOf(out).length > 4 || numbersOf(out).some((v) => !(Math.abs(v) < 1e3))) throw new Unsuitable();
    return this.tamed(this.keep(whole, out));
  }

  /** A value inside a domain, made of another. */
  within({ from, to, clear }: Domain, i: number): number {
    const domain: Domain = { from, to, ...(clear && { clear }) };
    const inside = (j: number): boolean => numbersOf(this.values[j]!).every((v) => fits(domain, v));
    if (inside(i)) return i;
    if (clear !== undefined) throw new Unsuitable();
    if (to <= 10) {
      const half = (to - Math.max(from, -to)) / 2;
      const squashed = this.call("mul", [this.call(this.choose(["tanh", "sin"]), [i]), this.constant(scalar(Math.floor(80 * half) / 100))]);
      return inside(squashed) ? squashed : this.call("add", [squashed, this.constant(scalar((from + to) / 2))]);
    }
    const positive = this.call(this.choose(["softplus", "square", "sigmoid"]), [i]);
    return this.call("add", [positive, this.constant(scalar(Math.max(from, 0.1) + 0.25))]);
  }

  /** Applies a function of one operand inside its domain. */
  unary(op: string, i: number): number {
    return this.call(op, [this.within(domains[op]!, i)]);
  }

  private tamed(i: number): number {
    const x = this.values[i]!;
    if (!carries(x)) return i;
    const size = Math.max(0, ...numbersOf(x).map(Math.abs));
    if (size > tall) return this.chance(0.3) ? this.call(this.choose(["tanh", "sin", "atan"]), [i]) : this.call("mul", [i, this.constant(scalar(2 ** -Math.ceil(Math.log2(size))))]);
    if (size > 0 && size < 1e-5) throw new Unsuitable(); // what cancelled would be blown up
    if (size > 0 && size < 1e-3) return this.call("mul", [i, this.constant(scalar(2 ** Math.floor(-Math.log2(size))))]);
    return i;
  }

  private keep(node: Node, value: Value): number {
    if (sizeOf(value) > this.room.value || shapeOf(value).length > 5) throw new Unsuitable();
    this.values.push(value);
    return this.nodes.push(node) - 1;
  }
}

export function scalar(x: number): Literal {
  return { kind: "number", shape: [], data: [x] };
}
