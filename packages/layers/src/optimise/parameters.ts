import { add, AutodiffError, flatten, fmapWith, identityOf, reshape, ShapeError, trainableLeaves, TreeError, type Tensor } from "@polyad/core";
import { unrecorded } from "@polyad/core/extend";
import { tensorOf } from "../arrays.js";
import { describe } from "./describe.js";
import { isParameterState, isTrainableArray, type ParameterState } from "./parameterState.js";

/** What belongs to an array of the model. */
export interface Parameter {
  /** At the first of its places. */
  readonly leaf: unknown;
  readonly node: ParameterState;
  /** The sum of its gradients at the places where it lies; null where it has none. */
  readonly dx: Tensor | null;
}

/**
 * The arrays of the model that are trained, each once, with the node at the first of its places and the sum of its
 * gradients at all of them.
 * @throws TreeError or ShapeError, with the path, where state or gradient do not fit.
 */
export function parametersOf(state: unknown, model: unknown, grad: unknown): Map<unknown, Parameter> {
  const leaves = flatten(model).leaves;
  const nodes = opposite("state", model, leaves.length, state);
  const gradients = opposite("gradient", model, leaves.length, grad);
  const trained = new Set(trainableLeaves(model).map(({ index }) => index));
  const parameters = new Map<unknown, Parameter>();
  leaves.forEach((leaf, i) => {
    const at = (): string => showPath(flatten(model).def.paths[i]!);
    const x = trained.has(i) && isTrainableArray(leaf) ? tensorOf(leaf) : null;
    if (x === null) return noNode(nodes[i], at);
    const node = nodeOf(x, nodes[i], at);
    const dx = gradientOf(leaf, x, gradients[i], at);
    const array = identityOf(leaf);
    const known = parameters.get(array);
    parameters.set(array, known === undefined ? { leaf, node, dx } : { ...known, dx: plus(known.dx, dx) });
  });
  return parameters;
}

function plus(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a === null || b === null ? (a ?? b) : add(a, b);
}

/** What a tree has at each leaf of the model; null for what lies below a null. @throws TreeError unless the structures fit. */
function opposite(what: string, model: unknown, count: number, tree: unknown): readonly unknown[] {
  const found: unknown[] = [];
  try {
    fmapWith({ cache: null }, (_leaf, other) => void found.push(other ?? null), model, tree);
  } catch (error) {
    throw error instanceof TreeError ? misfit(what, model, tree) : error;
  }
  const present = (x: unknown): boolean => x !== null && x !== undefined;
  const given = flatten(tree, isParameterState).leaves.filter(present).length;
  if (found.length !== count || given !== found.filter(present).length) throw misfit(what, model, tree);
  return found;
}

/** Where the structures of the model and of a tree that should be like it differ. */
function misfit(what: string, model: unknown, tree: unknown): TreeError {
  const expected = new Set(flatten(model).def.paths);
  const { leaves, def } = flatten(tree, isParameterState);
  const got = new Map(def.paths.map((path, i) => [path, leaves[i]]));
  const skipped = [...got].filter(([, leaf]) => leaf === null || leaf === undefined).map(([path]) => path);
  const missing = [...expected].find((path) => !got.has(path) && !skipped.some((above) => path.startsWith(above)));
  const extra = [...got.keys()].find((path) => !expected.has(path) && !skipped.includes(path));
  const where = missing !== undefined ? `has nothing at ${showPath(missing)}` : `has something at ${showPath(extra ?? "")}, where the model has nothing`;
  const hint = what === "state" ? "It must come from setup(rule, model) of this model." : "It must be like the model, with null for parts that take no step.";
  return new TreeError(`update: the ${what} ${where}. ${hint}`);
}

function nodeOf(x: Tensor, node: unknown, at: () => string): ParameterState {
  const array = describe(x);
  if (isParameterState(node) && node.array === array) return node;
  const got = isParameterState(node) ? `that of ${node.array}` : "none";
  throw new TreeError(`update: expected the state of ${array} at ${at()}, got ${got}. Is it the state of another model? Make it with setup(rule, model).`);
}

function noNode(node: unknown, at: () => string): void {
  if (node === null) return;
  throw new TreeError(`update: there is a state at ${at()}, where the model has nothing to train. Is it the state of another model? Make it with setup(rule, model).`);
}

/** The gradient of an array at one place as a tensor; null for none. Typed arrays, as in buffers, serve tensors too. */
function gradientOf(leaf: unknown, x: Tensor, given: unknown, at: () => string): Tensor | null {
  if (given === null) return null;
  const recorded = tensorOf(given);
  const flat = recorded === null ? null : unrecorded(recorded); // a step is not differentiated, and a record keeps all that led to it
  const dx = ArrayBuffer.isView(given) && flat !== null && flat.size === x.size ? reshape(flat, x.shape) : flat;
  if (dx === null || describe(dx) !== describe(x)) {
    throw new ShapeError(`update: expected a gradient ${describe(x)} at ${at()}, got ${describe(given)}.`);
  }
  if (!ArrayBuffer.isView(leaf) && dx.device !== x.device) {
    throw new AutodiffError(`update: the array at ${at()} lives on ${x.device.name} and its gradient on ${dx.device.name}. Move one with toDevice.`);
  }
  return dx;
}

function showPath(path: string): string {
  return path === "" ? "the root" : path;
}
