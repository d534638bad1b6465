// Writes the README's tables from what is registered and exported; `--check` only compares. Needs a build.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const { backendOf, AutoFiniteDiff, AutoForward, AutoTape } = await import("../packages/core/dist/extend.js");
const ops = await import("../packages/core/dist/ops/all.js");
const primitives = await import("../packages/core/dist/primitives/all.js");
for (const engine of ["tape", "forward", "finite-diff"]) await import(`../packages/backend-${engine}/dist/index.js`);

const yes = (x) => (x ? "yes" : "no");
const engines = [
  { call: "AutoTape()", token: AutoTape(), accuracy: "exact" },
  { call: "AutoForward({ chunkSize })", token: AutoForward(), accuracy: "exact; `chunkSize` tangents in a pass" },
  { call: "AutoFiniteDiff({ scheme, step })", token: AutoFiniteDiff(), accuracy: "by the scheme; `stopGradient` and `customRule` have no say, since it only samples f" },
].map(({ call, token, accuracy }) => {
  const { forward, reverse, dtypes, order, execution, traceable, controlFlow } = backendOf(token).capabilities;
  const direction = [forward && `forward (${forward})`, reverse && `reverse (${reverse})`].filter(Boolean).join(", ");
  return `| \`${call}\` | \`@polyad/backend-${token.adtype}\` | ${direction} | ${order === Infinity ? "any" : order} | ${dtypes.join(", ")} | ${execution} | ${yes(traceable)} | ${yes(controlFlow)} | ${accuracy} |`;
});

const tables = {
  engines: [
    "| token | package | direction | order | dtypes | returns | nests | branches on values | accuracy |",
    "|---|---|---|---|---|---|---|---|---|",
    ...engines,
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

const path = join(root, "README.md");
const before = readFileSync(path, "utf8");
let after = before;
for (const [name, table] of Object.entries(tables)) {
  after = after.replace(new RegExp(`(<!-- ${name}:[^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`), (_, open, close) => `${open}${table}\n${close}`);
}
if (process.argv.includes("--check")) {
  if (after !== before) {
    console.error("README.md: its tables are not what the packages say. Run: node scripts/tables.mjs");
    process.exitCode = 1;
  }
} else if (after !== before) writeFileSync(path, after);
