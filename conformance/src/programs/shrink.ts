import type { ADType, Value } from "@polyad/core";
import { inDomain } from "./domain.js";
import { run } from "./evaluate.js";
import { carries, lengthOf, literalOf, numbersOf, operandsOf, pruned, put, renamed, valueOf, type Body, type CallNode, type Leaf, type Literal, type NestedNode, type Node, type Program, type Tree } from "./program.js";

/** Whether a program computes, keeps its distance from kinks and singularities, and stays finite. */
function health({ leaves, body }: Program, engine: ADType): "sound" | "unsound" | "throws" {
  try {
    return isSound(body, leaves.map((leaf) => valueOf(leaf.value)), engine) ? "sound" : "unsound";
  } catch {
    return "throws";
  }
}

function isSound(body: Body, xs: readonly Value[], engine: ADType): boolean {
  const values: Value[] = [];
  let sound = true;
  run(body, xs, [engine, engine], {
    watch: (value, i, of) => {
      if (of !== body || !sound) return;
      values[i] = value;
      const node = body.nodes[i]!;
      if (node.kind === "call" && !inDomain(node, node.inputs.map((j) => values[j]!))) sound = false;
      if (carries(value) && !numbersOf(value).every((v) => Math.abs(v) < 1e4)) sound = false;
      if (node.kind === "nested" && !isSound(node.body, [...node.inputs, ...node.captured].map((j) => values[j]!), engine)) sound = false;
    },
  });
  return sound && body.results.every((i) => carries(values[i]!));
}

/** Smaller programs, the much smaller first; all are sound, save those that throw. */
export function* shrinks(program: Program, engine: ADType): Generator<Program> {
  const before = costs(program);
  for (const candidate of candidates(program, engine)) {
    const smaller = { ...candidate, body: pruned(candidate.body) };
    if (isLess(costs(smaller), before) && health(smaller, engine) !== "unsound") yield smaller;
  }
}

/** What shrinking brings down, the first first: it ends because each step lowers one and raises none before it. */
function costs(program: Program): number[] {
  const { args, leaves, body } = program;
  const elements = (literals: readonly Literal[]): number => literals.reduce((n, { data, shape }) => n + data.length + shape.length, 0);
  const constants = body.nodes.flatMap((node) => (node.kind === "const" ? [node.value] : []));
  const special = leaves.map(({ form, value, constant }) => Number(form === "typedArray") + Number(value.kind === "float32") + Number(constant === true));
  return [
    lengthOf(body),
    body.results.length,
    body.nodes.filter((node) => node.kind === "arg").length,
    leaves.length,
    elements(leaves.map((leaf) => leaf.value)) + elements(constants),
    special.reduce((a, b) => a + b, args.filter((tree) => typeof tree !== "number").length),
    JSON.stringify(program).length,
  ];
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((x, i) => x !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

function* candidates(program: Program, engine: ADType): Generator<Program> {
  const { body, leaves } = program;
  const { nodes, results } = body;
  const withBody = (next: Body): Program => ({ ...program, body: next });
  if (results.length > 1) for (const i of results) yield withBody({ nodes, results: [i] });
  for (let i = 0; i < nodes.length; i++) if (!results.includes(i) && nodes[i]!.kind !== "const") yield withBody({ nodes, results: [i] });
  const values = evaluated(program, engine);
  // What leads up to a value becomes a leaf: the rest of the program stands alone.
  if (values !== null) {
    for (let i = nodes.length - 1; i >= 0; i--) {
      if (nodes[i]!.kind !== "arg" && nodes[i]!.kind !== "const" && carries(values[i]!)) yield cut(program, i, literalOf(values[i]!));
    }
  }
  for (const next of smallerBodies(body, values)) yield withBody(next);
  yield* fewerLeaves(program);
  yield* thinner(program);
  for (const next of plainer(leaves)) yield { ...program, leaves: next };
  yield* rounder(program);
}

/** The values of the outermost body, null where it throws. */
function evaluated({ leaves, body }: Program, engine: ADType): Value[] | null {
  const values: Value[] = [];
  try {
    run(body, leaves.map((leaf) => valueOf(leaf.value)), [engine, engine], {
      watch: (value, i, of) => {
        if (of === body) values[i] = value;
      },
    });
    return values;
  } catch {
    return null;
  }
}

/** Node i as a new leaf with its value. */
function cut({ args, leaves, body: { nodes, results } }: Program, i: number, value: Literal): Program {
  const leaf: Leaf = { form: value.kind === "number" ? "number" : "tensor", value };
  return { args: [...args, leaves.length], leaves: [...leaves, leaf], body: { nodes: put(nodes, i, { kind: "arg", index: leaves.length }), results } };
}

/** A node gives way to one of its operands or to a constant, an operator to its body's, a body to a smaller one. */
function* smallerBodies(body: Body, values: readonly Value[] | null): Generator<Body> {
  const { nodes, results } = body;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    for (const j of operandsOf(node)) yield replaced(body, i, j);
    if (node.kind === "nested") {
      for (const inner of smallerBodies(node.body, null)) yield { nodes: put(nodes, i, { ...node, body: inner }), results };
      const alone = withoutInput(node);
      if (alone !== null) yield { nodes: put(nodes, i, alone), results };
    }
    if (values !== null && node.kind !== "const") yield { nodes: put(nodes, i, { kind: "const", value: literalOf(values[i]!) }), results };
  }
}

/** The body in which node j, which comes before, stands wherever i did. */
function replaced({ nodes, results }: Body, i: number, j: number): Body {
  const at = (k: number): number => (k === i ? j : k);
  return { nodes: nodes.map((node, k) => (k > i ? renamed(node, at) : node)), results: results.map(at) };
}

/** An operator that differentiates by several values, by the picked one only. */
function withoutInput(node: NestedNode): NestedNode | null {
  if (node.inputs.length < 2) return null;
  const order = [node.pick, ...node.inputs.map((_, k) => k).filter((k) => k !== node.pick)];
  const body = { ...node.body, nodes: node.body.nodes.map((n) => (n.kind === "arg" && n.index < order.length ? { ...n, index: order.indexOf(n.index) } : n)) };
  return { ...node, inputs: [node.inputs[node.pick]!], captured: [...order.slice(1).map((k) => node.inputs[k]!), ...node.captured], body, pick: 0 };
}

/** Without a leaf that nothing reads; all leaves as arguments of their own. */
function* fewerLeaves(program: Program): Generator<Program> {
  const { args, leaves, body } = program;
  for (let k = 0; k < leaves.length && leaves.length > 1; k++) {
    if (body.nodes.some((node) => node.kind === "arg" && node.index === k)) continue;
    const nodes = body.nodes.map((node) => (node.kind === "arg" && node.index > k ? { ...node, index: node.index - 1 } : node));
    const kept = leaves.filter((_, i) => i !== k);
    yield { args: kept.map((_, i) => i), leaves: kept, body: { ...body, nodes } };
    const trees = args.map((tree) => without(tree, k)).filter((tree) => tree !== null);
    yield { args: trees, leaves: kept, body: { ...body, nodes } };
  }
  if (args.some((tree) => typeof tree !== "number")) yield { ...program, args: leaves.map((_, i) => i) };
}

function without(tree: Tree, k: number): Tree | null {
  if (typeof tree === "number") return tree === k ? null : tree > k ? tree - 1 : tree;
  if ("inert" in tree) return tree;
  if ("items" in tree) return { items: tree.items.map((part) => without(part, k)).filter((part) => part !== null) };
  return { fields: Object.fromEntries(Object.entries(tree.fields).flatMap(([key, part]) => {
    const left = without(part, k);
    return left === null ? [] : [[key, left]];
  })) };
}

/** Every axis of one length shorter, wherever it occurs; or one leading axis gone. Evaluation tells whether it still fits. */
function* thinner(program: Program): Generator<Program> {
  const lengths = new Set(program.leaves.flatMap((leaf) => leaf.value.shape));
  for (const n of [...lengths].sort((a, b) => b - a)) {
    if (n < 2) continue;
    for (const m of new Set([1, n - 1])) yield reshaped(program, (literal) => shortened(literal, n, m), (x) => (x === n ? m : x));
  }
  for (const drop of [true, false]) {
    if (program.leaves.some(({ value }) => value.shape.length > 0)) yield reshaped(program, (literal) => (drop ? first(literal) : shortened(literal, null, 1)), (x) => x);
  }
  for (let k = 0; k < program.leaves.length; k++) {
    const leaf = program.leaves[k]!;
    if (leaf.value.shape.length > 0) yield { ...program, leaves: put(program.leaves, k, leafWith(leaf, first(leaf.value))) };
  }
}

function reshaped(program: Program, literal: (value: Literal) => Literal, length: (n: number) => number): Program {
  const attribute = (node: CallNode): CallNode => (node.op === "reshape" || node.op === "broadcastTo" ? { ...node, rest: [(node.rest[0] as readonly number[]).map(length)] } : node);
  const inBody = ({ nodes, results }: Body): Body => ({
    results,
    nodes: nodes.map((node): Node => {
      if (node.kind === "const") return { ...node, value: literal(node.value) };
      if (node.kind === "call") return attribute(node);
      return node.kind === "nested" ? { ...node, body: inBody(node.body) } : node;
    }),
  });
  return { ...program, leaves: program.leaves.map((leaf) => leafWith(leaf, literal(leaf.value))), body: inBody(program.body) };
}

/** A leaf with another value; a typed array stays one while it is a vector. */
function leafWith(leaf: Leaf, value: Literal): Leaf {
  return { ...leaf, value, form: leaf.form === "typedArray" && value.shape.length !== 1 ? "tensor" : leaf.form };
}

/** The first m along each axis of length n, or along every axis. */
function shortened({ kind, shape, data }: Literal, n: number | null, m: number): Literal {
  const to = shape.map((length) => (length === n || (n === null && length > m) ? m : length));
  const kept = data.filter((_, at) => {
    let rest = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (rest % shape[axis]! >= to[axis]!) return false;
      rest = Math.floor(rest / shape[axis]!);
    }
    return true;
  });
  return { kind, shape: to, data: kept };
}

/** Without the first axis; a scalar tensor becomes a number. */
function first(literal: Literal): Literal {
  const { kind, shape, data } = literal;
  if (shape.length === 0) return literal;
  const rest = shape.slice(1);
  const size = rest.reduce((n, m) => n * m, 1);
  return { kind, shape: rest, data: data.slice(0, size) };
}

/** Leaves of float64 tensors, differentiated. */
function* plainer(leaves: readonly Leaf[]): Generator<readonly Leaf[]> {
  for (let k = 0; k < leaves.length; k++) {
    const leaf = leaves[k]!;
    const { value } = leaf;
    if (value.kind === "float32") yield put(leaves, k, { ...leaf, value: { ...value, kind: "float64" } });
    if (leaf.form === "typedArray") yield put(leaves, k, { ...leaf, form: "tensor" });
    if (leaf.constant === true) yield put(leaves, k, { form: leaf.form, value });
    if (value.kind !== "number" && value.shape.length === 0) yield put(leaves, k, { ...leaf, form: "number", value: { ...value, kind: "number" } });
  }
}

/** Numbers with fewer digits. */
function* rounder(program: Program): Generator<Program> {
  const { leaves, body } = program;
  for (const digits of [0, 1, 2]) {
    const rounded = (x: number): number => (Number(x.toFixed(digits)) === 0 ? x : Number(x.toFixed(digits)));
    const round = (literal: Literal): Literal => ({ ...literal, data: literal.data.map(rounded) });
    const changes = (literal: Literal): boolean => literal.kind !== "bool" && literal.kind !== "int32" && round(literal).data.some((x, i) => x !== literal.data[i]);
    for (let k = 0; k < leaves.length; k++) if (changes(leaves[k]!.value)) yield { ...program, leaves: put(leaves, k, { ...leaves[k]!, value: round(leaves[k]!.value) }) };
    for (let i = 0; i < body.nodes.length; i++) {
      const node = body.nodes[i]!;
      if (node.kind === "const" && changes(node.value)) yield { ...program, body: { ...body, nodes: put(body.nodes, i, { kind: "const", value: round(node.value) }) } };
    }
  }
}
