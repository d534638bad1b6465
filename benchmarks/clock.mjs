// Timing inside one process, for the rows about Polyad alone.

export function quantile(samples, q) {
  const sorted = samples.slice().sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Median milliseconds per call of several functions in turn, `seconds` in all. */
export function alternate(functions, seconds) {
  const inner = functions.map((f) => {
    const warmUntil = performance.now() + 1000 * Math.min(0.3, seconds / 4);
    let calls = 0;
    const start = performance.now();
    do {
      f();
      calls++;
    } while (performance.now() < warmUntil || calls < 3);
    return Math.max(1, Math.ceil((calls * 1) / (performance.now() - start))); // about 1 ms a sample
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
  return samples.map((s) => quantile(s, 0.5));
}

/** Bytes in use after a full collection; array storage included. Needs --expose-gc. */
export function bytesInUse() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
