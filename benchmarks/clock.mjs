// Timing inside one process, for the rows about Polyad alone.

export function quantile(samples, q) {
  const sorted = samples.slice().sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

const warmMs = 400;

/** Median milliseconds per call of several functions in turn, `seconds` in all. */
export function alternate(functions, seconds) {
  return samplesOf(functions, seconds).map((s) => quantile(s, 0.5));
}

/** Samples of milliseconds per call of several functions in turn. */
export function samplesOf(functions, seconds) {
  const inner = functions.map((f) => {
    const warmUntil = performance.now() + warmMs; // shorter, and small problems are timed before they are compiled
    let calls = 0;
    const start = performance.now();
    do {
      f();
      calls++;
    } while (performance.now() < warmUntil || calls < 3);
    return Math.max(1, Math.ceil(calls / (performance.now() - start))); // about 1 ms a sample
  });
  const samples = functions.map(() => []);
  const until = performance.now() + 1000 * seconds;
  while (samples[0].length < 5 || performance.now() < until) {
    functions.forEach((f, k) => {
      const start = performance.now();
      for (let i = 0; i < inner[k]; i++) f();
      samples[k].push((performance.now() - start) / inner[k]);
    });
  }
  return samples;
}

/** Bytes in use after a full collection; array storage included. Needs --expose-gc. */
export function bytesInUse() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
