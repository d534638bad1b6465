import { Unsuitable, type Builder } from "../builder.js";
import { shapeOf, type Attribute } from "../program.js";
import { elements } from "../shapes.js";
import { axisOf, existing, shuffled, tensorLike, type Family } from "./pick.js";

function addReshape(b: Builder): void {
  const x = tensorLike(b, 0);
  const shape = b.shape(x);
  const kind = b.integer(0, 2);
  if (kind === 0) b.call("transpose", [x], b.chance(0.5) && shape.length > 1 ? [shuffled(b, shape.length)] : []);
  else if (kind === 1) b.call("reshape", [x], [b.choose([[-1], [1, ...shape], [...shape, 1], shuffled(b, shape.length).map((i) => shape[i]!)])]);
  else b.call("broadcastTo", [x], [[...(b.chance(0.5) ? [b.integer(1, 3)] : []), ...shape.map((n) => (n === 1 ? b.integer(1, 3) : n))]]);
}

/** A part that is not empty, as a user may ask for it. */
function range(b: Builder, n: number): Attribute {
  if (b.chance(0.25)) return null;
  if (b.chance(0.25)) return b.integer(-n, n - 1);
  const from = b.integer(0, n - 1);
  const to = b.integer(from + 1, n);
  const kind = b.integer(0, 3);
  if (kind === 0) return [from, b.chance(0.5) ? to : null];
  if (kind === 1) return [from - n, null, 2];
  if (kind === 2) return [null, null, -1];
  return [to - 1, from === 0 ? null : from - 1, b.choose([-1, -2])];
}

function addSlice(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  if (b.chance(0.15)) {
    b.call("unslice", [x], [shape.map((n) => 2 * n + 1), shape.map((n) => (b.chance(0.3) ? { start: 2 * n, step: -2 } : { start: b.integer(0, 1), step: b.integer(1, 2) }))]);
  } else b.call("slice", [x], shape.slice(0, b.integer(1, shape.length)).map((n) => range(b, n)));
}

/** What rearranges, repeats or fills. */
function addArrange(b: Builder): void {
  const op = b.choose(existing(["flip", "roll", "pad", "repeat", "tile", "expandDims", "squeeze", "split", "diag", "tril", "triu"]));
  const x = op === "diag" ? b.pick((v) => typeof v !== "number" && (v.ndim === 1 || v.ndim === 2) && v.size > 0) : tensorLike(b, op === "tril" || op === "triu" ? 2 : 1);
  const shape = b.shape(x);
  const axis = axisOf(b, shape.length);
  const n = shape.at(axis)!;
  const offset = b.chance(0.5) ? {} : { offset: b.integer(-1, 1) };
  const rest: Readonly<Record<string, () => Attribute[]>> = {
    flip: () => [b.chance(0.3) ? {} : { axis }],
    roll: () => [b.integer(-4, 4), ...(b.chance(0.3) ? [] : [{ axis }])],
    pad: () => [shape.map(() => [b.integer(0, 1), b.integer(0, 2)]), { value: b.number() }],
    repeat: () => [b.chance(0.5) ? b.integer(1, 3) : Array.from({ length: n }, () => b.integer(0, 2)), { axis }],
    tile: () => [b.choose<Attribute>([2, [2, ...shape.map(() => 1)], shape.map(() => b.integer(1, 2))])],
    expandDims: () => [b.integer(-shape.length - 1, shape.length)],
    squeeze: () => [],
    split: () => {
      const k = b.integer(0, n);
      return [[k, n - k], { axis }];
    },
    diag: () => [offset],
    tril: () => [offset],
    triu: () => [offset],
  };
  b.call(op, [x], rest[op]!(), op === "split" ? { pick: b.integer(0, 1) } : {});
}

function addJoin(b: Builder): void {
  const x = tensorLike(b, 0);
  const shape = b.shape(x);
  const like = (): number => (b.chance(0.4) ? b.fresh(shape, "float64") : b.pick((y) => typeof y !== "number" && shapeOf(y).join() === shape.join()));
  const parts = [x, ...Array.from({ length: b.integer(1, 2) }, like)];
  if (shape.length === 0 || b.chance(0.4)) {
    if (shape.length === 0 && b.chance(0.5)) parts.push(b.pick((y) => typeof y === "number"));
    b.call("stack", parts, [{ axis: b.integer(-shape.length - 1, shape.length) }], { listed: true });
  } else b.call("concat", parts, [{ axis: axisOf(b, shape.length) }], { listed: true });
}

/** int32 positions along an axis: drawn, or where another value is largest. */
function indices(b: Builder, n: number, shape: readonly number[], from = -n): number {
  return b.fresh(shape, "int32", () => b.integer(from, n - 1));
}

function addIndexed(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  const axis = axisOf(b, shape.length);
  const at = axis < 0 ? axis + shape.length : axis;
  const n = shape[at]!;
  const kind = b.integer(0, 4);
  const many = b.choose<readonly number[]>([[], [1], [2], [3], [2, 2]]);
  if (kind === 0) b.call("gather", [x, indices(b, n, many)], [{ axis }]);
  else if (kind === 1) {
    const updates = [...shape.slice(0, at), ...many, ...shape.slice(at + 1)];
    if (elements(updates) > b.room.value) throw new Unsuitable();
    b.call("scatterAdd", [x, indices(b, n, many), b.fresh(updates, "float64")], [{ axis }]);
  } else if (kind === 2) {
    b.call("takeAlongAxis", [x, indices(b, n, shape.map((m, i) => (i === at ? b.integer(1, 3) : m)), 0)], [axis]);
  } else if (kind === 3) b.call("topK", [x], [b.integer(1, n), { axis }], { pick: 0 });
  else b.call("gather", [x, b.call(b.choose(["argmax", "argmin"]), [x], [{ axis }])], [{ axis }]);
}

/** Where values of the program stand among edges, or in order: whole numbers, as a constant to the derivative. */
function addOrder(b: Builder): void {
  const x = tensorLike(b);
  const edges = { kind: "float64", shape: [3], data: [-1.03, 0.04, 0.97] } as const;
  const at = b.chance(0.5) ? b.call("searchsorted", [b.constant(edges), x], [{ side: b.choose(["left", "right"]) }]) : b.call("argsort", [x], [{ axis: axisOf(b, b.shape(x).length) }]);
  b.call("mul", [b.call("cast", [at], ["float64"]), x]);
}

export const structure: readonly Family[] = [
  { weight: 2, add: addReshape },
  { weight: 1.5, add: addSlice },
  { weight: 2, add: addArrange },
  { weight: 1.5, add: addJoin },
  { weight: 2, add: addIndexed },
  { weight: 0.4, add: addOrder },
];
