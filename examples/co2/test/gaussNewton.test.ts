import { AutoForward, add, exp, mul, slice, tensor, type Tensor } from "polyad";
import { expect, test } from "vitest";
import { gaussNewton, type Iteration } from "../src/gaussNewton.js";
import { estimates, propagate, quality } from "../src/uncertainty.js";

const decay = (theta: Tensor, t: Tensor): Tensor => mul(slice(theta, 0), exp(mul(slice(theta, 1), t)));
const t = tensor([0, 1, 2, 3, 4, 5]);

test("finds exact parameters, and the residuals never grow on the way", async () => {
  const seen: Iteration[] = [];
  const y = decay(tensor([3, -0.7]), t);
  const { theta, iterations } = await gaussNewton({ model: decay, t, y, start: tensor([1, 0.4]) }, AutoForward(), (at) => seen.push(at));
  const [a, r] = theta.dataSync();
  expect(a).toBeCloseTo(3, 8);
  expect(r).toBeCloseTo(-0.7, 8);
  expect(seen).toHaveLength(iterations + 1);
  expect(seen.every(({ rms }, i) => i === 0 || rms < seen[i - 1]!.rms)).toBe(true);
});

test("a straight line takes one step, and its errors are the textbook's", async () => {
  const line = (theta: Tensor, x: Tensor): Tensor => add(slice(theta, 0), mul(slice(theta, 1), x));
  const y = tensor([1, 3, 2, 5, 4, 6]);
  const problem = { model: line, t, y, start: tensor([0, 0]) };
  const { theta } = await gaussNewton(problem, AutoForward());
  // Least squares by hand: Σ(x−x̄)² = 17.5, Σ(x−x̄)(y−ȳ) = 15.5, Σ(y−ȳ)² = 17.5
  const slope = 15.5 / 17.5;
  const rss = 17.5 - 15.5 ** 2 / 17.5;
  const [a, b] = theta.dataSync();
  expect(b).toBeCloseTo(slope, 8);
  expect(a).toBeCloseTo(3.5 - 2.5 * slope, 8);

  const J = tensor([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5]]);
  const { r2, rms, covariance } = quality(problem, theta, J);
  expect(r2).toBeCloseTo(1 - rss / 17.5, 10);
  expect(rms).toBeCloseTo(Math.sqrt(rss / 6), 10);
  const variance = rss / 4;
  const [intercept, gradient] = estimates(theta, covariance);
  expect(gradient!.error).toBeCloseTo(Math.sqrt(variance / 17.5), 10);
  expect(intercept!.error).toBeCloseTo(Math.sqrt(variance * (1 / 6 + 2.5 ** 2 / 17.5)), 10);

  // At x̄ the line is known best: its variance there is σ²/n.
  const [middle] = await propagate((at) => line(at, tensor([2.5])), AutoForward(), theta, covariance);
  expect(middle!.value).toBeCloseTo(3.5, 8);
  expect(middle!.error).toBeCloseTo(Math.sqrt(variance / 6), 10);
});

test("says so where no step helps", async () => {
  const cusp = (theta: Tensor, x: Tensor): Tensor => mul(add(exp(mul(1000, slice(theta, 0))), 1), x); // overflows
  await expect(gaussNewton({ model: cusp, t, y: t, start: tensor([0.8]) }, AutoForward())).rejects.toThrow(/Gauss-Newton/);
});
