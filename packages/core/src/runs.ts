import type { GeneratorState, RandomGenerator } from "./random.js";

/**
 * The runs of one function by one operator. An engine may run a user's f more than once: at other points, for another
 * chunk of tangents, or again in the backward pass. It is the same function each time only if it draws the same numbers,
 * so a later run starts every generator where the first one found it, and leaves it where it was.
 */
export class Runs {
  /** Where each generator stood when the first run drew from it. Made at the first draw: most functions draw nothing. */
  starts: Map<RandomGenerator, GeneratorState> | null = null;
  private again = false;

  run<R>(f: () => R): R {
    const outer = current;
    const run = new Run(outer, this, this.again || outer?.again === true);
    this.again = true;
    current = run;
    try {
      return f();
    } finally {
      current = outer;
      run.leave();
    }
  }
}

class Run {
  /** Where each generator that this run has drawn from stood before, and is left again; null where it simply moves on. */
  private drawn: Map<RandomGenerator, GeneratorState | null> | null = null;
  private last: RandomGenerator | null = null;

  constructor(
    private readonly outer: Run | null,
    private readonly runs: Runs,
    readonly again: boolean,
  ) {}

  drawFrom(generator: RandomGenerator): void {
    if (this.last === generator) return;
    this.last = generator;
    this.outer?.drawFrom(generator);
    this.drawn ??= new Map();
    if (this.drawn.has(generator)) return;
    const now = generator.state();
    const starts = (this.runs.starts ??= new Map());
    const start = starts.get(generator);
    this.drawn.set(generator, start === undefined ? null : now);
    if (start === undefined) starts.set(generator, now);
    else generator.rewind(start);
  }

  leave(): void {
    this.drawn?.forEach((state, generator) => state !== null && generator.rewind(state));
  }
}

let current: Run | null = null;

/** Says that a generator is about to be drawn from. */
export function drawFrom(generator: RandomGenerator): void {
  current?.drawFrom(generator);
}

/** Whether a function that was given to an operator is running. */
export function isRunning(): boolean {
  return current !== null;
}

/**
 * Whether an engine is running the function that calls this again, for its derivative alone: what a function does besides
 * computing its result was done by the first run.
 *
 * @example
 * let calls = 0;
 * gradient((x) => ((calls += isRerun() ? 0 : 1), mul(x, x)), AutoFiniteDiff(), 3);
 * calls // 1
 */
export function isRerun(): boolean {
  return current?.again === true;
}
