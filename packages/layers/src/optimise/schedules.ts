import { AutodiffError } from "@polyad/core";
import { checkOptions } from "../options.js";

/**
 * The learning rate as a function of the step, counted from 0: `state = adjust(state, schedule(step))` before an update.
 * Any such function is one; these are pure, so that a resumed run goes on where it stopped.
 */
export type Schedule = (step: number) => number;

/**
 * η, always.
 *
 * @example
 * constantRate(0.1)(1000) // 0.1
 */
export function constantRate(eta: number): Schedule {
  checkNumbers("constantRate", { eta });
  return () => eta;
}

/**
 * From η straight down to `end` over so many steps, and `end` from then on. `end` is 0 unless said.
 *
 * @example
 * [0, 5, 10, 11].map(linearDecay(1, 10)) // [1, 0.5, 0, 0]
 */
export function linearDecay(eta: number, steps: number, options: { readonly end?: number } = {}): Schedule {
  checkOptions("linearDecay", options, ["end"]);
  const { end = 0 } = options;
  checkNumbers("linearDecay", { eta, end });
  checkSteps("linearDecay", steps);
  return (step) => end + (eta - end) * (1 - Math.min(step / steps, 1));
}

/**
 * From η down to `end` along half a period of the cosine: end + (η − end)·(1 + cos(π·step/steps))/2. `end` is 0 unless
 * said.
 *
 * @see Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
 * @example
 * [0, 5, 10, 11].map(cosineDecay(1, 10)) // [1, 0.5, 0, 0]
 */
export function cosineDecay(eta: number, steps: number, options: { readonly end?: number } = {}): Schedule {
  checkOptions("cosineDecay", options, ["end"]);
  const { end = 0 } = options;
  checkNumbers("cosineDecay", { eta, end });
  checkSteps("cosineDecay", steps);
  return (step) => end + ((eta - end) * (1 + Math.cos(Math.PI * Math.min(step / steps, 1)))) / 2;
}

/**
 * η·factor^(step/every), at least `end`, which is 0 unless said.
 *
 * @example
 * [0, 10, 20].map(exponentialDecay(1, { factor: 0.5, every: 10 })) // [1, 0.5, 0.25]
 */
export function exponentialDecay(eta: number, options: { readonly factor: number; readonly every?: number; readonly end?: number }): Schedule {
  checkOptions("exponentialDecay", options, ["factor", "every", "end"]);
  const { factor, every = 1, end = 0 } = options;
  checkNumbers("exponentialDecay", { eta, factor, end });
  checkSteps("exponentialDecay", every);
  return (step) => Math.max(end, eta * factor ** (step / every));
}

/**
 * η·factor^⌊step/every⌋: by a factor at a time.
 *
 * @example
 * [0, 9, 10, 20].map(stepDecay(1, { factor: 0.5, every: 10 })) // [1, 1, 0.5, 0.25]
 */
export function stepDecay(eta: number, options: { readonly factor: number; readonly every: number }): Schedule {
  checkOptions("stepDecay", options, ["factor", "every"]);
  const { factor, every } = options;
  checkNumbers("stepDecay", { eta, factor });
  checkSteps("stepDecay", every);
  return (step) => eta * factor ** Math.floor(step / every);
}

/**
 * η / (1 + rate·step).
 *
 * @example
 * [0, 1, 3].map(inverseTimeDecay(1, { rate: 1 })) // [1, 0.5, 0.25]
 */
export function inverseTimeDecay(eta: number, options: { readonly rate: number }): Schedule {
  checkOptions("inverseTimeDecay", options, ["rate"]);
  const { rate } = options;
  checkNumbers("inverseTimeDecay", { eta, rate });
  return (step) => eta / (1 + rate * step);
}

/**
 * A schedule after a straight way up from 0 to where it starts: the first of so many steps has 1/steps of that rate.
 *
 * @example
 * [0, 1, 3, 4, 14].map(warmUp(4, cosineDecay(1, 10))) // [0.25, 0.5, 1, 1, 0]
 */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  checkSteps("warmUp", steps);
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}

/**
 * One cycle: by cosines from η/25 up to η over a share of the steps, then down to nearly 0.
 *
 * @see Smith and Topin, "Super-convergence", 2018.
 * @example
 * [0, 3, 10].map(oneCycle(1, 10)) // [0.04, 1, 0.000004]
 */
export function oneCycle(eta: number, steps: number, options: { readonly rise?: number; readonly start?: number; readonly end?: number } = {}): Schedule {
  checkOptions("oneCycle", options, ["rise", "start", "end"]);
  const { rise = 0.3, start = eta / 25, end = start / 1e4 } = options;
  checkNumbers("oneCycle", { eta, start, end });
  checkSteps("oneCycle", steps);
  if (!(rise >= 0 && rise < 1)) throw new AutodiffError(`oneCycle: expected a share of the steps for rise, 0 <= rise < 1, got ${rise}.`);
  const top = rise * steps;
  const up = top > 0 ? cosineDecay(start, top, { end: eta }) : constantRate(eta);
  const down = cosineDecay(eta, steps - top, { end });
  return (step) => (step < top ? up(step) : down(step - top));
}

/** What is missing would be a rate of NaN, in silence. */
function checkNumbers(who: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, x] of Object.entries(numbers)) {
    if (typeof x !== "number" || Number.isNaN(x)) throw new AutodiffError(`${who}: expected a number for ${name}, got ${String(x)}.`);
  }
}

function checkSteps(who: string, steps: number): void {
  if (!(steps > 0)) throw new AutodiffError(`${who}: expected a number of steps above 0, got ${steps}.`);
}
