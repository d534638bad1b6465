import { isLayer, sigmoid } from "@polyad/core";
import { shownLayers } from "@polyad/core/extend";
import { identity } from "./identity.js";
import type { Activation } from "./match.js";
import { arraysOf, elementCount, elementsOf, summarySize, type Arrays } from "./size.js";

/**
 * How models print. A layer says its head in one line (`show` of `defineLayer`); a container is a layer that says
 * several, one for each of its parts. Nothing else tells them apart, so own layers print like these.
 */

/** How far the parts of the container that is being shown are indented; 0 outside of all. */
let margin = 0;

/**
 * `Chain(`, a line for each part, `)`; after the outermost one what all of it holds. In one line where no part is a layer.
 * Parts in an object are shown with their names, except for those that come before. For `show` of own containers.
 *
 * @example
 * const Twice = defineLayer("Twice", (layer) => ({ layer }), (self, x) => self.layer(self.layer(x)), {
 *   show: ({ layer }) => showContainer("Twice", [layer]),
 * });
 * String(Twice(Dense(2, 2)))
 * // Twice(
 * //   Dense(2 => 2),                        # 6 parameters
 * // )
 */
export function showContainer(kind: string, parts: Readonly<Record<string, unknown>> | readonly unknown[], ...before: readonly unknown[]): string {
  const own = Object.entries(parts).map(([key, part]) => ({ part, name: Array.isArray(parts) ? "" : `${key} = ` }));
  const entries = [...before.map((part) => ({ part, name: "" })), ...own];
  if (!entries.some(({ part }) => isLayer(part))) return `${kind}(${entries.map(({ part, name }) => name + showPart(part)).join(", ")})`;
  const outer = margin;
  margin += 2;
  try {
    const lines = entries.map(({ part, name }) => showLine(name, part));
    const end = outer === 0 && shownLayers() <= 1 ? `)${showTotal(entries.map(({ part }) => part))}` : `${" ".repeat(outer)})`;
    return [`${kind}(`, ...lines, end].join("\n");
  } finally {
    margin = outer;
  }
}

/**
 * What a model is and holds: a container's text, or a single layer's head and number of parameters.
 *
 * @example
 * summary(Dense(1, 20, sigmoid)) // "Dense(1 => 20, σ)   # 40 parameters"
 */
export function summary(model: unknown): string {
  const text = showPart(model);
  if (!text.includes("\n")) return withComment(text, 20 - text.length, showArrays(arraysOf(model), " non-trainable"));
  return text.includes("# Total: ") ? text : text + showTotal(model);
}

/**
 * A function by its name; the sigmoid is σ. For `show` of own layers.
 *
 * @example
 * [sigmoid, relu].map(showActivation) // ["σ", "relu"]
 */
export function showActivation(f: Function): string {
  if (f === sigmoid) return "σ";
  return f.name === "" ? "(anonymous)" : f.name;
}

/** `Dense(2 => 3, relu, bias=false)`: a layer's head, in which the usual is left out. */
export function showHead(kind: string, sizes: string, activation: Activation, hasBias = true, usual: Activation = identity): string {
  const parts = [sizes, ...(activation === usual ? [] : [showActivation(activation)]), ...(hasBias ? [] : ["bias=false"])];
  return `${kind}(${parts.join(", ")})`;
}

function showPart(part: unknown): string {
  if (typeof part === "function" && !isLayer(part)) return showActivation(part);
  const text = String(part);
  return text === "[object Object]" ? ((part as object).constructor as Function | undefined)?.name ?? "Object" : text;
}

function showLine(name: string, part: unknown): string {
  const text = `${" ".repeat(margin)}${name}${showPart(part)},`;
  return text.includes("\n") ? text : withComment(text, 40 - text.length, showArrays(arraysOf(part), ""));
}

function withComment(text: string, space: number, comment: string): string {
  return comment === "" ? text : `${text}${" ".repeat(Math.max(2, space))}# ${comment}`;
}

/** `128 parameters, plus 128  (all zero)` */
function showArrays({ trained, others }: Arrays, kind: string): string {
  if (trained.length === 0) return "";
  const plus = others.length === 0 ? "" : `, plus ${grouped(elementCount(others))}${kind}`;
  return `${grouped(elementCount(trained))} parameters${plus}${warning(trained)}`;
}

/** What the last line says, if there are more than two arrays. */
function showTotal(model: unknown): string {
  const { trained, others } = arraysOf(model);
  if (trained.length <= 2) return "";
  const parameters = `${grouped(elementCount(trained))} parameters`;
  const bytes = showBytes(summarySize(model));
  if (others.length === 0) return `${" ".repeat(19)}# Total: ${trained.length} arrays, ${parameters}, ${bytes}.`;
  return (
    `${" ".repeat(9)}# Total: ${trained.length} trainable arrays, ${parameters},\n` +
    `${" ".repeat(10)}# plus ${others.length} non-trainable, ${grouped(elementCount(others))} parameters, summarysize ${bytes}.`
  );
}

/** What is suspicious about parameters, if they can be read. */
function warning(arrays: Arrays["trained"]): string {
  let [zero, finite] = [true, true];
  for (const array of arrays) {
    const elements = elementsOf(array);
    if (elements === null) return "";
    for (let i = 0; i < elements.length; i++) {
      const x = elements[i]!;
      if (x === 0) continue;
      if (Number.isNaN(x)) return "  (some NaN)";
      zero = false;
      finite &&= Number.isFinite(x);
    }
  }
  return zero ? "  (all zero)" : finite ? "" : "  (some Inf)";
}

/** 1628170 as 1_628_170 */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "_");
}

function showBytes(n: number): string {
  if (n < 1024) return `${n} bytes`;
  const power = Math.min(3, Math.floor(Math.log2(n) / 10));
  return `${(n / 1024 ** power).toFixed(3)} ${["KiB", "MiB", "GiB"][power - 1]}`;
}
