import { AutodiffError } from "../errors.js";
import { describe } from "../tensor.js";
import type { Layer, TracedFields } from "../types.js";
import { functor, type Parts } from "./functor.js";
import { printsAsString, showField } from "./print.js";
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
 *   (nIn: number, nOut: number) => ({ W: randn([nOut, nIn]), b: zeros([nOut]) }),
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
  call: (self: TracedFields<F>, ...args: A) => R,
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
  call: (self: TracedFields<F>, ...args: A) => R,
  options: LayerOptions<F> = {},
): Layer<F, A, R> {
  return layerType("callable", call, options).make(fields);
}

/** Whether x is a layer: a function with fields. */
export function isLayer(x: unknown): x is AnyLayer {
  return typeof x === "function" && layerPrototype.isPrototypeOf(x);
}

interface LayerType<F extends object, A extends unknown[], R> {
  readonly prototype: Layer<F, A, R>;
  make(fields: F): Layer<F, A, R>;
}

const layerPrototype: object = Object.create(Function.prototype);

/** What the layers of a type share is on their prototype; own properties are fields. */
function layerType<F extends object, A extends unknown[], R>(
  kind: string,
  call: (self: TracedFields<F>, ...args: A) => R,
  { show, trainable: trained }: LayerOptions<F>,
): LayerType<F, A, R> {
  const prototype: object = Object.create(layerPrototype);
  const fieldsOf = (layer: object): F => ({ ...layer }) as F;
  const hidden = {
    [functor](this: object): Parts<F> {
      return { children: fieldsOf(this), rebuild: make, kind };
    },
    toString(this: object): string {
      const fields = fieldsOf(this);
      if (show) return show(fields);
      return `${kind}(${Object.entries(fields).map(([key, value]) => `${key}: ${showField(value)}`).join(", ")})`;
    },
    name: kind,
    [trainable]: trained,
  };
  for (const key of Reflect.ownKeys(hidden)) Object.defineProperty(prototype, key, { value: Reflect.get(hidden, key), configurable: true });
  printsAsString({ prototype });

  function make(given: F): Layer<F, A, R> {
    if (typeof given !== "object" || given === null) {
      throw new AutodiffError(`${kind}: expected an object of fields, got ${describe(given)}.`);
    }
    const fields: F = { ...given };
    let plain: boolean | undefined;
    const layer = (...args: A): R => {
      let self: object = fields;
      if (plain !== true) {
        self = seenFields(fields);
        plain ??= self === fields;
      }
      return call(self as TracedFields<F>, ...args);
    };
    Reflect.deleteProperty(layer, "name");
    Reflect.deleteProperty(layer, "length");
    for (const key of Object.keys(fields)) Object.defineProperty(layer, key, { value: Reflect.get(fields, key), enumerable: true });
    return Object.preventExtensions(Object.setPrototypeOf(layer, prototype)) as Layer<F, A, R>;
  }
  return { prototype: prototype as Layer<F, A, R>, make };
}
