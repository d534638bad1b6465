import { add, div, eye, jacobian, matmul, mul, solve, sqrt, square, sub, sum, type ADType, type Tensor } from "polyad";

/** y ≈ model(θ, t): parameters θ of shape [p], observations y of shape [n]. */
export interface Problem {
  readonly model: (theta: Tensor, t: Tensor) => Tensor;
  readonly t: Tensor;
  readonly y: Tensor;
  readonly start: Tensor;
}

/** Where the loop stands, told once per Jacobian. */
export interface Iteration {
  readonly number: number;
  /** Root mean square of the residuals. */
  readonly rms: number;
  /** Marquardt's λ. */
  readonly damping: number;
  /** See `tolerance`. */
  readonly offset: number;
}

export interface Fit {
  readonly theta: Tensor;
  /** Steps taken. One Jacobian more was computed: the one at the solution. */
  readonly iterations: number;
}

/**
 * Converged once Bates and Watts' relative offset √(gᵀ(JᵀJ)⁻¹g / rᵀr), with g = Jᵀr, is below this: what a full step
 * could still gain, against what remains. It has no unit and does not depend on how θ is scaled.
 */
const tolerance = 1e-7;
/** Or once RMS of r ÷ RMS of y is: an exact fit, of which only rounding remains. */
const rounding = 1e-14;
const maxIterations = 50;
const maxDamping = 1e10;

/**
 * Minimises Σᵢ rᵢ², r = y − model(θ, t), by damped Gauss-Newton (Levenberg-Marquardt) steps
 *
 *     (JᵀJ + λ·diag(JᵀJ)) δ = Jᵀr
 *
 * with J = ∂model/∂θ from the engine that the caller names. λ falls tenfold after a step that lowers the sum and grows
 * tenfold until one does. `await` serves engines that answer at once and those that promise.
 *
 * @throws Error if no step lowers the sum, or the iterations run out.
 */
export async function gaussNewton(
  { model, t, y, start }: Problem,
  engine: ADType,
  onIteration: (iteration: Iteration) => void = () => {},
): Promise<Fit> {
  let theta = start;
  let residuals = sub(y, model(theta, t));
  let rss = sumOfSquares(residuals);
  const exact = rounding ** 2 * sumOfSquares(y);
  let damping = 1e-3;
  for (let iteration = 0; iteration <= maxIterations; iteration++) {
    const J = await jacobian(model, engine, theta, t);
    const { scale, scaled, normal } = normalMatrix(J);
    const g = matmul(residuals, scaled);
    const offset = rss <= exact ? 0 : Math.sqrt(matmul(g, solve(normal, g)).item() / rss);
    onIteration({ number: iteration, rms: Math.sqrt(rss / y.size), damping, offset });
    if (offset < tolerance) return { theta, iterations: iteration };

    for (;;) {
      const damped = add(normal, mul(damping, eye(theta.size)));
      const trial = add(theta, div(solve(damped, g), scale));
      const trialResiduals = sub(y, model(trial, t));
      const trialRss = sumOfSquares(trialResiduals);
      if (trialRss < rss) {
        [theta, residuals, rss] = [trial, trialResiduals, trialRss];
        damping /= 10;
        break;
      }
      damping *= 10;
      if (damping > maxDamping) throw new Error(`Gauss-Newton: no step lowers the residuals after ${iteration} iterations (relative offset ${offset.toExponential(1)}).`);
    }
  }
  throw new Error(`Gauss-Newton: not converged after ${maxIterations} iterations.`);
}

/**
 * With D = diag(‖J's columns‖), JᵀJ = D·N·D. N has ones on its diagonal: it is far better conditioned than JᵀJ, and
 * λ·diag(JᵀJ) becomes λ·I.
 */
export function normalMatrix(J: Tensor): { readonly scale: Tensor; readonly scaled: Tensor; readonly normal: Tensor } {
  const scale = sqrt(sum(square(J), { axis: 0 }));
  const scaled = div(J, scale);
  return { scale, scaled, normal: matmul(scaled, scaled, { transposeA: true }) };
}

export function sumOfSquares(x: Tensor): number {
  return sum(square(x)).item();
}
