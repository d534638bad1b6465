import { isFloat, isLayer, Tensor, tensor, type DType, type Kind, type Shape } from "@polyad/core/extend";

/**
 * The suite's own account of trees: what belongs where in a gradient, told without core's tree code, so that each can
 * catch the other's mistakes.
 */

/** A leaf that carries a derivative; an array of numbers is one in a Jacobian's layout. */
export type Leaf = number | Tensor | Float64Array | Float32Array | readonly number[];

/** The plain tree of what `visit` makes of each float leaf in order, and `inert` of others: null, as in a gradient. */
export function mirror(tree: unknown, visit: (leaf: Leaf) => unknown, layout: "leaves" | "blocks" = "leaves", inert: (x: unknown) => unknown = () => null): unknown {
  const down = (part: unknown): unknown => mirror(part, visit, layout, inert);
  if (isLeaf(tree) || (layout === "blocks" && isBlock(tree))) return visit(tree);
  if (Array.isArray(tree)) return tree.map(down);
  if (tree instanceof Map) return new Map([...tree].map(([key, part]) => [key, down(part)]));
  if (isContainer(tree)) return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, down(part)]));
  return inert(tree);
}

function isLeaf(x: unknown): x is Leaf {
  return typeof x === "number" || (x instanceof Tensor && isFloat(x.dtype)) || x instanceof Float64Array || x instanceof Float32Array;
}

function isBlock(x: unknown): x is readonly number[] {
  return Array.isArray(x) && x.length > 0 && x.every((part) => typeof part === "number");
}

function isContainer(x: unknown): x is object {
  if (typeof x === "function") return isLayer(x);
  return typeof x === "object" && x !== null && !(x instanceof Tensor) && !ArrayBuffer.isView(x) && !(x instanceof Date);
}

function shapeOfLeaf(leaf: Leaf): Shape {
  return typeof leaf === "number" ? [] : leaf instanceof Tensor ? leaf.shape : [leaf.length];
}

export function kindOfLeaf(leaf: Leaf): Kind {
  if (typeof leaf === "number") return "number";
  if (leaf instanceof Tensor) return leaf.dtype;
  return leaf instanceof Float32Array ? "float32" : "float64";
}

function sizeOfLeaf(leaf: Leaf): number {
  return shapeOfLeaf(leaf).reduce((a, b) => a * b, 1);
}

/** The numbers of a tree's float leaves, in order. */
export function numbersIn(tree: unknown): number[] {
  const numbers: number[] = [];
  mirror(tree, (leaf) => {
    if (typeof leaf === "number") numbers.push(leaf);
    else numbers.push(...(leaf instanceof Tensor ? leaf.dataSync() : leaf));
  });
  return numbers;
}

/** The same of a result, on whatever device its tensors live. */
export async function numbersOf(tree: unknown): Promise<number[]> {
  const parts: Promise<ArrayLike<number>>[] = [];
  mirror(tree, (leaf) => parts.push(leaf instanceof Tensor ? leaf.data() : Promise.resolve(numbersIn(leaf))));
  return (await Promise.all(parts)).flatMap((part) => Array.from(part));
}

/** The widest dtype among a tree's float leaves is what its derivatives are computed in; the narrowest bounds their accuracy. */
export function narrowest(...trees: readonly unknown[]): DType {
  let found: DType = "float64";
  for (const tree of trees) mirror(tree, (leaf) => (found = kindOfLeaf(leaf) === "float32" ? "float32" : found));
  return found;
}

/** What has the form of a tree's derivative and holds these numbers in turn. */
export function derivativeLike(tree: unknown, numbers: readonly number[]): unknown {
  return mirror(tree, inTurn(numbers));
}

/** The same with inert leaves as they are: a result of that form. */
export function valueLike(tree: unknown, numbers: readonly number[]): unknown {
  return mirror(tree, inTurn(numbers), "leaves", (leaf) => leaf);
}

function inTurn(numbers: readonly number[]): (leaf: Leaf) => unknown {
  let at = 0;
  return (leaf) => {
    const part = numbers.slice(at, (at += sizeOfLeaf(leaf)));
    if (typeof leaf === "number") return part[0];
    if (leaf instanceof Tensor) return tensorOf(part, leaf.shape, leaf.dtype);
    return leaf instanceof Float32Array ? Float32Array.from(part) : Float64Array.from(part);
  };
}

/** A Jacobian, given by rows: y's tree on the outside, x's inside, blocks of shape [...y.shape, ...x.shape]. */
export function jacobianLike(y: unknown, x: unknown, rows: readonly (readonly number[])[]): unknown {
  let row = 0;
  return mirror(
    y,
    (of) => {
      const own = rows.slice(row, (row += sizeOfLeaf(of)));
      let column = 0;
      return mirror(
        x,
        (by) => {
          const from = column;
          column += sizeOfLeaf(by);
          const numbers = own.flatMap((r) => r.slice(from, column));
          if (typeof of === "number" && typeof by === "number") return numbers[0];
          const float64 = [of, by].some((leaf) => kindOfLeaf(leaf) === "float64");
          return tensorOf(numbers, [...shapeOfLeaf(of), ...shapeOfLeaf(by)], float64 ? "float64" : "float32");
        },
        "blocks",
      );
    },
    "blocks",
  );
}

export function tensorOf(numbers: Iterable<number>, shape: Shape, dtype: DType): Tensor {
  const stored = { float64: Float64Array, float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return tensor(stored.from(numbers), shape);
}
