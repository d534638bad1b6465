import { AutodiffError, ShapeError } from "../errors.js";
import { showShape, type Shape } from "../shape.js";

/** What an Einstein specification says of given shapes: one label for each axis. */
export interface Subscripts {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * Reads "ij,jk->ik". An axis under an ellipsis gets a number as label, counted from the front of the longest one, so that
 * the last axes align; such an axis of length 1 is labelled "" where it broadcasts.
 */
export function readSubscripts(spec: string, shapes: readonly Shape[]): Subscripts {
  const [left, right, ...more] = spec.replaceAll(" ", "").split("->");
  if (more.length > 0) throw new AutodiffError(`einsum: "${spec}" has more than one "->".`);
  const terms = left!.split(",");
  if (terms.length !== shapes.length) {
    throw new AutodiffError(`einsum: "${spec}" describes ${count(terms.length, "operand")}, got ${shapes.length}.`);
  }
  const parsed = terms.map((term) => letters(spec, term));
  const hidden = parsed.map(({ names, dots }, i) => {
    const rank = shapes[i]!.length;
    if (dots === null ? names.length !== rank : names.length > rank) {
      throw new ShapeError(
        `einsum: "${terms[i]}" names ${count(names.length, "axis", "axes")}, but operand ${i + 1} has shape ${showShape(shapes[i]!)}.`,
      );
    }
    return rank - names.length;
  });
  const longest = Math.max(0, ...hidden);

  const lengths = new Map<string, number>();
  const labelled = parsed.map(({ names, dots }, i) => {
    const under = Array.from({ length: hidden[i]! }, (_, k) => String(longest - hidden[i]! + k));
    const labels = dots === null ? names : [...names.slice(0, dots), ...under, ...names.slice(dots)];
    labels.forEach((label, axis) => agree(lengths, label, shapes[i]![axis]!, i));
    return labels;
  });
  const inputs = labelled.map((labels, i) => labels.map((l, axis) => (isHidden(l) && shapes[i]![axis] === 1 && lengths.get(l) !== 1 ? "" : l)));
  const ellipsis = Array.from({ length: longest }, (_, k) => String(k));
  return { inputs, output: right === undefined ? implied(inputs, ellipsis) : stated(spec, right, lengths, ellipsis), lengths };
}

/** A term's letters, and before which of them its ellipsis stands. */
function letters(spec: string, term: string): { names: string[]; dots: number | null } {
  const at = term.indexOf("...");
  const names = (at < 0 ? term : term.slice(0, at) + term.slice(at + 3)).split("");
  const wrong = names.find((name) => !/[a-zA-Z]/.test(name));
  if (wrong !== undefined) throw new AutodiffError(`einsum: "${wrong}" in "${spec}": an index is a letter, and a term has at most one "...".`);
  return { names, dots: at < 0 ? null : at };
}

function agree(lengths: Map<string, number>, label: string, n: number, operand: number): void {
  const known = lengths.get(label);
  if (known === undefined || (isHidden(label) && known === 1)) lengths.set(label, n);
  else if (known !== n && !(isHidden(label) && n === 1)) {
    const which = isHidden(label) ? `axis ${label} of the ellipsis` : `index ${label}`;
    throw new ShapeError(`einsum: ${which} has length ${n} in operand ${operand + 1}, and ${known} before it.`);
  }
}

function isHidden(label: string): boolean {
  return label < "A";
}

/** Without "->": the ellipsis, then the letters that occur once, in alphabetical order. */
function implied(inputs: readonly (readonly string[])[], ellipsis: readonly string[]): string[] {
  const names = inputs.flat().filter((label) => !isHidden(label));
  return [...ellipsis, ...names.filter((name) => names.indexOf(name) === names.lastIndexOf(name)).sort((a, b) => (a < b ? -1 : 1))];
}

function stated(spec: string, right: string, lengths: ReadonlyMap<string, number>, ellipsis: readonly string[]): string[] {
  const { names, dots } = letters(spec, right);
  for (const [i, name] of names.entries()) {
    if (!lengths.has(name)) throw new AutodiffError(`einsum: index ${name} of the result is in no operand of "${spec}".`);
    if (names.indexOf(name) !== i) throw new AutodiffError(`einsum: index ${name} stands twice in the result of "${spec}".`);
  }
  if (dots === null && ellipsis.length > 0) {
    throw new AutodiffError(`einsum: "${spec}" has ${count(ellipsis.length, "axis", "axes")} under the ellipsis, and the result none. Add "..." to it.`);
  }
  return dots === null ? names : [...names.slice(0, dots), ...ellipsis, ...names.slice(dots)];
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
