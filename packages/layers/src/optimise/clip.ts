import { AutodiffError, clamp, div, minimum, mul, norm, type Tensor } from "@polyad/core";
import { describe } from "./describe.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

export interface ClipGrad extends Rule<"ClipGrad"> {
  readonly delta: number;
}

/**
 * Each element of the gradient between −δ and δ; NaN stays. For a chain. δ = 10 unless said.
 *
 * @example
 * const x = tensor([1, 2]);
 * update(setup(OptimiserChain(ClipGrad(1), Descent(1)), x), x, tensor([5, -0.5])).model.toArray() // [0, 2.5]
 */
export const ClipGrad: RuleConstructor<ClipGrad, "delta"> = defineRule("ClipGrad", "delta", { delta: 10 }, {
  init: () => null,
  apply: ({ delta }, state, _x, dx) => ({ state, dx: clamp(dx, -delta, delta) }),
});

export interface ClipNorm extends Rule<"ClipNorm"> {
  readonly omega: number;
  readonly p: number;
}

/**
 * The gradient of each array, scaled down where its p-norm is above ω: g ↦ g·min(1, ω / ‖g‖). For a chain. ω = 10, p = 2
 * unless said; p is 1, 2 or Infinity.
 *
 * @throws AutodiffError for a norm that is not finite, where the device can read it synchronously.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(OptimiserChain(ClipNorm(5), Descent(1)), x), x, tensor([6, -8])).model.toArray() // [-2, 6]
 */
export const ClipNorm: RuleConstructor<ClipNorm, "omega"> = defineRule("ClipNorm", "omega", { omega: 10, p: 2 }, {
  init: () => null,
  apply: ({ omega, p }, state, x, dx) => {
    const length = norm(dx, { ord: p });
    checkFinite(length, x);
    return { state, dx: mul(dx, minimum(1, div(omega, length))) };
  },
});

function checkFinite(length: Tensor, x: Tensor): void {
  if (length.device.reads !== "sync" || Number.isFinite(length.item())) return;
  throw new AutodiffError(
    `ClipNorm: the norm of the gradient of a ${describe(x)} is ${length.item()}, and no scaling mends that. Find what is not finite, ` +
      "by the loss or by the data, or use ClipGrad, which cuts off infinities.",
  );
}
