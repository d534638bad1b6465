import fc from "fast-check";
import type { ADType } from "@polyad/core";
import { Broken, Builder, scalar, small, Unsuitable, wide, type Random } from "./builder.js";
import { families, partner } from "./families/index.js";
import { carries, operandsOf, pruned, shapeOf, sizeOf, type Body, type NestedOperator, type Program, type Tree } from "./program.js";
import { elements } from "./shapes.js";
import { shrinks } from "./shrink.js";

export interface ProgramOptions {
  /** The engines that evaluate derivatives inside a program while it is made. */
  readonly engine: ADType;
  /** Ops that a program has at most, apart from what keeps it well-conditioned. 14 unless said. */
  readonly size?: number;
  /** Whether programs may contain derivatives. True unless said. */
  readonly nested?: boolean;
}

/** Random programs, well-typed and well-conditioned; they shrink to programs that are so too. */
export function program(options: ProgramOptions): fc.Arbitrary<Program> {
  return new ProgramArbitrary(options);
}

class ProgramArbitrary extends fc.Arbitrary<Program> {
  constructor(private readonly options: ProgramOptions) {
    super();
  }

  override generate(mrng: fc.Random): fc.Value<Program> {
    return new fc.Value(generate(() => mrng.nextDouble(), this.options), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Program {
    return false;
  }

  override shrink(value: Program): fc.Stream<fc.Value<Program>> {
    return fc.stream(shrinks(value, this.options.engine)).map((smaller) => new fc.Value(smaller, undefined));
  }
}

/** One program. */
export function generate(random: Random, { engine, size = 14, nested = true }: ProgramOptions): Program {
  const large = random() < 0.03;
  const b = new Builder(random, [engine, engine], random() < 0.2, null, [], true, large ? wide : small);
  for (let k = large ? 1 : b.integer(1, 2); k > 0; k--) {
    const shape = large ? b.choose([[b.integer(193, 400)], [16, 20], [25, 16], [6, 8, 7]]) : firstShape(b);
    b.leaf({ kind: b.kind(shape), shape, data: Array.from({ length: elements(shape) }, () => b.number()) });
  }
  const broken = large ? grow(b, b.integer(1, 6), 0) : grow(b, 1 + Math.floor(size * random() ** 1.5), nested ? 2 : 0);
  const results = broken ? [b.nodes.length - 1] : sinks(b);
  return assembled(b, pruned({ nodes: b.nodes, results }));
}

/** Rank 0 to 3, not square as a rule, now and then an axis of length 1 or 0. */
function firstShape(b: Builder): number[] {
  const shape = Array.from({ length: b.choose([0, 1, 1, 2, 2, 2, 3]) }, () => (b.chance(0.01) ? 0 : b.chance(0.12) ? 1 : b.integer(2, 4)));
  while (elements(shape) > small.leaves) shape.pop();
  return shape;
}

/** Adds `count` ops; true where evaluation failed at the last. */
function grow(b: Builder, count: number, nesting: number): boolean {
  const total = families.reduce((sum, { weight }) => sum + weight, nesting);
  for (let done = 0, tries = 0; done < count && tries < 5 * count; tries++) {
    let at = b.random() * total - nesting;
    try {
      if (at < 0) addNested(b, nesting);
      else families.find(({ weight }) => (at -= weight) < 0)?.add(b);
      done++;
    } catch (error) {
      if (error instanceof Broken) return true;
      if (!(error instanceof Unsuitable)) throw error;
    }
  }
  return false;
}

const operators: readonly NestedOperator[] = ["gradient", "gradient", "derivative", "pushforward", "pullback", "jacobian", "hvp", "checkpoint"];

/** A derivative of a small function of its own. */
function addNested(b: Builder, nesting: number): void {
  const operator = b.choose(operators);
  const suits = operator === "derivative" ? (x: unknown): boolean => typeof x === "number" : (): boolean => true;
  const inputs = [b.pick(suits)];
  if ((operator === "gradient" || operator === "checkpoint") && b.chance(0.4)) inputs.push(b.pick());
  const inner = new Builder(b.random, [b.engines[1], b.engines[0]], b.mixed, b, inputs.map((i) => b.value(i)), operator !== "checkpoint");
  if (grow(inner, b.integer(1, 4), b.depth === 0 ? nesting * 0.4 : 0)) throw new Unsuitable();
  let y = inner.pick((_x, i) => i >= 0 && inner.nodes[i]!.kind !== "arg");
  const scalarNeeded = operator === "gradient" || operator === "hvp";
  if (scalarNeeded && shapeOf(inner.value(y)).length > 0) y = inner.call("sum", [inner.call("mul", [y, partner(inner, y)])], [{}]);
  const [x] = inputs as [number];
  if (operator === "jacobian" && sizeOf(b.value(x)) * sizeOf(inner.value(y)) > 36) throw new Unsuitable();
  const like = operator === "pullback" ? inner.value(y) : b.value(x);
  const seeded = operator === "pushforward" || operator === "hvp" || operator === "pullback";
  const body: Body = { nodes: inner.nodes, results: [y] };
  b.nested({
    operator,
    inputs,
    captured: inner.captured,
    body,
    pick: b.integer(0, inputs.length - 1),
    ...(seeded && { seed: seedLike(b, shapeOf(like), typeof like === "number") }),
  });
}

/** A value of a shape, to be a direction or a cotangent. */
function seedLike(b: Builder, shape: readonly number[], number: boolean): number {
  try {
    return b.pick((x) => (typeof x === "number") === number && shapeOf(x).join() === shape.join());
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    return b.constant(number ? scalar(b.number()) : { kind: "float64", shape, data: Array.from({ length: elements(shape) }, () => b.number()) });
  }
}

/** Up to three values that nothing reads: the last, and others by chance. */
function sinks(b: Builder): number[] {
  const read = new Set(b.nodes.flatMap(operandsOf));
  const free = b.nodes.map((_, i) => i).filter((i) => !read.has(i) && carries(b.value(i)) && b.nodes[i]!.kind !== "const");
  const last = free.at(-1) ?? b.nodes.map((_, i) => i).filter((i) => carries(b.value(i))).at(-1)!;
  return [last, ...free.slice(0, -1).filter(() => b.chance(0.3))].slice(0, 3);
}

/** The program with its leaves in trees. Leaves that nothing reads stay: their gradients are zeros. */
function assembled(b: Builder, body: Body): Program {
  const leaves = b.leaves;
  const args: Tree[] = [];
  for (let i = 0; i < leaves.length; ) {
    const count = Math.min(b.integer(1, 3), leaves.length - i);
    const parts = Array.from({ length: count }, (_, k): Tree => i + k);
    i += count;
    const kind = b.integer(0, 5);
    if (count === 1 && kind < 4) args.push(parts[0]!);
    else if (kind < 3) args.push({ items: parts });
    else if (kind < 5) args.push({ fields: Object.fromEntries([...parts.map((part, k) => [`${"pqr"[k]!}`, part] as const), ...(b.chance(0.2) ? [["name", { inert: "some" }] as const] : [])]) });
    else args.push({ fields: { w: parts[0]!, rest: { items: parts.slice(1) } } });
  }
  return { args, leaves, body };
}
