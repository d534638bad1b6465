import { div, eye, jacobian, matmul, mul, reshape, solve, sub, mean, type ADType, type Tensor } from "polyad";
import { normalMatrix, sumOfSquares, type Problem } from "./gaussNewton.js";

export interface Quality {
  /** y − model(θ, t), shape [n]. */
  readonly residuals: Tensor;
  /** Root mean square of the residuals. */
  readonly rms: number;
  /** 1 − Σ r² / Σ (y − ȳ)² */
  readonly r2: number;
  /** σ²(JᵀJ)⁻¹ with σ² = Σ r² / (n − p): the covariance of θ if the residuals are independent. Shape [p, p]. */
  readonly covariance: Tensor;
}

/** How well θ fits, given the Jacobian J = ∂model/∂θ there. */
export function quality({ model, t, y }: Problem, theta: Tensor, J: Tensor): Quality {
  const residuals = sub(y, model(theta, t));
  const rss = sumOfSquares(residuals);
  const { scale, normal } = normalMatrix(J);
  const p = theta.size;
  const inverse = div(div(solve(normal, eye(p)), scale), reshape(scale, [p, 1])); // D⁻¹N⁻¹D⁻¹ = (JᵀJ)⁻¹
  return {
    residuals,
    rms: Math.sqrt(rss / y.size),
    r2: 1 - rss / sumOfSquares(sub(y, mean(y))),
    covariance: mul(rss / (y.size - p), inverse),
  };
}

/** A number with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

export function estimates(values: Tensor, covariance: Tensor): readonly Estimate[] {
  const variances = covariance.dataSync();
  return Array.from(values.dataSync(), (value, i) => ({ value, error: Math.sqrt(variances[i * (values.size + 1)]!) }));
}

/** Estimates of q(θ): to first order, cov q = G·cov θ·Gᵀ with G = ∂q/∂θ from the engine. */
export async function propagate(q: (theta: Tensor) => Tensor, engine: ADType, theta: Tensor, covariance: Tensor): Promise<readonly Estimate[]> {
  const G = await jacobian(q, engine, theta);
  return estimates(q(theta), matmul(matmul(G, covariance), G, { transposeB: true }));
}
