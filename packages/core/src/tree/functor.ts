import { isADType } from "../adtypes.js";
import { TreeError } from "../errors.js";
import { RandomGenerator } from "../random.js";
import { describe, Tensor } from "../tensor.js";
import { ArrayForm, FunctorForm, MapForm, ObjectForm, typeName, type Form } from "./forms.js";
import { isVendorLeaf } from "./vendor.js";

/**
 * The key of the method by which a type says its own children. They lie in an array, a plain object or a Map, whose
 * keys are those of the gradient; `rebuild` takes the like with other values. Null says that it is a leaf.
 *
 * @example
 * class Scaled {
 *   #unit = "m";
 *   constructor(readonly x: Tensor) {}
 *   [functor]() {
 *     return { children: { x: this.x }, rebuild: ({ x }) => new Scaled(x) };
 *   }
 * }
 */
export const functor: unique symbol = Symbol.for("@polyad/core/functor") as typeof functor;

/** A type that says its own children. */
export interface Functor<C extends object = object> {
  [functor](): Parts<C> | null;
}

/** Children, and a value of the same type with others in their place. */
export interface Parts<C extends object> {
  readonly children: C;
  rebuild(children: C): object;
  /** The type's name in messages, where it is not the class's. */
  readonly kind?: string;
}

/**
 * Makes instances of a class inert leaves: they pass through unchanged, and their gradient is null.
 *
 * @example
 * class Tokenizer {
 *   words = ["a", "b"];
 * }
 * leaf(Tokenizer);
 * flatten(new Tokenizer()).leaves.length // 1
 */
export function leaf(type: { readonly prototype: object }): void {
  Object.defineProperty(type.prototype, functor, { value: () => null, configurable: true });
}

leaf(RandomGenerator); // the words of its state are no parameters

/** A container taken apart. */
export interface Opened {
  readonly form: Form;
  readonly children: readonly unknown[];
}

/**
 * Takes a container apart; null for a leaf. Containers are arrays, plain objects, Maps, instances of classes (by their
 * own enumerable properties) and what has `functor`, as layers do. Everything else is a leaf.
 */
export function open(x: unknown): Opened | null {
  if (typeof x === "object") {
    if (x === null || x instanceof Tensor) return null;
    if (Array.isArray(x)) return openArray(x);
    return openObject(x);
  }
  return typeof x === "function" && functor in x ? openFunctor(x as Functor & Function) : null;
}

/** Whether x has no children: numbers, tensors, typed arrays, and whatever passes through trees unchanged. */
export function isLeaf(x: unknown): boolean {
  return open(x) === null;
}

function openArray(x: readonly unknown[]): Opened {
  const prototype: object = Object.getPrototypeOf(x);
  return { form: new ArrayForm(x.length, prototype === Array.prototype ? null : prototype), children: x };
}

function openObject(x: object): Opened | null {
  const prototype: object | null = Object.getPrototypeOf(x);
  const plain = prototype === Object.prototype || prototype === null;
  if ((!plain && ArrayBuffer.isView(x)) || isVendorLeaf(x)) return null;
  if (functor in x) return openFunctor(x as Functor);
  if (x instanceof Map) return openMap(x, prototype!);
  if (plain ? isADType(x) : isNative(prototype)) return null;
  const keys = Object.keys(x);
  // An instance that keeps everything in private fields could not be rebuilt.
  if (!plain && keys.length === 0) return null;
  return { form: new ObjectForm(keys, prototype, hiddenOf(x, keys.length)), children: Object.values(x) };
}

function openMap(x: ReadonlyMap<unknown, unknown>, prototype: object): Opened {
  return { form: new MapForm([...x.keys()], prototype), children: [...x.values()] };
}

function openFunctor(x: Functor): Opened | null {
  const parts = x[functor]();
  if (parts === null) return null;
  const opened = open(parts.children);
  if (opened === null) {
    throw new TreeError(`functor: the children of ${describe(x)} must be in an array, a plain object or a Map, got ${describe(parts.children)}.`);
  }
  const form = new FunctorForm(parts.kind ?? typeName(Object.getPrototypeOf(x)), opened.form, (children) => parts.rebuild(children));
  return { form, children: opened.children };
}

/** Own properties that are not enumerable strings, if there are any. */
function hiddenOf(x: object, visible: number): PropertyDescriptorMap | null {
  if (Object.getOwnPropertyNames(x).length === visible && Object.getOwnPropertySymbols(x).length === 0) return null;
  const hidden: PropertyDescriptorMap = {};
  for (const key of Reflect.ownKeys(x)) {
    const descriptor = Object.getOwnPropertyDescriptor(x, key)!;
    if (typeof key === "symbol" || !descriptor.enumerable) hidden[key as string] = descriptor;
  }
  return hidden;
}

const native = new WeakMap<object, boolean>();

/** Whether a class is or extends one of the host's own (Date, Promise, Map, Error, …): these hide state in slots. */
function isNative(prototype: object): boolean {
  let answer = native.get(prototype);
  if (answer === undefined) {
    answer = fromHost(prototype);
    native.set(prototype, answer);
  }
  return answer;
}

function fromHost(prototype: object): boolean {
  const above: object | null = Object.getPrototypeOf(prototype);
  if (above === null) return false; // the root of another realm's objects
  if (above !== Object.prototype) return fromHost(above);
  const { constructor } = prototype;
  return Object.hasOwn(prototype, "constructor") && /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor));
}
