// Where the time of one task goes: node benchmarks/profile.mjs rosen10 [--engine polyad] [--seconds 3] [--out x.cpuprofile]
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { parseArgs } from "node:util";
import { engines } from "./engines.mjs";
import { table } from "./table.mjs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { engine: { type: "string", default: "polyad" }, seconds: { type: "string", default: "3" }, out: { type: "string" }, top: { type: "string", default: "30" } },
});
const { module, mode } = engines[flags.engine];
const task = (await (await import(module)).load(mode))[positionals[0]]();
for (const until = performance.now() + 1500; performance.now() < until; ) await task.run();

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 100 });
await session.post("Profiler.start");
let calls = 0;
const start = performance.now();
for (; performance.now() - start < 1000 * Number(flags.seconds); calls++) {
  const pending = task.run();
  if (task.async) await pending;
}
const elapsed = performance.now() - start;
const { profile } = await session.post("Profiler.stop");
if (flags.out) writeFileSync(flags.out, JSON.stringify(profile));

// Self time by function: the samples, weighted with the time since the one before.
const byId = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
const self = new Map();
profile.samples.forEach((id, i) => {
  const { functionName, url, lineNumber } = byId.get(id);
  const key = `${functionName || "(anonymous)"}  ${url.replace(/^.*\/(packages|benchmarks|node_modules)\//, "$1/")}${url ? `:${lineNumber + 1}` : ""}`;
  self.set(key, (self.get(key) ?? 0) + profile.timeDeltas[i]);
});
const total = [...self.values()].reduce((a, b) => a + b, 0);
console.log(`${positionals[0]}, ${flags.engine}: ${((elapsed / calls) * 1000).toFixed(1)} µs a call, ${calls} calls, with the profiler on`);
const top = [...self].sort((a, b) => b[1] - a[1]).slice(0, Number(flags.top));
console.log(table([["function", "self", "µs a call"], ...top.map(([name, t]) => [name, `${((100 * t) / total).toFixed(1)}%`, (t / calls).toFixed(3)])]));
