import { Const, flatten, fmapWithPath, generator, RandomGenerator, Tensor, tensor, toDevice, TreeError, vendorLeaf, type GeneratorState } from "@polyad/core";
import { inFormOf, tensorOf, type ArrayLeaf } from "./arrays.js";
import { isTypedArray } from "./collate.js";
import { isRule } from "./optimise/rule.js";
import { reserved } from "./safetensors.js";

/**
 * What a tree keeps in a file or in another tree: its numbers and truth values, by name. All else, such as activations,
 * strings and the modes of layers, comes from the code that builds the tree. Of an optimiser's state, the rules must be those
 * of the code: what one has kept means something else to another.
 */
export interface Stored {
  /** Each array once, under the name of its first place. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** For further places of an array, the name of its first. */
  readonly ties: ReadonlyMap<string, string>;
}

/** A leaf that is stored: as a tensor, and back. */
interface Storable {
  readonly x: Tensor;
  /** What is to be added to the name, for what is more than its numbers. */
  readonly suffix?: string;
  restore(x: Tensor): unknown;
}

const algorithm: GeneratorState["algorithm"] = "xoroshiro128plus";

/** How a leaf is stored, null if it is not. The mode of a layer is no part of what it has learned. */
function storable(leaf: unknown, path: readonly unknown[]): Storable | null {
  if (typeof leaf === "number") return { x: tensor(leaf), restore: (x) => x.item() };
  if (typeof leaf === "boolean") return path.at(-1) === "training" ? null : { x: tensor(leaf), restore: (x) => x.item() === 1 };
  if (typeof leaf === "string") return isRuleName(leaf, path) ? { x: tensor(true), suffix: leaf, restore: () => leaf } : null;
  if (leaf instanceof Tensor) return { x: leaf, restore: (x) => toDevice(x, leaf.device) };
  const array = tensorOf(leaf);
  if (array !== null) return { x: array, restore: (x) => inFormOf(leaf, x) };
  if (leaf instanceof RandomGenerator) {
    const restore = (x: Tensor): RandomGenerator => generator({ algorithm, words: [...x.dataSync()] });
    return { x: tensor(Int32Array.from(leaf.state().words)), suffix: algorithm, restore };
  }
  const constant = constantArray(leaf);
  const inner = constant === null ? null : storable(constant, path);
  return inner && { x: inner.x, restore: (x) => Const(inner.restore(x)) };
}

/** Whether a leaf says which rule the state of an optimiser belongs to. */
function isRuleName(leaf: string, path: readonly unknown[]): boolean {
  return path.at(-1) === "name" && path.includes("rule") && isRule({ name: leaf });
}

/** The array in a `Const`; null for constants that are settings, as numbers and lists of numbers. */
export function constantArray(leaf: unknown): ArrayLeaf | null {
  if (typeof leaf !== "object" || leaf === null || !("activity" in leaf) || !("value" in leaf)) return null;
  const { value } = leaf;
  return value instanceof Tensor || isTypedArray(value) || vendorLeaf(value) !== null ? (value as ArrayLeaf) : null;
}

/** A leaf and where it lies. */
export interface NamedLeaf {
  readonly name: string;
  readonly path: readonly unknown[];
  readonly leaf: unknown;
}

/** All leaves at all places, with their names. */
export function namedLeaves(who: string, tree: unknown): NamedLeaf[] {
  const { leaves, def } = flatten(tree);
  const places: NamedLeaf[] = [];
  // The mirror has every place, even those where containers are tied.
  fmapWithPath((path, i) => void places.push({ name: nameOf(who, path), path, leaf: leaves[i as number] }), def.mirror(leaves.map((_, i) => i)));
  return places;
}

/** What a tree stores. @throws TreeError for keys that make no names. */
export function storedOf(who: string, tree: unknown): Stored {
  const tensors = new Map<string, Tensor>();
  const ties = new Map<string, string>();
  const firsts = new Map<unknown, string>();
  for (const { name: place, path, leaf } of namedLeaves(who, tree)) {
    const form = storable(leaf, path);
    if (form === null) continue;
    const name = fullName(place, form);
    if (tensors.has(name) || ties.has(name)) throw new TreeError(`${who}: two leaves would both be called ${name}. Rename the key of one.`);
    const first = typeof leaf === "object" ? firsts.get(leaf) : undefined;
    if (first !== undefined) ties.set(name, first);
    else {
      firsts.set(leaf, name);
      tensors.set(name, form.x);
    }
  }
  return { tensors, ties };
}

/** Whose words an error is in: `load: the file does not fit the template: …`. */
export interface Fitting {
  readonly who: string;
  readonly source: string;
  readonly target: string;
}

/**
 * A tree like the template with what is stored. All of it must have its place, and every place must be filled.
 * @throws TreeError that lists what does not fit.
 */
export function fit<T>({ who, source, target }: Fitting, template: T, { tensors, ties }: Stored): T {
  const problems: string[] = [];
  const rules: string[] = []; // of optimisers, that differ: what else does follows from that
  const unused = new Set([...tensors.keys(), ...ties.keys()]);
  const values = new Map<string, unknown>();
  const firsts = new Map<unknown, { readonly name: string; readonly value: unknown }>();
  const owners = new Map<string, string>();
  for (const { name: place, path, leaf } of namedLeaves(who, template)) {
    const form = storable(leaf, path);
    if (form === null) continue;
    const name = fullName(place, form);
    const origin = ties.get(name) ?? name;
    const x = tensors.get(origin);
    unused.delete(name);
    const tied = typeof leaf === "object" ? firsts.get(leaf) : undefined; // where the template has this array already
    const owner = owners.get(origin); // where the source has it already
    const where = name === "" ? "the root" : name;
    if (x === undefined && typeof leaf === "string" && isRuleName(leaf, path)) {
      const other = [...unused].find((stored) => stored.startsWith(`${place}.`));
      rules.push(`${place} is ${other?.slice(place.length + 1) ?? "not"} in ${source} and ${leaf} in ${target}`);
    } else if (x === undefined) problems.push(`${where} is missing: ${target} has ${kind(form.x)} there`);
    else if (kind(x) !== kind(form.x)) problems.push(`${where} is ${kind(x)} in ${source} and ${kind(form.x)} in ${target}`);
    else if (tied?.name !== owner) problems.push(`${where} is the array of ${tied?.name ?? owner} in ${tied ? target : source}, and another one in ${tied ? source : target}`);
    const value = tied?.value ?? (x && kind(x) === kind(form.x) ? form.restore(x) : leaf);
    values.set(place, value);
    if (tied === undefined) firsts.set(leaf, { name, value });
    if (owner === undefined) owners.set(origin, name);
  }
  for (const name of unused) problems.push(`${name === "" ? "the root" : name} is nowhere in ${target}`);
  const told = rules.length > 0 ? rules : problems;
  if (told.length > 0) throw new TreeError(`${who}: ${source} does not fit ${target}:\n${list(told)}`);
  return fmapWithPath((path, leaf) => {
    const name = nameOf(who, path);
    return values.has(name) ? values.get(name) : leaf;
  }, template);
}

/**
 * The keys of a path, joined by dots: `layers.0.weight`. In a key, `.` is written `%2E`, `%` is `%25`; the empty key is
 * `%`; and `__metadata__`, which the format keeps for itself, `%5F_metadata__`.
 */
function nameOf(who: string, path: readonly unknown[]): string {
  const name = path.map((key) => {
    if (typeof key === "object" || typeof key === "function" || typeof key === "symbol") {
      throw new TreeError(`${who}: a Map has a key that is no string or number, of which no name can be made.`);
    }
    return key === "" ? "%" : String(key).replaceAll("%", "%25").replaceAll(".", "%2E");
  });
  return name.length === 1 && name[0] === reserved ? `%5F${reserved.slice(1)}` : name.join(".");
}

function fullName(name: string, { suffix }: Storable): string {
  return suffix === undefined ? name : name === "" ? suffix : `${name}.${suffix}`;
}

function kind(x: Tensor): string {
  return `${x.dtype}[${x.shape.join(", ")}]`;
}

function list(problems: readonly string[]): string {
  const shown = 50;
  const lines = problems.slice(0, shown).map((problem) => `- ${problem}`);
  return [...lines, ...(problems.length > shown ? [`- and ${problems.length - shown} more`] : [])].join("\n");
}
