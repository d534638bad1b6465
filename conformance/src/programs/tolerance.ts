import * as core from "@polyad/core";
import type { Value } from "@polyad/core";
import { carries, isSingle, kindOf, shapeOf, sizeOf, type Body, type Program } from "./program.js";
import { Subject, type Answer, type Entry, type Question } from "./subject.js";

/*
 * The rule. Two right answers differ by rounding only: every operation errs by at most ε of its result (2⁻⁵³ in float64,
 * 2⁻²⁴ once anything is float32), and the answer by that times its sensitivity. The sensitivity κ of an answer g is
 * measured, not guessed: every value of the program, and every operand where an op reads it, those of inner functions too,
 * is multiplied by 1 + δ·r with random r in [−1, 1] and δ = 2⁻²⁶, in float64; so are, by other r, the tangents and
 * cotangents that pass there, for a derivative rounds where its function does not; and the question is asked again. Then
 *
 *     |a − b| ≤ slack · ε · (max(1, |g|) + κ),    κ = max over draws of max |g_disturbed − g| / δ
 *
 * per leaf; the 1 is the scale to which programs bring their values, for what cancels inside of a rule. The one number that
 * is not measured is `slack`: how many roundings a rule makes for each value of the program (solve, softplus or a reduction
 * of 36 elements make dozens), and how far the largest of random disturbances falls short of the worst case. With 2¹⁰ the
 * tolerance in float64 is 1.1e−13 × (max(1, |g|) + κ).
 *
 * An engine that declares an accuracy, as one that computes in float32 does, is held to the same rule with that of its first
 * derivatives in the place of slack · ε where it is larger, for values and derivatives of every order: what an order loses
 * is in κ, which is that of the derivative.
 */
export const slack: number = 2 ** 10;
const delta = 2 ** -26;
const draws = 3;

/** Unit roundoff of the coarsest dtype in a program. */
function unitOf(program: Program): number {
  return isSingle(program) ? 2 ** -24 : 2 ** -53;
}

/** What stands before max(1, |g|) + κ, for engines of which the less accurate declares `accuracy`. */
export function toleranceOf(program: Program, accuracy = 0): number {
  return Math.max(slack * unitOf(program), accuracy);
}

/** κ of each entry of an answer. */
export function sensitivity(program: Program, question: Question, part: (answer: Answer) => readonly Entry[]): number[] {
  const ask = (disturb?: (value: Value, index: number, use: number, body: Body) => Value): readonly Entry[] =>
    part(new Subject(program, question.nested, { widen: true, ...(disturb && { disturb }) }).answer(question));
  const straight = ask();
  const worst = straight.map(() => 0);
  for (let draw = 1; draw <= draws; draw++) {
    ask((value, index, use, body) => disturbed(value, 7919 * draw + 104729 * index + 15485863 * use + 1299709 * body.nodes.length)).forEach(({ numbers }, k) => {
      numbers.forEach((x, i) => (worst[k] = Math.max(worst[k]!, Math.abs(x - straight[k]!.numbers[i]!) / delta)));
    });
  }
  return worst;
}

/** x·(1 + δ·r), and what derivative passes here by another such factor; the same r for the same node. */
function disturbed(x: Value, seed: number): Value {
  if (!carries(x)) return x;
  let state = seed >>> 0;
  const factor = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 + delta * (state / 2 ** 31 - 1);
  };
  for (let i = 0; i < 3; i++) factor();
  const factors = (): Value => (kindOf(x) === "number" ? factor() : core.tensor(Float64Array.from({ length: sizeOf(x) }, factor), shapeOf(x)));
  const own = factors();
  const derivative = factors();
  const skewed = core.customRule((y: Value) => y, { jvp: () => [(dy) => core.mul(dy, derivative)], vjp: () => [(ct) => core.mul(ct, derivative)] });
  return skewed(core.mul(x, own));
}
