import { asTensor, type Operand } from "../convert.js";
import { zeros } from "../create.js";
import { isFloat, promote, type DType, type Kind } from "../dtype.js";
import { ShapeError } from "../errors.js";
import { cast } from "../primitives/cast.js";
import { concat } from "../primitives/concat.js";
import { reshape } from "../primitives/reshape.js";
import { slice } from "../primitives/slice.js";
import { showShape, sizeOf, type Shape } from "../shape.js";
import { HostTensor, isWatched, kindOf, Tensor, tensor, type Value } from "../tensor.js";
import { flatten } from "./flatten.js";
import { scope } from "./scope.js";
import { identityOf } from "./ties.js";
import { trainableLeaves } from "./trainable.js";
import { vendorLeaf } from "./vendor.js";

/** A part of the flat vector: a leaf at one or several places. */
interface Section {
  readonly start: number;
  readonly size: number;
  readonly shape: Shape;
  readonly kind: Kind;
  /** The leaf's own form, of a value that is not traced. */
  restore(x: Value): unknown;
}

/**
 * The float leaves that are trained (numbers, tensors, typed arrays) as one vector, in tree order and row-major, and
 * the way back. An array that occurs twice is there once. The vector has the widest dtype; rebuilding restores each.
 * Both directions can be differentiated.
 *
 * @throws ShapeError on rebuilding from a vector of another length.
 * @example
 * const [v, rebuild] = destructure({ W: tensor([[1, 2], [3, 4]]), b: 5 });
 * v.toArray() // [1, 2, 3, 4, 5]
 * rebuild(mul(v, 2)) // { W: [[2, 4], [6, 8]], b: 10 }
 */
export function destructure<T>(tree: T): [flat: Tensor, rebuild: (flat: Operand) => T] {
  return scope(() => flattened(tree));
}

function flattened<T>(tree: T): [flat: Tensor, rebuild: (flat: Operand) => T] {
  const { leaves, def } = flatten(tree);
  const sections = new Map<unknown, Section>();
  const places = new Map<number, Section>();
  const parts: Value[] = [];
  let length = 0;
  for (const { leaf, index } of trainableLeaves(tree)) {
    const value = floatValue(leaf);
    if (value === null) continue;
    const known = typeof leaf === "number" ? undefined : sections.get(identityOf(leaf));
    const section = known ?? sectionOf(leaf, value, length);
    places.set(index, section);
    if (known !== undefined) continue;
    if (typeof leaf !== "number") sections.set(identityOf(leaf), section);
    parts.push(value);
    length += section.size;
  }
  const rebuild = (flat: Operand): T => {
    const vector = asTensor("destructure", flat);
    if (vector.ndim !== 1 || vector.size !== length) {
      const got = vector.ndim === 1 ? String(vector.size) : `shape ${showShape(vector.shape)}`;
      throw new ShapeError(`destructure: rebuild expected a vector of length ${length}, got ${got}.`);
    }
    const restored = new Map<Section, unknown>();
    for (const section of new Set(places.values())) restored.set(section, cut(vector, section));
    return def.rebuild(leaves.map((leaf, k) => (places.has(k) ? restored.get(places.get(k)!) : leaf))) as T;
  };
  return [join(parts), (flat) => scope(() => rebuild(flat))];
}

function floatValue(leaf: unknown): Value | null {
  if (typeof leaf === "number") return leaf;
  const x = vendorLeaf(leaf)?.toTensor() ?? leaf;
  if (x instanceof Tensor) return isFloat(x.dtype) ? x : null;
  return x instanceof Float64Array || x instanceof Float32Array ? tensor(x) : null;
}

function sectionOf(leaf: unknown, value: Value, start: number): Section {
  const shape = typeof value === "number" ? [] : value.shape;
  return { start, size: sizeOf(shape), shape, kind: kindOf(value), restore: (x) => restoreLike(leaf, x) };
}

function restoreLike(leaf: unknown, x: Value): unknown {
  if (typeof x === "number") return x;
  const vendor = vendorLeaf(leaf);
  if (vendor !== null) return vendor.fromTensor(x);
  return leaf instanceof Float64Array || leaf instanceof Float32Array ? x.dataSync() : x;
}

/** All values one after the other in their widest dtype; numbers are weak, and float64 only among themselves. */
function join(parts: readonly Value[]): Tensor {
  const kinds = parts.map(kindOf).filter((kind) => kind !== "number");
  const dtype: DType = kinds.length === 0 ? "float64" : kinds.reduce(promote);
  const blocks: Tensor[] = [];
  let numbers: number[] = [];
  const endRun = (): void => {
    if (numbers.length > 0) blocks.push(tensor(numbers, null, dtype));
    numbers = [];
  };
  for (const x of parts) {
    if (typeof x === "number") numbers.push(x);
    else {
      endRun();
      blocks.push(reshape(x.dtype === dtype && !x.weak ? x : cast(x, dtype), [-1]));
    }
  }
  endRun();
  return blocks.length === 0 ? zeros([0]) : concat(blocks);
}

/** A section of the vector as the leaf that it was; while the vector is traced, as a function sees that. */
function cut(vector: Tensor, { start, size, shape, kind, restore }: Section): unknown {
  if (kind === "number" && vector instanceof HostTensor) return vector.elements[start]!;
  const part = reshape(slice(vector, [start, start + size]), shape);
  const value = part.dtype === kind ? part : cast(part, kind);
  return isWatched(vector) ? value : restore(value);
}
