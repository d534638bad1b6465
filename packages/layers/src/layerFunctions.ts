import { AutodiffError, ShapeError, Tensor, type Value } from "@polyad/core";
import { showActivation } from "./show.js";

/** Any function is a layer. `Function` takes all of them, and the other half gives a lambda's x its type. */
export type LayerFunction = Function | ((x: Value) => unknown);

/** The like where x is a tensor, as it is inside of a network. */
export type OnTensors = Function | ((x: Tensor) => unknown);

/** What joins results to one: it is given all of them, or, if it takes two, is folded over them. */
export type Connection = Function | ((...ys: readonly Tensor[]) => unknown);

/** A layer's arguments. */
export type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;

/** A layer's result. Of overloads, as ops have them, the last speaks. */
export type Result<F> = F extends (...args: never[]) => infer R ? R : never;

/** What a layer gives for a tensor: where one of its overloads says that it is a tensor, that. */
export type OnTensor<F> = F extends (x: Tensor) => Tensor ? Tensor : Result<F>;

/** What comes after f must take this: nothing in particular as long as the compiler does not know what a lambda f gives. */
export type Passed<F> = unknown extends OnTensor<F> ? never : OnTensor<F>;

/** What a layer gives for an X. */
export type Gives<F, X> = X extends Tensor ? OnTensor<F> : Result<F>;

/** What joins the results Y to one gives: on tensors, as ops say it in an overload of their own, a tensor. */
export type Joined<C, Y> = [Y] extends [Tensor] ? (C extends (a: Tensor, b: Tensor) => Tensor ? Tensor : Result<C>) : Result<C>;

/** One input for all layers, or each its own. */
export type Inputs<L extends readonly unknown[]> = Arguments<L[number]> | { -readonly [K in keyof L]: Arguments<L[K]>[0] };

/** A layer's function, whatever its types. */
export type Fn = (...args: unknown[]) => unknown;

/** Layers in a list, or with names. */
export type Fns = readonly Fn[] | Readonly<Record<string, Fn>>;

/** Layers as a container was given them: several arguments, or one object with names. */
export function layersFrom(kind: string, given: readonly unknown[]): Fns {
  const [first] = given;
  const named = given.length === 1 && typeof first === "object" && first !== null && !Array.isArray(first);
  const layers = named ? { ...first } : given;
  for (const [key, layer] of Object.entries(layers)) {
    checkFunction(kind, `layer ${key}`, layer);
    if (named && /^\d+$/.test(key)) throw new AutodiffError(`${kind}: the name of a layer must not be a whole number, got ${key}: JavaScript would put it before the others.`);
  }
  return layers as Fns;
}

/** @throws AutodiffError unless a part is a function. */
export function checkFunction(kind: string, what: string, part: unknown): void {
  if (typeof part === "function" && !("from" in part && typeof part.from === "function")) return;
  if (typeof part === "function") throw new AutodiffError(`${kind}: ${what} is ${part.name}, which makes a layer and is none. Call it: ${part.name}(…).`);
  const [got, hint] = Array.isArray(part) ? ["an array", ` Write ${kind}(...layers).`] : [part === null || typeof part === "object" ? "an object" : String(part), ""];
  throw new AutodiffError(`${kind}: expected a layer or function as ${what}, got ${got}.${hint}`);
}

/** The layers themselves, in order. */
export function listOf(layers: Fns): readonly Fn[] {
  return Array.isArray(layers) ? (layers as readonly Fn[]) : Object.values(layers);
}

/**
 * A layer's result inside of a container.
 * @throws ShapeError for sizes that do not fit; the message names the layer.
 */
export function callPart(kind: string, layers: Fns, i: number, args: readonly unknown[]): unknown {
  const f = listOf(layers)[i]!;
  if (typeof f !== "function") checkFunction(kind, `layer ${Object.keys(layers)[i]}`, f); // from() does not look
  try {
    return f(...args);
  } catch (error) {
    if (!(error instanceof ShapeError) || error.message.startsWith("layer ")) throw error;
    throw new ShapeError(`layer ${Object.keys(layers)[i]} of ${kind}, ${showActivation(f)}: ${error.message}`, { cause: error });
  }
}

/**
 * One result from several: by a function of all of them, or of two, which is folded over them.
 * @throws AutodiffError for an op of another number of operands, which would leave results out.
 */
export function join(kind: string, connection: Fn, ys: readonly unknown[]): unknown {
  const parts = { connection };
  const arity = "arity" in connection ? connection.arity : undefined; // of an op such as add, whose length does not tell
  if (arity === 2 || connection.length === 2) return ys.reduce((a, b) => callPart(kind, parts, 0, [a, b]));
  if (arity === undefined || arity === ys.length) return callPart(kind, parts, 0, ys);
  throw new AutodiffError(`layer ${kind}: the connection is to join ${ys.length} results, and ${connection.name} does not take as many.`);
}

/**
 * What each of n layers gets: the one input, or each its own. An array of tensors, as a layer before may give, is several
 * inputs; one of numbers is a vector.
 *
 * @throws ShapeError for another number of them.
 */
export function inputsFor(kind: string, n: number, args: readonly unknown[]): readonly unknown[] {
  const [first] = args;
  const several = args.length === 1 && Array.isArray(first) && first.length > 0 && first.every((x) => x instanceof Tensor && !x.weak);
  const inputs = several ? (first as readonly unknown[]) : args;
  if (inputs.length === 1) return new Array<unknown>(n).fill(inputs[0]);
  if (inputs.length === n) return inputs;
  throw new ShapeError(`layer ${kind} expects one input for all of its ${n} layers, or one for each, got ${inputs.length}.`);
}
