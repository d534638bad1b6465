import { jacobian, tensor, type ADType, type Tensor } from "polyad";
import { largestDifference, timeJacobian } from "./compare.js";
import type { Series } from "./data.js";
import { gaussNewton, type Iteration, type Problem } from "./gaussNewton.js";
import { canonical, curve, highlights, start } from "./model.js";
import { estimates, propagate, quality, type Estimate, type Quality } from "./uncertainty.js";

/** What one engine's fit gave. */
export interface Result {
  readonly engine: string;
  readonly iterations: number;
  /** Wall-clock time of the whole fit, the engine's first use included. */
  readonly fitMs: number;
  /** Median time of one Jacobian, once warm. */
  readonly jacobianMs: number;
  readonly theta: Tensor;
  readonly quality: Quality;
  /** The entries of θ. */
  readonly parameters: readonly Estimate[];
  readonly highlights: readonly Estimate[];
  /** From the first engine's Jacobian; both at the first engine's θ. */
  readonly difference: number;
}

export interface Study {
  readonly series: Series;
  readonly results: readonly Result[];
  /** The largest difference between the Jacobians of any two engines; null if there is only one. */
  readonly worst: { readonly pair: readonly [string, string]; readonly difference: number } | null;
}

/** Fits the series once per engine and compares what came out. */
export async function study(
  series: Series,
  engines: ReadonlyMap<string, ADType>,
  onIteration: (engine: string, iteration: Iteration) => void = () => {},
): Promise<Study> {
  const problem: Problem = { model: curve, t: tensor(series.t), y: tensor(series.co2), start };
  const results: Result[] = [];
  const jacobians = new Map<string, Tensor>();
  for (const [name, engine] of engines) {
    const begin = performance.now();
    const fit = await gaussNewton(problem, engine, (iteration) => onIteration(name, iteration));
    const fitMs = performance.now() - begin;

    const theta = canonical(fit.theta);
    const fitted = quality(problem, theta, await jacobian(curve, engine, theta, problem.t));
    const { J, ms } = await timeJacobian(problem, engine, results[0]?.theta ?? theta);
    jacobians.set(name, J);
    results.push({
      engine: name,
      iterations: fit.iterations,
      fitMs,
      jacobianMs: ms,
      theta,
      quality: fitted,
      parameters: estimates(theta, fitted.covariance),
      highlights: await propagate(highlights, engine, theta, fitted.covariance),
      difference: largestDifference(J, jacobians.values().next().value ?? J),
    });
  }
  return { series, results, worst: worstPair([...jacobians]) };
}

function worstPair(jacobians: readonly (readonly [string, Tensor])[]): Study["worst"] {
  let worst: Study["worst"] = null;
  jacobians.forEach(([name, J], i) => {
    for (const [other, K] of jacobians.slice(0, i)) {
      const difference = largestDifference(J, K);
      if (worst === null || difference > worst.difference) worst = { pair: [other, name], difference };
    }
  });
  return worst;
}
