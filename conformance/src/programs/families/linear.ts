import { scalar, type Builder } from "../builder.js";
import { shapeOf, sizeOf } from "../program.js";
import { elements } from "../shapes.js";
import { either, existing, fitsInto, tensorLike, type Family } from "./pick.js";

function addProduct(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  const options = { transposeA: b.chance(0.3), transposeB: b.chance(0.3) };
  const inner = shape.length > 1 && options.transposeA ? shape.at(-2)! : shape.at(-1)!;
  const fitting = (y: readonly number[]): boolean =>
    (y.length > 1 && options.transposeB ? y.at(-1) : y.length > 1 ? y.at(-2) : y[0]) === inner && fitsInto(b, shape.slice(0, -2), y.slice(0, -2));
  const n = b.integer(1, 4);
  const y = either(
    () => b.pick((v) => typeof v !== "number" && v.ndim > 0 && fitting(v.shape)),
    () => b.fresh(b.chance(0.3) ? [inner] : options.transposeB ? [n, inner] : [inner, n]),
  );
  b.call("matmul", [x, y], [options]);
}

/** Products by name of their axes, and of vectors. */
function addNamedProduct(b: Builder): void {
  const op = b.choose(existing(["einsum", "einsum", "outer", "dot", "kron", "matrixTrace"]));
  const x = op === "einsum" ? b.pick((v) => typeof v !== "number" && v.ndim > 0 && v.ndim < 5 && v.size > 0) : tensorLike(b, op === "matrixTrace" ? 2 : 1);
  const shape = b.shape(x);
  const small = (most: number): number =>
    either(
      () => b.pick((v) => shapeOf(v).length === shape.length && sizeOf(v) > 0 && sizeOf(v) * elements(shape) <= most),
      () => b.fresh(shape.map(() => 2)),
    );
  if (op === "matrixTrace") b.call(op, [x], b.chance(0.5) ? [] : [{ offset: b.integer(-1, 1) }]);
  else if (op === "dot") {
    const v = either(() => b.pick((y) => typeof y !== "number" && y.ndim === 1 && y.size > 0), () => b.fresh([3]));
    b.call(op, [v, either(() => b.pick((y) => shapeOf(y).join() === b.shape(v).join()), () => b.fresh(b.shape(v)))]);
  } else if (op === "outer") b.call(op, [b.call("reshape", [x], [[-1]]), b.fresh([2])]);
  else if (op === "kron") b.call(op, [x, small(b.room.value)]);
  else {
    const letters = ["a", "b", "c", "d"].slice(0, shape.length);
    const shared = b.integer(0, letters.length - 1);
    const y = b.fresh([shape[shared]!, 2]);
    const kept = letters.filter(() => b.chance(0.6));
    const out = b.chance(0.8) ? [...kept, "z"] : kept.reverse();
    b.call(op, [x, y], [], { lead: `${letters.join("")},${letters[shared]!}z->${out.join("")}` });
  }
}

/** A matrix far from singular, made of an earlier value or new. */
function matrix(b: Builder, symmetric: boolean, spread = false): number {
  const size = b.integer(1, 3);
  const a = either(
    () => b.pick((x) => typeof x !== "number" && x.ndim >= 2 && x.size > 0 && x.shape.at(-1) === x.shape.at(-2) && x.shape.at(-1)! <= 3),
    () => b.fresh(b.chance(0.3) ? [2, size, size] : [size, size]),
  );
  const n = b.shape(a).at(-1)!;
  const small = b.call("mul", [b.unary("tanh", a), b.constant(scalar(0.4))]);
  const whole = symmetric && b.chance(0.5) ? b.call("matmul", [small, small], [{ transposeA: false, transposeB: true }]) : small;
  const diagonal = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1.5 + 0.5 * n : 0));
  return b.call("add", [whole, b.constant({ kind: b.mixed ? "float32" : "float64", shape: [n, n], data: spread ? diagonal.map((x, i) => x + (i % (n + 1) === 0 ? 0.9 * Math.floor(i / n) : 0)) : diagonal })]);
}

function addSystem(b: Builder): void {
  const op = b.choose(["solve", "triangularSolve", ...existing(["lstsq"])]);
  const a = op === "lstsq" ? tall(b) : matrix(b, false);
  const rows = b.shape(a).at(-2)!;
  const fits = (s: readonly number[]): boolean => (s.length === 1 ? s[0] === rows : s.length > 1 && s.at(-2) === rows && fitsInto(b, s.slice(0, -2), b.shape(a).slice(0, -2)));
  const y = either(
    () => b.pick((x) => typeof x !== "number" && fits(x.shape)),
    () => b.fresh(b.chance(0.5) ? [rows] : [rows, b.integer(1, 2)]),
  );
  if (op === "triangularSolve") b.call(op, [a, y], [{ lower: b.chance(0.5), transposeA: b.chance(0.5), unitDiagonal: b.chance(0.3) }]);
  else b.call(op, [a, y], op === "solve" ? [{ transposeA: b.chance(0.4) }] : []);
}

/** A matrix with more rows than columns, of full rank. */
function tall(b: Builder): number {
  const a = matrix(b, false);
  if (b.chance(0.4)) return a;
  const [batch, n] = [b.shape(a).slice(0, -2), b.shape(a).at(-1)!];
  const fits = (s: readonly number[]): boolean => s.length === batch.length + 2 && s.at(-1) === n && s.slice(0, -2).join() === batch.join();
  const more = either(
    () => b.pick((x) => sizeOf(x) > 0 && fits(shapeOf(x))),
    () => b.fresh([...batch, 2, n], "float64"),
  );
  return b.call("concat", [a, more], [{ axis: -2 }], { listed: true });
}

/** Functions of one matrix. */
function addMatrix(b: Builder): void {
  const op = b.choose(existing(["cholesky", "cholesky", "inv", "det", "slogdet", "logdet", "cofactor", "qr", "eigh", "svd", "svdvals"]));
  const a = op === "qr" || op === "svd" || op === "svdvals" ? tall(b) : matrix(b, op === "cholesky" || op === "eigh", op === "eigh");
  const pick: Readonly<Record<string, () => number>> = { slogdet: () => 1, qr: () => b.integer(0, 1), eigh: () => b.integer(0, 1), svd: () => b.integer(0, 2) };
  b.call(op, [a], [], pick[op] === undefined ? {} : { pick: pick[op]() });
}

export const linear: readonly Family[] = [
  { weight: 3, add: addProduct },
  { weight: 1.5, add: addNamedProduct },
  { weight: 0.8, add: addSystem },
  { weight: 1.2, add: addMatrix },
];
