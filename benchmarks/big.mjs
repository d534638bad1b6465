// A model of 50 million parameters: one gradient and one step of Adam, and the most memory that the process ever held.
// `node benchmarks/big.mjs` starts a process of its own, with Node's ordinary settings.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Adam, AutoTape, compose, Const, Dense, generator, leaves, mean, rand, setup, square, sub, Tensor, update, withgradient } from "polyad";

const bar = 9;
const width = 4096;
const batch = 16;
const mebibyte = 2 ** 20;

/** The most memory so far, in bytes: maxRSS is in KiB. */
const peak = () => process.resourceUsage().maxRSS * 1024;

function measure() {
  const baseline = peak();
  const times = {};
  const timed = (what, f) => {
    const start = performance.now();
    const result = f();
    times[what] = performance.now() - start;
    return result;
  };
  let model = timed("model", () => compose(Dense(width, width), Dense(width, width), Dense(width, width)));
  const arrays = leaves(model).filter((leaf) => leaf instanceof Tensor);
  const bytes = arrays.reduce((sum, x) => sum + 4 * x.size, 0);
  const draw = (seed) => rand(generator(seed), [batch, width], { dtype: "float32" });
  const [x, y] = [draw(1), draw(2)];
  const loss = (m, x, y) => mean(square(sub(m(x), y)));
  let state = timed("setup", () => setup(Adam(1e-5), model));
  const { val, grad } = timed("gradient", () => withgradient(loss, AutoTape(), model, Const(x), Const(y)));
  const afterGradient = peak();
  ({ state, model } = timed("step", () => update(state, model, grad[0])));
  const after = loss(model, x, y);
  return { bytes, baseline, afterGradient, peak: peak(), times, before: val.item(), after: after.item() };
}

if (process.argv.includes("--child")) process.stdout.write(JSON.stringify(measure()));
else {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--child"], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const { bytes, baseline, afterGradient, peak: most, times, before, after } = JSON.parse(stdout);
  const ratio = (x) => `${(x / mebibyte).toFixed(0)} MiB, ${((x - baseline) / bytes).toFixed(2)} times the parameters above the process itself`;
  console.log(`parameters    ${(bytes / 4).toLocaleString("en")}, ${(bytes / mebibyte).toFixed(0)} MiB in float32`);
  console.log(`process       ${(baseline / mebibyte).toFixed(0)} MiB before there is a model`);
  console.log(`gradient      ${ratio(afterGradient)}`);
  console.log(`step          ${ratio(most)}`);
  console.log(`whole process ${(most / bytes).toFixed(2)} times the parameters: ${most / bytes < bar ? "met" : "not met"} (below ${bar})`);
  console.log(`times         ${Object.entries(times).map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`).join(", ")}`);
  console.log(`loss          ${before} to ${after}`);
  if (!(after < before)) process.exitCode = 1;
}
