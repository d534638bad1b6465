// Polyad beside its peers, in one run. What is measured and how to read it: README.md here.
//   npm run bench [-- --only rosen10,mlp128] [--seconds 1] [--engines polyad,tfjs-wasm] [--json out.json] [--all]
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { compare } from "./compare.mjs";
import { installed, installPeers } from "./peers.mjs";
import { rows } from "./rows/index.mjs";
import { comparisonTable, isMet, linesTable } from "./table.mjs";
import { worker } from "./worker.mjs";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" }, // rows, by name
    engines: { type: "string" }, // engines, by the beginning of their names: polyad,tfjs
    seconds: { type: "string", default: "2.5" }, // of measuring, per engine and row
    json: { type: "string" },
    all: { type: "boolean", default: false }, // also the rows that are for those who work on kernels
  },
});
const seconds = Number(flags.seconds);
const names = flags.only?.split(",");
const unknown = names?.filter((name) => !rows.some((row) => row.name === name)) ?? [];
if (unknown.length > 0 || !(seconds > 0)) {
  console.error(unknown.length > 0 ? `No row ${unknown.join(", ")}. Rows: ${rows.map(({ name }) => name).join(", ")}.` : "--seconds: expected a number above 0.");
  process.exit(2);
}
const chosen = rows.filter((row) => (names ? names.includes(row.name) : flags.all || !row.extra));

const wanted = flags.engines?.split(",");
const comparing = chosen.some((row) => row.engines);
const havePeers = !comparing || wanted?.every((name) => name === "polyad") || installPeers();
if (!havePeers) console.error("The peers could not be installed: Polyad and plain JavaScript are measured alone.");
const plain = (name) => name.toLowerCase().replaceAll(/[ -]/g, ""); // tfjs-wasm is "tfjs wasm"
const asked = (engine) => !wanted || wanted.some((name) => plain(engine).startsWith(plain(name)));
const only = (engine) => engine.startsWith("polyad") || ((havePeers || engine.startsWith("JavaScript")) && asked(engine));

const machine = {
  date: new Date().toISOString(),
  cpu: `${cpus()[0]?.model.trim()}, ${cpus().length} logical cores`,
  memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  system: `${process.platform} ${process.arch}`,
  node: process.version,
  peers: comparing && havePeers ? installed() : {},
  loadBefore: loadavg()[0],
};
console.log(`${machine.date}  ${machine.cpu}, ${machine.memory}, ${machine.system}, Node ${machine.node}, load ${machine.loadBefore.toFixed(2)}`);
if (Object.keys(machine.peers).length > 0) console.log(Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`).join(", "));

const results = [];
const mismatches = [];
const bars = { met: 0, missed: [] };
for (const row of chosen) {
  console.log(`\n${row.name}: ${row.title}`);
  try {
    results.push({ row: row.name, title: row.title, ...(row.engines ? await comparison(row) : await alone(row)) });
  } catch (e) {
    mismatches.push(`${row.name}: ${e.message}`);
    console.log(`  FAILED: ${e.message}`);
  }
}

machine.loadAfter = loadavg()[0];
console.log(`\nBars: ${bars.met} met, ${bars.missed.length} not met${bars.missed.length > 0 ? ` (${bars.missed.join("; ")})` : ""}. Load ${machine.loadBefore.toFixed(2)} before, ${machine.loadAfter.toFixed(2)} after.`);
if (Math.max(machine.loadBefore, machine.loadAfter) > cpus().length) {
  console.log("Others kept this machine busy: ratios to peers still hold, absolute times and GFLOP/s do not.");
}
if (flags.json) writeFileSync(flags.json, JSON.stringify({ machine, seconds, results, mismatches, bars }, null, 2));
if (mismatches.length > 0) {
  console.error(`\nWRONG RESULTS OR FAILURES: the times above mean nothing where\n${mismatches.map((m) => `  ${m}`).join("\n")}`);
  process.exitCode = 1;
}

/** Polyad beside the others. */
async function comparison(row) {
  const entries = await compare(row, { seconds, only });
  const withBars = entries.map((e) => ({ ...e, bar: row.engines.find(({ engine }) => engine === e.engine).bar }));
  console.log(comparisonTable(withBars));
  const [ours] = withBars;
  for (const e of withBars) {
    if (e.error !== undefined) mismatches.push(`${row.name}, ${e.engine}: ${e.error.split("\n").slice(0, 3).join(" ")}`);
    else if (e.mismatch) mismatches.push(`${row.name}, ${e.engine}: ${e.mismatch}`);
    if (e.bar && e.ms !== undefined && ours.ms !== undefined) count(`${row.name} against ${e.engine}`, e.bar, ours.ms / e.ms);
  }
  if (ours.check) console.log(`  loss ${ours.check[0].toPrecision(7)}, Σ|gradient| ${ours.check[1].toPrecision(7)}; ${withBars.some((e) => e.mismatch || e.error) ? "NOT ALL ENGINES AGREE" : "all engines agree"}`);
  return { entries: withBars };
}

/** A row about Polyad alone, in a process that can collect garbage on demand. */
async function alone(row) {
  const { ask, stop } = worker(["--expose-gc", ...(row.flags ?? [])]);
  try {
    const { lines } = await ask("measure", { row: row.name, options: { seconds } });
    console.log(linesTable(lines));
    for (const { what, bar, value, wrong } of lines) {
      if (bar) count(`${row.name}: ${what}`, bar, value);
      if (wrong) mismatches.push(`${row.name}, ${what}: ${wrong}`);
    }
    return { lines };
  } finally {
    await stop();
  }
}

function count(what, bar, value) {
  if (isMet(bar, value)) bars.met++;
  else bars.missed.push(what);
}
