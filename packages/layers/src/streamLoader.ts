import { AutodiffError, type RandomGenerator } from "@polyad/core";
import { opened, type Stream } from "./stream.js";

interface StreamLoaderOptions {
  readonly batchSize: number;
  readonly shuffle: RandomGenerator | undefined;
  readonly partial: boolean;
  collate(samples: readonly unknown[]): unknown;
  readonly buffer: number | undefined;
}

/** Batches of samples as they come. */
export function streamLoader(stream: Stream<unknown>, { batchSize, shuffle, partial, collate, buffer }: StreamLoaderOptions): AsyncIterable<unknown> {
  if ((shuffle === undefined) !== (buffer === undefined)) {
    throw new AutodiffError("DataLoader: a stream is shuffled with both a generator and the number of samples to read ahead: { shuffle: generator(1), buffer: 1000 }.");
  }
  if (buffer !== undefined && (!Number.isInteger(buffer) || buffer < 1)) throw new AutodiffError(`DataLoader: expected a buffer of at least 1 sample, got ${buffer}.`);
  return {
    async *[Symbol.asyncIterator]() {
      const source = opened("DataLoader", stream);
      let batch: unknown[] = [];
      for await (const sample of shuffle === undefined ? source : shuffled(source, shuffle, buffer!)) {
        batch.push(sample);
        if (batch.length < batchSize) continue;
        yield collate(batch);
        batch = [];
      }
      if (partial && batch.length > 0) yield collate(batch);
    },
  };
}

/** Each sample takes the place of one drawn from those that wait; those that wait at the end come in random order. */
async function* shuffled(source: AsyncIterable<unknown> | Iterable<unknown>, rng: RandomGenerator, size: number): AsyncIterable<unknown> {
  const waiting: unknown[] = [];
  for await (const sample of source) {
    if (waiting.length < size) {
      waiting.push(sample);
      continue;
    }
    const i = rng.below(size);
    yield waiting[i];
    waiting[i] = sample;
  }
  while (waiting.length > 0) {
    const i = rng.below(waiting.length);
    yield waiting[i];
    waiting[i] = waiting[waiting.length - 1];
    waiting.pop();
  }
}
