import { mul, relu, square, sub } from "@polyad/core";
import { pairwise, type LossFunction } from "./loss.js";

/**
 * max(0, 1 − ŷ·y), for targets of ±1 and scores of any size: 0 beyond a margin of 1. The derivative at the margin is 0.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * hinge([2, 0.5, -1], [1, 1, 1], { agg: identity }).toArray() // [0, 0.5, 2]
 */
export const hinge: LossFunction = pairwise("hinge", (yHat, y) => relu(sub(1, mul(yHat, y))));

/**
 * max(0, 1 − ŷ·y)², for targets of ±1: `hinge` squared, without its kink.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * squaredHinge([2, 0.5, -1], [1, 1, 1], { agg: identity }).toArray() // [0, 0.25, 4]
 */
export const squaredHinge: LossFunction = pairwise("squaredHinge", (yHat, y) => square(relu(sub(1, mul(yHat, y)))));
