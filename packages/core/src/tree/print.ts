import { dtypeOf, isTypedArray } from "../dtype.js";
import { HostTensor, showElements, Tensor } from "../tensor.js";
import { open } from "./functor.js";

/** Makes console.log in Node show instances of a class as `toString` does. */
export function printsAsString(type: { readonly prototype: { toString(): string } }): void {
  const value = function (this: object): string {
    return String(this);
  };
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), { value, configurable: true });
}

/** Up to so many elements are shown. */
const small = 12;

/** A field of a layer in one line: tensors by dtype, shape and a few elements, functions by name. */
export function showField(x: unknown): string {
  if (x instanceof HostTensor) return showArray(x.dtype, x.shape, x.elements);
  if (x instanceof Tensor) return x.trace === null ? `${x.dtype}[${x.shape.join(", ")}] on ${x.device.name}` : x.toString();
  if (isTypedArray(x)) return showArray(dtypeOf(x), [x.length], x);
  if (typeof x === "string") return JSON.stringify(x);
  const opened = open(x);
  if (typeof x === "function") return opened !== null ? String(x) : x.name === "" ? "(anonymous)" : x.name;
  if (opened === null) return nameOf(x);
  const { form, children } = opened;
  const shown = children.slice(0, small).map((child, i) => (Array.isArray(x) ? "" : `${String(form.key(i))}: `) + showField(child));
  const all = [...shown, ...(children.length > small ? ["…"] : [])].join(", ");
  if (Array.isArray(x)) return `[${all}]`;
  return form.kind === "object" ? `{ ${all} }` : `${form.kind}(${all})`;
}

/** What prints itself, or the name of its class. */
function nameOf(x: unknown): string {
  const text = String(x);
  return typeof x === "object" && x !== null && text === "[object Object]" ? x.constructor.name : text;
}

/** `W: float64[5, 10], b: …` */
export function showFields(fields: object): string {
  return Object.entries(fields).map(([key, value]) => `${key}: ${showField(value)}`).join(", ");
}

function showArray(dtype: string, shape: readonly number[], data: ArrayLike<number>): string {
  const head = `${dtype}[${shape.join(", ")}]`;
  return data.length > small ? head : `${head} ${showElements(shape, data)}`;
}
