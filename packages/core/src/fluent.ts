import type { DType } from "./dtype.js";
import * as ops from "./ops/all.js";
import * as primitives from "./primitives/all.js";
import { Tensor, type Value } from "./tensor.js";

/** The functions of core on tensors, by name. */
type Functions = typeof primitives & typeof ops;

/** Functions that are not methods: a new one is named here, or its first argument is the tensor it is called on. */
type NotMethods = "concat" | "convFilter" | "einsum" | "polygamma" | "poolAtMax" | "stack" | "unpoolAtMax" | "unslice" | "where" | "whereSafe";

/** Why they are not. */
export const notMethods: Readonly<Record<NotMethods, string>> = {
  concat: "takes an array of tensors",
  convFilter: "is the transpose of conv in its kernel, for rules",
  einsum: "its first argument is the specification",
  polygamma: "its first argument is the order",
  poolAtMax: "is the derivative of maxPool, for rules",
  stack: "takes an array of tensors",
  unpoolAtMax: "is the transpose of poolAtMax, for rules",
  unslice: "is the transpose of slice, for rules",
  where: "its first argument is the condition",
  whereSafe: "its first argument is the condition",
};

/** A function without its first argument. Called on a tensor, what gives a number for a number gives a tensor. */
export type Method<F> = F extends (x: never, ...rest: infer Rest extends readonly unknown[]) => infer R
  ? (...rest: Rest) => [R] extends [Value] ? Tensor : R
  : never;

/** `x.mul(2)` is `mul(x, 2)`, for every function whose first argument is a tensor. */
export type Methods = {
  // Only the function casts to "number", which is no tensor.
  readonly [K in keyof Functions as Exclude<K, NotMethods>]: K extends "cast" ? (to: DType) => Tensor : Method<Functions[K]>;
};

declare module "./tensor.js" {
  interface Tensor extends Methods {}
}

for (const [name, f] of Object.entries<Function>({ ...primitives, ...ops })) {
  if (name in notMethods) continue;
  define(name, function (this: Tensor, ...rest: unknown[]): unknown {
    return f(this, ...rest);
  });
}

// As console.log shows a tensor in Node.
define(Symbol.for("nodejs.util.inspect.custom"), function (this: Tensor): string {
  return this.toString();
});

function define(name: string | symbol, value: Function): void {
  Object.defineProperty(Tensor.prototype, name, { value, configurable: true, writable: true });
}
