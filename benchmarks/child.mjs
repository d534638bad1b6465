// One engine at one task, in a process of its own: no engine's garbage, patched globals or compiled code are in
// another's way. Answers one request at a time, and does nothing in between.
import { engines } from "./engines.mjs";

let task;
/** Calls that are timed as one. */
let together = 1;
/** Times that per sample, so that it is long enough for the clock and carries its share of garbage collection. */
let inner = 1;

const requests = {
  async load({ engine, row, calls = 1 }) {
    together = calls;
    const { module, mode } = engines[engine];
    task = (await (await import(module)).load(mode))[row]();
  },

  /** Runs for `ms`, at least three times, until the code is hot; once where many calls are timed as one. */
  async warm({ ms }) {
    const sample = [];
    const start = performance.now();
    while (sample.length < (together > 1 ? 1 : 3) || performance.now() - start < ms) sample.push(await time(1));
    const typical = sample.slice(sample.length >> 1).sort((a, b) => a - b)[sample.length >> 2] ?? sample[0];
    inner = Math.max(1, Math.min(1e5, Math.ceil(1 / Math.max(typical, 1e-5))));
    if (together === 1) await time(inner);
    return { check: await task.check() };
  },

  /** Samples for about `ms`, in milliseconds per call. */
  async block({ ms }) {
    const samples = [];
    const start = performance.now();
    do samples.push(await time(inner));
    while (performance.now() - start < ms);
    return { samples };
  },

  async check() {
    return { check: await task.check() };
  },

  /** A row that measures Polyad alone. */
  async measure({ row, options }) {
    const { measure } = await import(`./rows/${row}.mjs`);
    return { lines: await measure(options) };
  },
};

async function time(samples) {
  const { run } = task;
  const calls = samples * together;
  const start = performance.now();
  if (task.async) for (let i = 0; i < calls; i++) await run();
  else for (let i = 0; i < calls; i++) run();
  return (performance.now() - start) / samples;
}

process.on("message", async ({ request, ...args }) => {
  try {
    process.send({ ...(await requests[request](args)) });
  } catch (e) {
    process.send({ error: e instanceof Error ? (e.stack ?? e.message) : String(e) });
  }
});
