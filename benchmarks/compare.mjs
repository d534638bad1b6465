// One row of the comparison: every engine in turn for a short block, round after round, so that whatever else the
// machine does falls on all alike. What is reported is the median of all samples of an engine.
import { quantile } from "./clock.mjs";
import { worker } from "./worker.mjs";

const blockMs = 100;
const warmMs = 700;

/** How far results may be apart, relatively; engines of float32 are compared at float32. */
const tolerances = { float64: 1e-12, float32: 1e-4 };

/** @returns one entry per engine: its median, quartiles, and how it agrees with the first engine's results. */
export async function compare(row, { seconds, only }) {
  const entries = row.engines.filter(({ engine }) => only(engine)).map((e) => ({ ...e, samples: [] }));
  try {
    for (const entry of entries) await begin(row, entry);
    const running = entries.filter(({ error }) => error === undefined);
    const rounds = row.rounds ?? Math.max(3, Math.round((seconds * 1000) / blockMs));
    for (let round = 0; round < rounds; round++) {
      for (let k = 0; k < running.length; k++) {
        const entry = running[(round + k) % running.length]; // nobody always follows the same neighbour
        entry.samples.push(...(await entry.worker.ask("block", { ms: blockMs })).samples);
      }
    }
    for (const entry of running) entry.check = (await entry.worker.ask("check")).check;
  } finally {
    await Promise.all(entries.map((entry) => entry.worker?.stop()));
  }
  const [ours] = entries;
  return entries.map(({ engine, dtype, error, samples, check }) => ({
    engine,
    dtype,
    error,
    ...(error === undefined && { ms: quantile(samples, 0.5), quartiles: [quantile(samples, 0.25), quantile(samples, 0.75)], samples: samples.length }),
    check,
    mismatch: check && ours.check && disagreement(ours, { dtype, check }, row.tolerance ?? {}),
  }));
}

async function begin(row, entry) {
  entry.worker = worker();
  try {
    await entry.worker.ask("load", { engine: entry.engine, row: row.task ?? row.name, calls: row.calls });
    await entry.worker.ask("warm", { ms: warmMs });
  } catch (e) {
    entry.error = e.message;
  }
}

/** In words, null where loss and Σ|gradient| agree. */
function disagreement(a, b, own) {
  const dtype = a.dtype === "float64" && b.dtype === "float64" ? "float64" : "float32";
  for (const [i, what] of ["loss", "gradient"].entries()) {
    const tolerance = own[what] ?? tolerances[dtype];
    const apart = Math.abs(a.check[i] - b.check[i]);
    if (!(apart <= tolerance * Math.max(Math.abs(a.check[i]), Math.abs(b.check[i])))) {
      return `${what === "loss" ? "loss" : "Σ|gradient|"} ${b.check[i]} against our ${a.check[i]} (tolerance ${tolerance})`;
    }
  }
  return null;
}
