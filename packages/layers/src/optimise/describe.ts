import { Tensor } from "@polyad/core";

/** What a value is, for messages. */
export function describe(x: unknown): string {
  if (x instanceof Tensor) return `${x.dtype}[${x.shape.join(", ")}]`;
  if (x instanceof Float64Array || x instanceof Float32Array) return `${x instanceof Float64Array ? "float64" : "float32"}[${x.length}]`;
  if (Array.isArray(x)) return x.length <= 4 && x.every((v) => typeof v === "number") ? `[${x.join(", ")}]` : `an array of length ${x.length}`;
  if (typeof x === "function") return x.name === "" ? "a function" : `the function ${x.name}`;
  if (typeof x !== "object" || x === null) return typeof x === "string" ? JSON.stringify(x) : String(x);
  const { name } = (Object.getPrototypeOf(x) as object | null)?.constructor ?? Object;
  return name === "Object" ? "a plain object" : `an instance of ${name}`;
}

/** What follows where something else came than a rule. */
export function notARule(x: unknown): string {
  return `got ${describe(x)}.${typeof x === "function" ? " Rules are called: Adam(), not Adam." : ""}`;
}
