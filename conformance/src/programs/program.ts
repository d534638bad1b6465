import { tensor, type DType, type Shape, type Value } from "@polyad/core";

/** A dtype, or "number" for a plain JavaScript number. */
export type Kind = DType | "number";

/** A number or tensor as data. */
export interface Literal {
  readonly kind: Kind;
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** What stands after the operands of a call: numbers, strings, arrays and plain objects. */
export type Attribute = number | string | boolean | null | readonly Attribute[] | { readonly [key: string]: Attribute };

/** One value of a body, made of earlier ones, which are named by position. */
export type Node = ArgNode | ConstNode | CallNode | NestedNode;

/** A parameter of the body. */
export interface ArgNode {
  readonly kind: "arg";
  readonly index: number;
}

export interface ConstNode {
  readonly kind: "const";
  readonly value: Literal;
}

/** `op(...inputs, ...rest)`, by core's name of the op. */
export interface CallNode {
  readonly kind: "call";
  readonly op: string;
  readonly inputs: readonly number[];
  readonly rest: readonly Attribute[];
  /** What stands before the operands: the subscripts of einsum, the order of polygamma. */
  readonly lead?: Attribute;
  /** The operands are one array, as those of concat. */
  readonly listed?: boolean;
  /** Which of several results. */
  readonly pick?: number;
}

/** Operators that a program may use inside itself. */
export type NestedOperator = "gradient" | "derivative" | "pushforward" | "pullback" | "jacobian" | "hvp" | "checkpoint";

/**
 * A derivative of a body of its own, at `inputs`, which are the body's first parameters. The others are `captured`: values
 * of the surrounding body that the inner function closes over.
 */
export interface NestedNode {
  readonly kind: "nested";
  readonly operator: NestedOperator;
  readonly inputs: readonly number[];
  /** The direction or cotangent, where the operator takes one. */
  readonly seed?: number;
  readonly captured: readonly number[];
  readonly body: Body;
  /** Which entry of a gradient. */
  readonly pick: number;
}

/** A function as a list of nodes, in an order in which they can be computed. */
export interface Body {
  readonly nodes: readonly Node[];
  readonly results: readonly number[];
}

/** A leaf of the arguments. */
export interface Leaf {
  readonly form: "number" | "tensor" | "typedArray";
  readonly value: Literal;
  /** Passed as `Const(...)`: its gradient is null. */
  readonly constant?: boolean;
}

/** How leaves, by position, stand in the arguments. */
export type Tree = number | { readonly inert: string | null } | { readonly items: readonly Tree[] } | { readonly fields: Readonly<Record<string, Tree>> };

/** A function of trees, and where to differentiate it. The body's parameters are the leaves. */
export interface Program {
  readonly args: readonly Tree[];
  readonly leaves: readonly Leaf[];
  readonly body: Body;
}

/** The nodes that a node reads. */
export function operandsOf(node: Node): readonly number[] {
  if (node.kind === "call") return node.inputs;
  if (node.kind !== "nested") return [];
  return [...node.inputs, ...(node.seed === undefined ? [] : [node.seed]), ...node.captured];
}

/** The node with others in the places of its operands. */
export function renamed(node: Node, at: (operand: number) => number): Node {
  if (node.kind === "call") return { ...node, inputs: node.inputs.map(at) };
  if (node.kind !== "nested") return node;
  return { ...node, inputs: node.inputs.map(at), captured: node.captured.map(at), ...(node.seed !== undefined && { seed: at(node.seed) }) };
}

/** A body without the nodes that no result needs; inner bodies likewise, without what they capture in vain. */
export function pruned({ nodes, results }: Body): Body {
  const tidy = nodes.map((node) => (node.kind === "nested" ? prunedNested(node) : node));
  const needed = new Set(results);
  for (let i = tidy.length - 1; i >= 0; i--) if (needed.has(i)) operandsOf(tidy[i]!).forEach((j) => needed.add(j));
  const place = new Map<number, number>();
  const kept: Node[] = [];
  tidy.forEach((node, i) => {
    if (needed.has(i)) place.set(i, kept.push(renamed(node, (j) => place.get(j)!)) - 1);
  });
  return { nodes: kept, results: results.map((i) => place.get(i)!) };
}

function prunedNested(node: NestedNode): NestedNode {
  const body = pruned(node.body);
  const active = node.inputs.length;
  const used = node.captured.map((_, k) => k).filter((k) => body.nodes.some((n) => n.kind === "arg" && n.index === active + k));
  if (used.length === node.captured.length) return { ...node, body };
  const nodes = body.nodes.map((n) => (n.kind === "arg" && n.index >= active ? { ...n, index: active + used.indexOf(n.index - active) } : n));
  return { ...node, captured: used.map((k) => node.captured[k]!), body: { ...body, nodes } };
}

/** Applications of ops and operators, inner ones included: the length of a program. */
export function lengthOf({ nodes }: Body): number {
  return nodes.reduce((n, node) => n + (node.kind === "call" ? 1 : node.kind === "nested" ? 1 + lengthOf(node.body) : 0), 0);
}

/** Operators inside each other at the deepest place; 0 without any. */
export function depthOf({ nodes }: Body): number {
  return Math.max(0, ...nodes.map((node) => (node.kind === "nested" ? 1 + depthOf(node.body) : 0)));
}

/** The highest order of derivative inside a body; 0 without any. */
export function orderOf({ nodes }: Body): number {
  const own = (operator: NestedOperator): number => (operator === "checkpoint" ? 0 : operator === "hvp" ? 2 : 1);
  return Math.max(0, ...nodes.map((node) => (node.kind === "nested" ? own(node.operator) + orderOf(node.body) : 0)));
}

/** Whether any node is such, inner bodies included. */
export function some({ nodes }: Body, test: (node: Node) => boolean): boolean {
  return nodes.some((node) => test(node) || (node.kind === "nested" && some(node.body, test)));
}

/** Whether anything in the program is float32. */
export function isSingle({ leaves, body }: Program): boolean {
  const single = (node: Node): boolean =>
    (node.kind === "const" && node.value.kind === "float32") || (node.kind === "call" && node.op === "cast" && node.rest[0] === "float32");
  return leaves.some(({ value }) => value.kind === "float32") || some(body, single);
}

const arrays = { float64: Float64Array, float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A literal as a value; as its float64 twin if `widen`, with the numbers that float32 holds. */
export function valueOf({ kind, shape, data }: Literal, widen = false): Value {
  if (kind === "number") return data[0]!;
  const elements = arrays[kind].from(data);
  return tensor(widen && kind === "float32" ? Float64Array.from(elements) : elements, shape);
}

/** A value as data. */
export function literalOf(x: Value): Literal {
  if (typeof x === "number") return { kind: "number", shape: [], data: [x] };
  return { kind: kindOf(x), shape: [...x.shape], data: Array.from(x.dataSync()) };
}

export function kindOf(x: Value): Kind {
  return typeof x === "number" || x.weak ? "number" : x.dtype;
}

export function shapeOf(x: Value): Shape {
  return typeof x === "number" ? [] : x.shape;
}

export function sizeOf(x: Value): number {
  return typeof x === "number" ? 1 : x.size;
}

export function carries(x: Value): boolean {
  const kind = kindOf(x);
  return kind !== "int32" && kind !== "bool";
}

export function numbersOf(x: Value): readonly number[] {
  return typeof x === "number" ? [x] : Array.from(x.dataSync());
}

/** Builds the arguments around leaves. */
export function plant(tree: Tree, leaf: (index: number) => unknown): unknown {
  if (typeof tree === "number") return leaf(tree);
  if ("inert" in tree) return tree.inert;
  if ("items" in tree) return tree.items.map((part) => plant(part, leaf));
  return Object.fromEntries(Object.entries(tree.fields).map(([key, part]) => [key, plant(part, leaf)]));
}

/** Takes from a tree shaped like the arguments what stands in the leaves' places. */
export function harvest(tree: Tree, from: unknown, into: unknown[]): void {
  if (typeof tree === "number") into[tree] = from;
  else if ("items" in tree) tree.items.forEach((part, i) => harvest(part, (from as readonly unknown[])[i], into));
  else if ("fields" in tree) for (const [key, part] of Object.entries(tree.fields)) harvest(part, (from as Record<string, unknown>)[key], into);
}

/** The list with another entry at i. */
export function put<T>(list: readonly T[], i: number, entry: T): T[] {
  const copy = [...list];
  copy[i] = entry;
  return copy;
}
