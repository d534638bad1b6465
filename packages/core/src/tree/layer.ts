import { AutodiffError } from "../errors.js";
import { describe } from "../tensor.js";
import type { Layer, TracedFields } from "../types.js";
import { Const, isConst } from "./activity.js";
import { functor, type Parts } from "./functor.js";
import { printsAsString, showFields } from "./print.js";
import { seenFields } from "./seen.js";
import { trainable } from "./trainable.js";

export interface LayerOptions<F extends object> {
  /** How a layer prints; `Name(field: …, field: …)` unless said. */
  show?(fields: F): string;
  /** The fields that are trained; all unless said. */
  readonly trainable?: readonly (keyof F & string)[];
}

/** Makes layers of one type. `layer instanceof Constructor` holds. */
export interface LayerConstructor<C extends unknown[], F extends object, A extends unknown[], R> {
  (...config: C): Layer<F, A, R>;
  /** A layer around given fields. */
  from(fields: F): Layer<F, A, R>;
  readonly prototype: Layer<F, A, R>;
}

/** A layer of whatever fields and signature. */
export type AnyLayer = Layer<object, never[], unknown>;

/**
 * Defines a type of layer: a function with fields. `init` makes the fields from a configuration; `call` computes, from
 * the fields as a differentiated function sees them and the arguments.
 *
 * @example
 * const Affine = defineLayer(
 *   "Affine",
 *   (nIn: number, nOut: number) => ({ W: ones([nOut, nIn]), b: zeros([nOut]) }),
 *   (self, x: Tensor) => add(matmul(self.W, x), self.b),
 * );
 * const a = Affine(10, 5);
 * a.W.shape // [5, 10]
 * a(zeros([10])).shape // [5]
 * Affine.from({ W: a.W, b: a.b })
 */
export function defineLayer<C extends unknown[], F extends object, A extends unknown[], R>(
  name: string,
  init: (...config: C) => F,
  call: (self: Readonly<TracedFields<F>>, ...args: A) => R,
  options: LayerOptions<F> = {},
): LayerConstructor<C, F, A, R> {
  const type = layerType(name, call, options);
  const make = Object.defineProperty((...config: C) => type.make(init(...config)), "name", { value: name });
  return Object.assign(make, { from: type.make, prototype: type.prototype });
}

/**
 * An anonymous layer: a closure whose captures can be inspected and differentiated.
 *
 * @example
 * const line = callable({ theta: [1, 2] }, (self, x: Value) => add(self.theta[0]!, mul(self.theta[1]!, x)));
 * gradient((x, p) => p(x), AutoTape(), 5, line) // [2, { theta: [1, 5] }]
 */
export function callable<F extends object, A extends unknown[], R>(
  fields: F,
  call: (self: Readonly<TracedFields<F>>, ...args: A) => R,
  options: LayerOptions<F> = {},
): Layer<F, A, R> {
  return layerType("callable", call, options).make(fields);
}

/** Whether x is a layer: a function with fields. */
export function isLayer(x: unknown): x is AnyLayer {
  return typeof x === "function" && Fields.have(x);
}

let shown = 0;

/** How many layers are being printed, one inside of another. */
export function shownLayers(): number {
  return shown;
}

interface LayerType<F extends object, A extends unknown[], R> {
  readonly prototype: Layer<F, A, R>;
  make(fields: F): Layer<F, A, R>;
}

/** Lets a subclass put private fields on a function instead of a new object. */
class Given {
  constructor(x: object) {
    return x;
  }
}

/** The fields of a layer, kept on it privately: they survive a field called `name`, and are found in no time. */
class Fields extends Given {
  readonly #fields: object;

  constructor(layer: object, fields: object) {
    super(layer);
    this.#fields = fields;
  }

  static of(layer: object): object {
    return (layer as Fields).#fields;
  }

  static have(x: object): boolean {
    return #fields in x;
  }
}

/** What the layers of a type share is on their prototype; own properties are fields. */
function layerType<F extends object, A extends unknown[], R>(
  kind: string,
  call: (self: Readonly<TracedFields<F>>, ...args: A) => R,
  { show, trainable: trained }: LayerOptions<F>,
): LayerType<F, A, R> {
  const shared = {
    [functor](this: object): Parts<F> {
      const fields = Fields.of(this) as F;
      const fixed = Object.keys(fields).filter((key) => isConst(fields[key as keyof F]));
      return { children: fields, rebuild: fixed.length === 0 ? make : (given) => make(marked(given, fixed)), kind };
    },
    toString(this: object): string {
      const fields = Fields.of(this) as F;
      shown++;
      try {
        return show ? show(fields) : `${kind}(${showFields(fields)})`;
      } finally {
        shown--;
      }
    },
    [trainable]: trained,
  };
  const prototype: object = Object.create(Function.prototype);
  for (const key of Reflect.ownKeys(shared)) Object.defineProperty(prototype, key, { value: Reflect.get(shared, key), configurable: true });
  printsAsString({ prototype });

  function make(given: F): Layer<F, A, R> {
    if (typeof given !== "object" || given === null) {
      throw new AutodiffError(`${kind}: expected an object of fields, got ${describe(given)}.`);
    }
    const fields = { ...given };
    let plain: boolean | undefined;
    const { [kind]: layer } = {
      [kind]: (...args: A): R => {
        if (plain === true) return call(fields as Readonly<TracedFields<F>>, ...args);
        const self = seenFields(fields);
        plain ??= self === fields;
        return call(self as Readonly<TracedFields<F>>, ...args);
      },
    };
    return new Fields(own(Object.setPrototypeOf(layer, prototype), fields), fields) as object as Layer<F, A, R>;
  }
  return { prototype: prototype as Layer<F, A, R>, make };
}

/**
 * Fields of which some are constant: around what a differentiated function sees, the marks are put on again. A layer's
 * call takes them off, and an operator inside of that function is to find them.
 */
function marked<F extends object>(fields: F, fixed: readonly string[]): F {
  return Object.fromEntries(Object.entries(fields).map(([key, x]) => [key, fixed.includes(key) && !isConst(x) ? Const(x) : x])) as F;
}

/** Makes fields the own properties of a layer, read only. */
function own(layer: object, fields: object): object {
  const taken = Object.keys(fields).some((key) => key in layer); // a function has some already, not all of them writable
  if (!taken) return Object.freeze(Object.assign(layer, fields));
  for (const [key, value] of Object.entries(fields)) Object.defineProperty(layer, key, { value, enumerable: true });
  return Object.freeze(layer);
}
