// Writes README's tables and docs/matrix.md: engines from what the conformance suite saw of them (docs/matrix.json, which
// `npm run matrix` writes and a test compares), ops from what is exported. `--check` only compares. Needs a build.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const { backendOf, AutoFiniteDiff, AutoForward, AutoTape, AutoTfjs } = await import("../packages/core/dist/extend.js");
const ops = await import("../packages/core/dist/ops/all.js");
const primitives = await import("../packages/core/dist/primitives/all.js");
for (const engine of ["tape", "forward", "finite-diff", "tfjs"]) await import(`../packages/backend-${engine}/dist/index.js`);
const { engineOf } = await import("../conformance/dist/index.js");
const seen = JSON.parse(readFileSync(join(root, "docs/matrix.json"), "utf8"));

const { orders } = seen;
const yes = (x) => (x ? "yes" : "no");
const engines = [
  { call: "AutoTape()", token: AutoTape(), note: "" },
  { call: "AutoForward({ chunkSize })", token: AutoForward(), note: "; `chunkSize` tangents in a pass" },
  { call: "AutoFiniteDiff({ scheme, step })", token: AutoFiniteDiff(), note: "; by the scheme. `stopGradient` and `customRule` have no say: it only samples f" },
  { call: "AutoTfjs({ device })", token: AutoTfjs(), note: ": it computes in float32; on cpu, wasm, or webgpu, which returns promises" },
].map(({ call, token, note }) => {
  const { forward, reverse, traceable, controlFlow } = backendOf(token).capabilities;
  const { name, tolerance } = engineOf(token);
  const direction = [forward && `forward (${forward})`, reverse && `reverse (${reverse})`].filter(Boolean).join(", ");
  const { dtypes } = seen.engines.find((engine) => engine.name === name);
  const accuracy = dtypes.map((dtype) => `${tolerance(dtype, 1).toExponential(0)} in ${dtype}`).join(", ");
  const cells = [`\`${call}\``, `\`@polyad/backend-${token.adtype}\``, direction, ...orders.map((order) => opsAt(name, order)), dtypes.join(", "), token.execution, yes(traceable), yes(controlFlow), accuracy + note];
  return `| ${cells.join(" | ")} |`;
});

/** Of how many ops derivatives of an order pass. */
function opsAt(engine, order) {
  const marks = Object.values(seen.ops).map((row) => row[engine][orders.indexOf(order)]).filter((mark) => mark !== "·");
  const passed = marks.filter((mark) => mark === "✓").length;
  return passed === 0 ? "–" : passed === marks.length ? `all ${passed}` : `${passed} of ${marks.length}`;
}

const tables = {
  engines: [
    `| token | package | direction | ${orders.map((order) => `ops, order ${order}`).join(" | ")} | dtypes | returns | nests | branches on values | held to |`,
    `|${"---|".repeat(8 + orders.length)}`,
    ...engines,
    "",
    "Ops, dtypes and errors are what the conformance suite saw: how many ops pass at each order of derivative ([docs/matrix.md](docs/matrix.md) names them), and the relative error of first derivatives that it allows. Direction, returns, nests and branches are what engines declare.",
  ].join("\n"),
  ops: [
    `Primitives, each with its rules: ${names(primitives)}.`,
    "",
    `Composites of these: ${names(ops)}.`,
  ].join("\n"),
};

function names(module) {
  return Object.keys(module).sort().map((name) => `\`${name}\``).join(" ");
}

/** What the tests of webgpu leave out: plain data in their folder. */
function beyondWebGpu() {
  const [, list] = /beyondWebGpu = (\[[^]*?^\]);/m.exec(readFileSync(join(root, "packages/backend-tfjs/test/subset.ts"), "utf8"));
  return JSON.parse(list.replace(/^( *)(\w+): /gm, '$1"$2": ').replace(/,(\s*[\]}])/g, "$1"));
}

/** Every op, and at which orders it passes on each engine. */
function matrix() {
  const names = seen.engines.map(({ name }) => name);
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const reasons = seen.engines.flatMap(({ name, reasons }) => reasons.map((reason) => `- ${name}: ${reason}`));
  return `# Engines × ops × orders

What the conformance suite saw, written by \`npm run matrix\`: for each order of derivative, ${orders.join(", ")}, \`✓\` passes,
\`–\` is unsupported, \`s\` skipped, \`✗\` fails, \`·\` has no check.

Not held, and why:

${reasons.join("\n")}

${[line(["op", ...names]), `|${"---|".repeat(1 + names.length)}`, ...Object.entries(seen.ops).map(([op, row]) => line([`\`${op}\``, ...names.map((name) => [...row[name]].join(" "))]))].join("\n")}

tfjs on webgpu has no column: every read takes milliseconds there, so that its tests run a part of the suite. Of that they leave out:

${beyondWebGpu().map(({ reason, ops }) => `- ${reason}: ${ops.map((op) => `\`${op}\``).join(" ")}`).join("\n")}
`;
}

let after = readFileSync(join(root, "README.md"), "utf8");
for (const [name, table] of Object.entries(tables)) {
  after = after.replace(new RegExp(`(<!-- ${name}:[^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`), (_, open, close) => `${open}${table}\n${close}`);
}
for (const [page, text] of [["README.md", after], ["docs/matrix.md", matrix()]]) {
  const path = join(root, page);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  if (process.argv.includes("--check")) {
    console.error(`${page}: its tables are not what the packages and docs/matrix.json say. Run: node scripts/tables.mjs`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
