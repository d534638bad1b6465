import { generator, type RandomGenerator } from "@polyad/core";

let current: RandomGenerator = generator(0);

/**
 * Where layers draw their first parameters from when they are not given a generator: one stream in a process, the same
 * in every process.
 *
 * @example
 * withGenerator(generator(7), () => defaultGenerator().state()) // generator(7).state()
 */
export function defaultGenerator(): RandomGenerator {
  return current;
}

/**
 * Builds a model whose layers draw their first parameters from this generator.
 *
 * @example
 * const build = () => Dense(3, 2).weight.toArray();
 * withGenerator(generator(7), build) // withGenerator(generator(7), build)
 */
export function withGenerator<T>(from: RandomGenerator, build: () => T): T {
  const outer = current;
  current = from;
  try {
    return build();
  } finally {
    current = outer;
  }
}
