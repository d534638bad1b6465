// Runs every mutant of conformance/test/mutants in many seeds, and prints the table of docs/conformance.md.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createServer } from "vite";

const usage = `node conformance/scripts/mutants.mjs: how many broken engines the conformance suite catches

  --seeds N      seeds to run each mutant in; 20 unless said
  --only TEXT    only mutants whose name holds this text
  --groups       instead, which groups of checks catch each by themselves, in one seed
  --sweep        instead, a mutant for each operand of each rule of each primitive, in each seed
  --controls     the whole suite with engines that are not broken, in each seed
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    only: { type: "string", default: "" },
    groups: { type: "boolean", default: false },
    controls: { type: "boolean", default: false },
    sweep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const conditions = ["@polyad/source"];

if (values.help) process.stdout.write(usage);
else {
  const server = await createServer({
    configFile: false,
    root: join(import.meta.dirname, "../.."),
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    ssr: { resolve: { conditions } },
    resolve: { conditions },
  });
  const load = (path) => server.ssrLoadModule(`/conformance/${path}`);
  const { mutants, controls } = await load("test/mutants/index.ts");
  const { fineSweep } = await load("test/mutants/sweep.ts");
  const { caughtByGroup, failures, scoreOf, sweptBy, titleOf } = await load("test/mutants/score.ts");
  const { defaultRuns: runs, defaultSeed } = await load("src/check.ts");
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => defaultSeed + 1000 * i);
  const chosen = (values.controls ? controls : values.sweep ? fineSweep : mutants).filter(({ name }) => name.includes(values.only));
  const run = values.controls ? runControls : values.sweep ? runSweep : values.groups ? runGroups : runMutants;
  process.exitCode = (await run(chosen)) ? 0 : 1;
  await server.close();

  async function runMutants(chosen) {
    const scores = [];
    console.log("| mutant | defect | seeds | caught first by | which says |\n|---|---|---|---|---|");
    for (const mutant of chosen) {
      const score = await scoreOf(mutant, seeds, runs);
      scores.push(score);
      const { check, message = "" } = score.first ?? {};
      console.log(row(mutant.name, mutant.defect, `${score.caught}/${seeds.length}${score.rightly < score.caught ? `, ${score.rightly} rightly` : ""}`, check === undefined ? "nothing" : titleOf(check), shortened(message)));
    }
    const caught = scores.filter((score) => score.caught === seeds.length).length;
    const rightly = scores.filter((score) => score.rightly === seeds.length).length;
    const always = scores.filter((score) => score.always).length;
    console.log(`\n${caught} of ${chosen.length} mutants are caught in each of ${seeds.length} seeds, ${rightly} by a check about their defect, ${always} whatever the seed.`);
    return caught === chosen.length;
  }

  async function runGroups(chosen) {
    const groups = ["scenarios", "laws", "programs", "errors", "resources"];
    console.log(`${row("mutant", ...groups)}\n${row("---", ...groups.map(() => "---"))}`);
    let all = true;
    for (const mutant of chosen) {
      const found = await caughtByGroup(mutant, { runs, seed: defaultSeed });
      all &&= found.size > 0;
      console.log(row(mutant.name, ...groups.map((group) => (found.has(group) ? "caught" : ""))));
    }
    return all;
  }

  async function runSweep(chosen) {
    const missed = [];
    const reached = new Set();
    for (const mutant of chosen) {
      for (const seed of seeds) {
        const failure = await sweptBy(mutant, { runs, seed });
        if (mutant.reached()) reached.add(mutant);
        else break; // there is no such operand, or it carries no derivative
        if (failure === undefined) missed.push(`${mutant.name}, seed ${seed}`);
      }
    }
    for (const line of missed) console.log(`missed: ${line}`);
    console.log(`${reached.size} rules and operands, each in ${seeds.length} seeds: ${missed.length} missed.`);
    return missed.length === 0;
  }

  async function runControls(chosen) {
    let passed = true;
    for (const control of chosen) {
      for (const seed of seeds) {
        for await (const { check, message } of failures(control, { runs, seed })) {
          passed = false;
          console.log(`FAIL ${control.name}, seed ${seed}: ${titleOf(check)}: ${message}`);
        }
      }
      console.log(`${control.name}: ${seeds.length} seeds`);
    }
    return passed;
  }
}

function row(...cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function shortened(message) {
  const [line] = message.split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
