import { describe, expect, test } from "vitest";
import {
  add, arange, argsort, AutodiffError, AutoForward, AutoTape, cofactor, det, eigh, einsum, eye, gradient, hessian, hvp, inv, jacobian, kron, linspace,
  logdet, lstsq, matmul, max, median, mul, norm, ones, polygamma, qr, quantile, repeat, searchsorted, ShapeError, slice, slogdet, solve, sort, square, sub, sum, svd, svdvals,
  lgamma, digamma, erf, erfc, tensor, transpose, trace, triu, withgradient, zeros, type NestedArray, type Tensor, type Value,
} from "polyad";
import { expectClose, plain } from "./support.js";

const tape = AutoTape();
const forward = AutoForward();
const both = [tape, forward] as const;
const single = (xs: NestedArray): Tensor => tensor(xs, null, "float32");
const whole = (xs: NestedArray): Tensor => tensor(xs, null, "int32");
/** A fixed matrix of numbers between −1 and 1. */
const wave = (...shape: number[]): Tensor => tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 7.3 * i + 0.11 * i * i)), shape);
const largest = (x: Tensor): number => (x.size === 0 ? 0 : (max(x.abs()) as Tensor).item());

describe("special functions", () => {
  // By mpmath with 60 digits.
  test("digits between the poles below 0, to the rounding of the larger of the two terms that make them", () => {
    const rows: readonly (readonly [f: (x: number) => number, x: number, value: number, terms: number])[] = [
      [lgamma, -2.4570247382208006, 5.619192358950097e-17, 1.0],
      [lgamma, -0.9999, 9.210382663634405, 9.21],
      [lgamma, -100.5, -364.90096830942736, 361.0],
      [lgamma, -30.000001, -60.84272920966369, 71.3],
      [digamma, -17.7375165758167, -0.000755752170348988, 2.9],
      [digamma, -0.50408, 2.6893270919759762e-05, 0.5],
      [digamma, -1000.25, 10.050097693066705, 6.91],
      [(x) => polygamma(1, x), -50.5, 9.849997186082485, 4.0],
      [(x) => polygamma(2, x), -3.25, 123.95521103942203, 128.0],
      [(x) => polygamma(2, x), -15.487082412887462, 2.5182058520523194, 17.3],
      [(x) => polygamma(5, x), -1.4991939969862842, 15382.485800309994, 7750.0],
      [(x) => polygamma(10, x), -1.4991939969862842, 263579864.18834835, 7560000000.0],
    ];
    for (const [f, x, value, terms] of rows) expect(Math.abs(f(x) - value) / terms, `${String(f)} at ${x}`).toBeLessThan(1e-15);
  });
  test("recurrences and reflections, everywhere", () => {
    for (let x = 0.013; x < 60; x *= 1.07) {
      expect(Math.abs(lgamma(x + 1) - lgamma(x) - Math.log(x))).toBeLessThan(8e-16 * (1 + Math.abs(lgamma(x + 1)) + Math.abs(lgamma(x))));
      expect(Math.abs(digamma(x + 1) - digamma(x) - 1 / x) / (1 / x + Math.abs(digamma(x)))).toBeLessThan(8e-16);
      for (const n of [1, 2, 5, 9]) {
        const step = polygamma(n, x) - polygamma(n, x + 1);
        const term = (n % 2 === 0 ? -1 : 1) * Math.exp(lgamma(n + 1) - (n + 1) * Math.log(x));
        expect(Math.abs(step - term) / Math.abs(polygamma(n, x))).toBeLessThan(1e-13);
      }
      expect(Math.abs(erf(x) + erfc(x) - 1)).toBeLessThan(3e-16);
    }
  });
  test("order of polygamma", () => {
    expect(() => polygamma(1.5, 2)).toThrow("polygamma: the order is a whole number from 0 to 170, got 1.5.");
    expect(() => polygamma(tensor([0, -1]), 2)).toThrow(AutodiffError);
    expect(polygamma(whole([[0], [1]]), single([1, 2])).dtype).toBe("float32");
    expect(gradient((n: Value, x: Value) => polygamma(n, x), tape, 1, 1)[0]).toBe(0);
  });
});

describe("einsum", () => {
  const a = wave(2, 3);
  const b = wave(3, 4);
  test("errors name the index", () => {
    expect(() => einsum("ij,jk", a, wave(2, 4))).toThrow("einsum: index j has length 2 in operand 2, and 3 before it.");
    expect(() => einsum("ij->ik", a)).toThrow('einsum: index k of the result is in no operand of "ij->ik".');
    expect(() => einsum("ij->ii", a)).toThrow('einsum: index i stands twice in the result of "ij->ii".');
    expect(() => einsum("ijk", a)).toThrow('einsum: "ijk" names 3 axes, but operand 1 has shape [2, 3].');
    expect(() => einsum("ij,jk", a)).toThrow('einsum: "ij,jk" describes 2 operands, got 1.');
    expect(() => einsum("i1", a)).toThrow('einsum: "1" in "i1": an index is a letter, and a term has at most one "...".');
    expect(() => einsum("...i->i", a)).toThrow('einsum: "...i->i" has 1 axis under the ellipsis, and the result none. Add "..." to it.');
    expect(() => einsum("...i,...i", wave(2, 3), wave(4, 3))).toThrow("einsum: axis 0 of the ellipsis has length 4 in operand 2, and 2 before it.");
    expect(() => einsum("i->j->k", a)).toThrow('einsum: "i->j->k" has more than one "->".');
  });
  test("runs as one matrix product", () => {
    const used = (spec: string, ...xs: Tensor[]): string => trace((...ts: Tensor[]) => einsum(spec, ...ts), ...xs).toString();
    for (const [spec, y] of [["ij,jk->ik", b], ["ij,kj->ik", wave(4, 3)], ["ij,jk", b]] as const) {
      expect(used(spec, a, y)).toContain("matmul");
      expect(used(spec, a, y)).not.toContain("transpose(");
    }
  });
  test("by definition", () => {
    expectClose(einsum("ij,jk,kl->li", a, b, wave(4, 2)), transpose(matmul(matmul(a, b), wave(4, 2))), 1e-14);
    expectClose(einsum("ii->", matmul(transpose(a), a)), sum(square(a)), 1e-14);
    expect(einsum("i,i->", whole([1, 2]), whole([3, 4])).dtype).toBe("int32");
    expect(plain(einsum("i->", tensor([true, true])))).toBe(2);
    expect(plain(einsum(",->", 2, 3))).toBe(6);
    expect(einsum("ij,jk", zeros([2, 0]), zeros([0, 3])).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
  });
});

describe("order", () => {
  test("NaN last, equals in their order, as NumPy's", () => {
    const x = tensor([3, NaN, -0, 0, -Infinity, 3, NaN, Infinity]);
    expect(argsort(x).toArray()).toEqual([4, 2, 3, 0, 5, 7, 1, 6]);
    expect(argsort(x, { descending: true }).toArray()).toEqual([7, 0, 5, 2, 3, 4, 1, 6]);
    expect([sort(whole([3, 1, 2])).dtype, argsort(x).dtype]).toEqual(["int32", "int32"]);
    const many = wave(1000);
    expect(sort(many).toArray()).toEqual([...many.dataSync()].sort((p, q) => p - q));
    expect(() => sort(5)).toThrow("sort: axis -1 is out of range for a tensor of rank 0.");
  });
  test("gradients go where the elements go, ties by position", () => {
    for (const ad of both) expect(plain(gradient((x: Tensor) => sum(mul(sort(x), [1, 10, 100])), ad, tensor([2, 2, 1]))[0])).toEqual([10, 100, 1]);
    for (const ad of both) expect(plain(gradient((x: Tensor) => median(x), ad, tensor([4, 1, 3, 2]))[0])).toEqual([0, 0, 0.5, 0.5]);
  });
  test("quantiles", () => {
    const x = tensor([[3, 1, 2, 10], [6, 5, 4, 0]]);
    expect(quantile(x, [0, 0.5, 1], { axis: 1 }).toArray()).toEqual([[1, 0], [2.5, 4.5], [10, 6]]);
    expect(quantile(x, tensor([[0.5]]), { axis: 1, keepDims: true }).shape).toEqual([1, 1, 2, 1]);
    expect(plain(quantile(x, 0.5))).toBe(3.5);
    expect(plain(median(tensor([[1, NaN], [2, 3]]), { axis: 1 }))).toEqual([NaN, 2.5]);
    expect(plain(median(tensor([Infinity, Infinity, 1, Infinity])))).toBe(Infinity);
    expect(plain(quantile(tensor([-Infinity, -Infinity, 1]), 0.25))).toBe(-Infinity);
    expect([median(5), quantile(5, 0.3)]).toEqual([5, 5]);
    expect([median(whole([1, 2])).dtype, median(single([1, 2])).dtype, quantile(single([1, 2]), tensor([0.5])).dtype]).toEqual(["float64", "float32", "float32"]);
    expect(plain(quantile(tensor([0.1, 0.1, 0.1]), 0.3))).toBe(0.1);
    for (const ad of both) expect(plain(gradient((q: Value) => quantile(tensor([0, 1, 10]), q), ad, 0.75)[0])).toBe(18);
    expect(() => quantile(x, 1.5)).toThrow("quantile: q lies between 0 and 1, got 1.5.");
    expect(() => median(zeros([0]))).toThrow("median: a tensor of shape [0] has no elements to choose from.");
  });
  test("searchsorted, repeat, kron", () => {
    expect(searchsorted([1, 2, 2, 3], [[2, NaN], [0, 4]]).toArray()).toEqual([[1, 4], [0, 4]]);
    expect(searchsorted([1, 2, 2, 3], [2, 2.5], { side: "right" }).toArray()).toEqual([3, 3]);
    expect(searchsorted([1, 2, NaN], [NaN, 5], { side: "right" }).toArray()).toEqual([3, 2]);
    expect(() => searchsorted(ones([2, 2]), 1)).toThrow("searchsorted: expected a vector of ascending edges, got shape [2, 2].");
    expect(repeat(5, 3).toArray()).toEqual([5, 5, 5]);
    expect(repeat(whole([[1, 2]]), 0, { axis: 1 }).shape).toEqual([1, 0]);
    expect(() => repeat([1, 2], [1])).toThrow("repeat: 1 repeats for axis 0 of shape [2], which has length 2.");
    expect(() => repeat([1, 2], -1)).toThrow("repeat: repeats are whole numbers of at least 0, got -1.");
    expect(kron(tensor([[1, 2]]), tensor([3, 4])).toArray()).toEqual([[3, 4, 6, 8]]);
  });
});

describe("factorisations", () => {
  const sizes = [[1, 1], [5, 2], [30, 30], [60, 17]] as const;
  test.each(sizes)("of a %i × %i matrix", (m, n) => {
    const a = wave(m, n);
    const [q, r] = qr(a);
    expect(largest(sub(matmul(q, r), a))).toBeLessThan(2e-14);
    expect(largest(sub(matmul(q, q, { transposeA: true }), eye(n)))).toBeLessThan(1e-14);
    expect(largest(sub(triu(r), r))).toBe(0);
    expect(einsum("ii->i", r).dataSync().every((x) => x >= 0)).toBe(true);
    for (const x of [a, transpose(a)]) {
      const [u, s, vt] = svd(x);
      expect(largest(sub(matmul(mul(u, s), vt), x))).toBeLessThan(3e-14);
      expect(largest(sub(matmul(u, u, { transposeA: true }), eye(s.size)))).toBeLessThan(1e-14);
      expect(largest(sub(matmul(vt, vt, { transposeB: true }), eye(s.size)))).toBeLessThan(1e-14);
    }
    const symmetric = matmul(a, a, { transposeA: true });
    const [w, v] = eigh(symmetric);
    expect(largest(sub(matmul(symmetric, v), mul(v, w)))).toBeLessThan(2e-14 * m);
    expect(largest(sub(matmul(v, v, { transposeA: true }), eye(n)))).toBeLessThan(1e-14);
    expectClose(svdvals(a), mul(sort(w, { descending: true }).sqrt(), 1), 1e-10);
  });
  test("small values beside large ones", () => {
    expectClose(svdvals([[1, 0], [0, 1e-20]]).toArray(), [1, 1e-20], 0);
    const graded = svdvals(mul(tensor([[1], [1e-9], [1e-18]]), tensor([[2, 1, 1], [1, 3, 1], [1, 1, 4]])));
    const product = Array.from(graded.dataSync()).reduce((p, s) => p * s, 1);
    expect(Math.abs(product / (17 * 1e-27) - 1)).toBeLessThan(1e-14);
    expect(plain(eigh([[1e200, 2e200], [2e200, 1e200]])[0])).toEqual([-1e200, 3e200]);
    expect(plain(norm(qr(mul(1e-200, wave(3, 2)))[0]))).toBeCloseTo(Math.SQRT2, 14);
  });
  test("of nothing, of NaN, of float32, of integers", () => {
    expect(svd(zeros([0, 3])).map((x) => x.shape)).toEqual([[0, 0], [0], [0, 3]]);
    expect(qr(zeros([2, 0])).map((x) => x.shape)).toEqual([[2, 0], [0, 0]]);
    expect(eigh(zeros([4, 0, 0])).map((x) => x.shape)).toEqual([[4, 0], [4, 0, 0]]);
    expect(plain(det(zeros([2, 0, 0])))).toEqual([1, 1]);
    for (const bad of [NaN, Infinity]) {
      const x = tensor([[bad, 1], [1, 1]]);
      for (const factor of [...qr(x), ...eigh(x), ...svd(x)]) expect(factor.dataSync().some(Number.isNaN)).toBe(true);
    }
    expect([...qr(single([[1, 2], [3, 4]])), ...svd(single([[1, 2], [3, 4]])), ...eigh(single([[1, 2], [2, 4]])), det(single([[1]])), inv(single([[2]]))].every((x) => x.dtype === "float32")).toBe(true);
    expect([det(whole([[2]])).dtype, inv(whole([[2]])).dtype, svdvals(whole([[2]])).dtype]).toEqual(["float64", "float64", "float64"]);
  });
  test("errors", () => {
    expect(() => qr(wave(2, 3))).toThrow("qr: expected a matrix with at least as many rows as columns, or a batch of them, got shape [2, 3].");
    expect(() => eigh(wave(2, 3))).toThrow("eigh: expected a square matrix, or a batch of them, got shape [2, 3].");
    expect(() => svd([1])).toThrow("svd: expected a matrix, or a batch of them, got shape [1].");
    for (const f of [det, cofactor, slogdet, inv, logdet]) expect(() => f(wave(2, 3))).toThrow(ShapeError);
    expect(() => inv([[1, 2], [2, 4]])).toThrow("singular");
    expect(() => lstsq(wave(3, 2), wave(2))).toThrow("lstsq: a matrix of shape [3, 2] does not fit a right-hand side of shape [2].");
    expect(() => lstsq([[1, 2], [2, 4], [3, 6]], [1, 2, 3])).toThrow("singular");
    expect(() => lstsq([[0.1, 0.3], [0.2, 0.6], [0.7, 2.1]], [1, 2, 3])).toThrow("singular");
  });
});

describe("derivatives where matrices are special", () => {
  test("eigenvalues that coincide", () => {
    const f = (a: Tensor): Value => sum(square(eigh(a)[0])); // tr A² of a symmetric A
    for (const ad of both) expectClose(gradient(f, ad, mul(2, eye(3)))[0], mul(4, eye(3)), 1e-14);
    expect(hvp(f, tape, eye(2), wave(2, 2)).dataSync().every(Number.isNaN)).toBe(true);
    expect(plain(gradient((a: Tensor) => sum(eigh(a)[1]), tape, eye(2))[0])).toEqual([[NaN, NaN], [NaN, NaN]]);
    const apart = tensor([[2, 1], [1, 3]]);
    expectClose(hvp(f, tape, apart, tensor([[1, 2], [2, 5]])), [[2, 4], [4, 10]], 1e-12);
  });
  test("singular values that coincide, or are 0", () => {
    const f = (a: Tensor): Value => sum(svdvals(a)); // at I: the trace, to first order
    for (const ad of both) expectClose(gradient(f, ad, eye(2))[0], eye(2), 1e-14);
    expectClose(gradient((a: Tensor) => max(svdvals(a)), tape, tensor([[3, 0], [0, 0], [0, 0]]))[0], [[1, 0], [0, 0], [0, 0]], 1e-15);
    expectClose(gradient((a: Tensor) => slice(svdvals(a), 0), forward, tensor([[3, 0], [0, 0]]))[0], [[1, 0], [0, 0]], 1e-15);
  });
  test("det of singular matrices: cofactors, and their derivatives", () => {
    const rankOne = tensor([[1, 2], [2, 4]]);
    const roundedRank = tensor([[0.1, 0.2, 1], [0.3, 0.6, 2], [0.7, 1.4, 5]]);
    for (const ad of both) {
      expectClose(gradient((a: Tensor) => det(a), ad, rankOne)[0], [[4, -2], [-2, 1]], 1e-14);
      expectClose(gradient((a: Tensor) => det(a), ad, roundedRank)[0], [[0.2, -0.1, 0], [0.4, -0.2, 0], [-0.2, 0.1, 0]], 1e-15);
      expectClose(gradient((a: Tensor) => det(a), ad, zeros([3, 3]))[0], zeros([3, 3]), 0);
    }
    // ∂²det/∂A₀₀∂A₁₁ = 1 and ∂²det/∂A₀₁∂A₁₀ = −1, wherever a 2 × 2 matrix lies.
    const second = [[[[0, 0], [0, 1]], [[0, 0], [-1, 0]]], [[[0, -1], [0, 0]], [[1, 0], [0, 0]]]];
    for (const a of [rankOne, eye(2), zeros([2, 2]), tensor([[1, 2], [3, 4]])]) expectClose(hessian((x: Tensor) => det(x), tape, a), second, 1e-13);
    // Of a 3 × 3 matrix the second derivative is made of elements, and the third of ±1.
    const along = (k: number, v: Tensor) => (x: Tensor): Value => (k === 0 ? det(x) : sum(mul(v, gradient(along(k - 1, v), tape, x)[0])));
    for (const a of [eye(3), roundedRank, wave(3, 3), tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])]) {
      const v = wave(3, 3);
      expect(Math.abs(Number(plain(along(2, v)(a))) - Number(plain(mul(2, sum(mul(a, cofactor(v)))))))).toBeLessThan(1e-12);
    }
    for (const a of [eye(3), wave(3, 3)]) expectClose(along(3, wave(3, 3))(a), mul(6, det(wave(3, 3))), 1e-10);
  });
  test("cofactors of tiny and huge singular matrices", () => {
    for (const scale of [1e-35, 1e-150, 1e35, 1e150]) {
      expectClose(mul(cofactor(mul(scale, tensor([[1, 2, 0], [2, 4, 0], [0, 0, 1]]))), 1 / scale / scale), [[4, -2, 0], [-2, 1, 0], [0, 0, 0]], 1e-14);
    }
  });
  test("logdet", () => {
    expect(slogdet([[0, 1], [1, 0]]).map(plain)).toEqual([-1, 0]);
    expect(slogdet([[1, 2], [2, 4]]).map(plain)).toEqual([0, -Infinity]);
    expectClose(logdet(mul(1e-100, eye(20))), -2000 * Math.LN10, 1e-14);
    const a = add(wave(3, 3), mul(3, eye(3)));
    for (const ad of both) expectClose(gradient((x: Tensor) => logdet(x), ad, a)[0], transpose(inv(a)), 1e-13);
    expect(() => gradient((x: Tensor) => logdet(x), tape, tensor([[1, 2], [2, 4]]))).toThrow("singular");
    expect(plain(gradient((x: Tensor) => slogdet(x)[0], tape, a)[0])).toEqual(plain(zeros([3, 3])));
  });
  test("lstsq", () => {
    const a = wave(6, 3);
    const b = wave(6);
    const normal = solve(matmul(a, a, { transposeA: true }), matmul(transpose(a), b));
    expectClose(lstsq(a, b), normal, 1e-12);
    expectClose(jacobian((x: Tensor) => lstsq(x, b), tape, a), jacobian((x: Tensor) => solve(matmul(x, x, { transposeA: true }), matmul(transpose(x), b)), forward, a), 1e-10);
    const wide = lstsq(transpose(a), wave(3));
    expectClose(matmul(transpose(a), wide), wave(3), 1e-13);
    // A Vandermonde matrix, whose normal equations would lose twice the digits.
    const t = linspace(0, 1, 12);
    const v = transpose(tensor(Array.from({ length: 8 }, (_, k) => [...t.dataSync()].map((x) => x ** k))));
    expectClose(lstsq(v, matmul(v, ones([8]))), ones([8]), 1e-10);
  });
  test("qr refuses a matrix that has not full rank", () => {
    expect(() => gradient((x: Tensor) => sum(qr(x)[1]), tape, tensor([[1, 2], [2, 4], [3, 6]]))).toThrow("singular");
  });
  test("methods", () => {
    expect(arange(3).sort({ descending: true }).toArray()).toEqual([2, 1, 0]);
    expect(eye(2).eigh()[0].toArray()).toEqual([1, 1]);
    expect(withgradient((x: Tensor) => x.det(), tape, eye(2)).grad[0].toArray()).toEqual([[1, 0], [0, 1]]);
  });
});
