import { jacobian, type ADType, type Tensor } from "polyad";
import type { Problem } from "./gaussNewton.js";

/** The problem's Jacobian at θ by one engine, and the median time of a few calls, once the code is warm. */
export async function timeJacobian({ model, t }: Problem, engine: ADType, theta: Tensor): Promise<{ readonly J: Tensor; readonly ms: number }> {
  const calls = 9;
  const times: number[] = [];
  let J = await jacobian(model, engine, theta, t);
  for (let i = 0; i < calls; i++) {
    const begin = performance.now();
    J = await jacobian(model, engine, theta, t);
    times.push(performance.now() - begin);
  }
  return { J, ms: times.sort((x, y) => x - y)[(calls - 1) / 2]! };
}

/**
 * maxᵢⱼ |Pᵢⱼ − Qᵢⱼ| / maxᵢ |Qᵢⱼ|: the largest difference, relative to the largest entry of its column. (Relative to the
 * entry itself it would say nothing where a cosine crosses zero.)
 */
export function largestDifference(P: Tensor, Q: Tensor): number {
  const [, p] = Q.shape as [number, number];
  const [a, b] = [P.dataSync(), Q.dataSync()];
  const size = new Float64Array(p);
  const gap = new Float64Array(p);
  for (let i = 0; i < b.length; i++) {
    size[i % p] = Math.max(size[i % p]!, Math.abs(b[i]!));
    gap[i % p] = Math.max(gap[i % p]!, Math.abs(a[i]! - b[i]!));
  }
  return gap.reduce((worst, d, j) => Math.max(worst, d / size[j]!), 0);
}
