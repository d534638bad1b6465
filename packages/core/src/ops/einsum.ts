import { asTensor, type Operand } from "../convert.js";
import { cast } from "../primitives/cast.js";
import { matmul } from "../primitives/matmul.js";
import { mul } from "../primitives/mul.js";
import { reshape } from "../primitives/reshape.js";
import { sum } from "../primitives/sum.js";
import { transpose } from "../primitives/transpose.js";
import type { Tensor } from "../tensor.js";
import { diagonalOf } from "./diagonal.js";
import { readSubscripts } from "./subscripts.js";

/** A tensor whose axes have names, each its own. */
interface Named {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Einstein's sum over products: "ij,jk->ik" is Cᵢₖ = Σⱼ Aᵢⱼ Bⱼₖ. One letter for each axis; letters that the result does not
 * name are summed over; a letter twice in one operand takes the diagonal; "..." stands for axes that broadcast. Without
 * "->" the result has the ellipsis and, in alphabetical order, the letters that occur once. Sums over a product run as
 * matrix products; more than two operands are taken two at a time, the pair with the smallest product first. bool counts
 * as int32.
 *
 * @throws ShapeError, naming the index, if its lengths differ or a rank does not fit; AutodiffError for a malformed
 * specification.
 * @example
 * const [A, B] = [tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])];
 * einsum("ij,jk->ik", A, B).toArray() // [[19, 22], [43, 50]]
 * einsum("ii", A).item() // 5
 * einsum("...i,...i->...", A, B).toArray() // [17, 53]
 */
export function einsum(spec: string, ...operands: readonly Operand[]): Tensor {
  const xs = operands.map((operand) => {
    const x = asTensor("einsum", operand);
    return x.dtype === "bool" ? cast(x, "int32") : x;
  });
  const { inputs, output } = readSubscripts(spec, xs.map((x) => x.shape));
  const terms = xs.map((x, i) => withoutTwins(withoutOnes({ x, labels: inputs[i]! })));
  const needed = (others: readonly Named[]): Set<string> => new Set([...output, ...others.flatMap((t) => t.labels)]);

  let rest = terms.map((term) => sumTo(term, needed(terms.filter((t) => t !== term))));
  while (rest.length > 1) {
    const [a, b] = cheapest(rest, needed);
    const others = rest.filter((t) => t !== a && t !== b);
    rest = [...others, contract(a, b, needed(others))];
  }
  const { x, labels } = rest[0]!;
  return transpose(x, output.map((label) => labels.indexOf(label)));
}

/** Axes of length 1 that broadcast have no label, and no part in the sum. */
function withoutOnes({ x, labels }: Named): Named {
  return labels.includes("") ? { x: reshape(x, x.shape.filter((_, i) => labels[i] !== "")), labels: labels.filter((l) => l !== "") } : { x, labels };
}

/** The diagonal of axes that share a label. */
function withoutTwins({ x, labels }: Named): Named {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]!);
  const others = labels.map((_, i) => i).filter((i) => i !== first && i !== second);
  return withoutTwins({ x: diagonalOf("einsum", transpose(x, [...others, first, second]), 0), labels: [...others.map((i) => labels[i]!), labels[first]!] });
}

function sumTo({ x, labels }: Named, needed: ReadonlySet<string>): Named {
  const axis = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return axis.length === 0 ? { x, labels } : { x: sum(x, { axis }), labels: labels.filter((label) => needed.has(label)) };
}

/** The pair whose contraction has the fewest elements. */
function cheapest(terms: readonly Named[], needed: (others: readonly Named[]) => ReadonlySet<string>): readonly [Named, Named] {
  let best: readonly [Named, Named] = [terms[0]!, terms[1]!];
  if (terms.length === 2) return best;
  let least = Infinity;
  for (const [i, a] of terms.entries()) {
    for (const b of terms.slice(i + 1)) {
      const keep = needed(terms.filter((t) => t !== a && t !== b));
      const size = sizeAlong(a, a.labels.filter((l) => keep.has(l))) * sizeAlong(b, b.labels.filter((l) => keep.has(l) && !a.labels.includes(l)));
      if (size < least) [best, least] = [[a, b], size];
    }
  }
  return best;
}

/** The sum of a·b over what both have and no one else needs. */
function contract(a: Named, b: Named, needed: ReadonlySet<string>): Named {
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => needed.has(label));
  const summed = both.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !both.includes(label));
  const columns = b.labels.filter((label) => !both.includes(label));
  const labels = [...batch, ...rows, ...columns];
  if (summed.length === 0 || (rows.length === 0 && columns.length === 0)) {
    const order = [...labels, ...summed];
    const product = mul(spread(a, order), spread(b, order));
    return { x: summed.length === 0 ? product : sum(product, { axis: summed.map((_, i) => labels.length + i) }), labels };
  }
  const left = asMatrices(a, batch, rows, summed);
  const right = asMatrices(b, batch, summed, columns);
  const product = matmul(left.x, right.x, { transposeA: left.transposed, transposeB: right.transposed });
  return { x: reshape(product, labels.map((label) => lengthOf(a.labels.includes(label) ? a : b, label))), labels };
}

/** Axes in an order that may have more of them, of length 1 then. */
function spread({ x, labels }: Named, order: readonly string[]): Tensor {
  const moved = transpose(x, order.filter((l) => labels.includes(l)).map((l) => labels.indexOf(l)));
  return reshape(moved, order.map((label) => (labels.includes(label) ? x.shape[labels.indexOf(label)]! : 1)));
}

/** [batch, rows, columns], or [batch, columns, rows] where the axes lie so already. */
function asMatrices(t: Named, batch: readonly string[], rows: readonly string[], columns: readonly string[]): { x: Tensor; transposed: boolean } {
  const transposed = [...batch, ...columns, ...rows].every((label, i) => label === t.labels[i]) && rows.length > 0 && columns.length > 0;
  const [above, below] = transposed ? [columns, rows] : [rows, columns];
  const moved = transpose(t.x, [...batch, ...above, ...below].map((label) => t.labels.indexOf(label)));
  return { x: reshape(moved, [sizeAlong(t, batch), sizeAlong(t, above), sizeAlong(t, below)]), transposed };
}

function lengthOf({ x, labels }: Named, label: string): number {
  return x.shape[labels.indexOf(label)]!;
}

function sizeAlong(t: Named, labels: readonly string[]): number {
  return labels.reduce((n, label) => n * lengthOf(t, label), 1);
}
