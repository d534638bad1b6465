// npm start: the examples one after another, or the one that is named with options of its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Each example, with the options of a short run. */
const examples = {
  co2: { what: "the Mauna Loa CO₂ record, fitted by Gauss and Newton", short: [] },
  curve: { what: "2x − x³ fitted by a small network, with its picture", short: [] },
  digits: { what: "a network that reads handwritten digits (MNIST)", short: ["--epochs", "2"] },
};

const [name, ...options] = process.argv.slice(2);
const root = join(import.meta.dirname, "..");

const run = (example, args) =>
  spawnSync(process.execPath, [join(root, "examples", example, "dist/index.js"), ...args], { cwd: root, stdio: "inherit" }).status ?? 1;

if (name === undefined) {
  for (const [example, { what, short }] of Object.entries(examples)) {
    console.log(`\n== ${example}: ${what}\n`);
    process.exitCode = run(example, short) || process.exitCode;
  }
} else if (Object.hasOwn(examples, name)) {
  process.exitCode = run(name, options);
} else {
  const list = Object.entries(examples).map(([example, { what }]) => `  npm start -- ${example.padEnd(7)} ${what}`);
  const help = name === "--help" || name === "-h";
  (help ? console.log : console.error)(`${help ? "" : `There is no example called ${name}.\n\n`}npm start runs all examples. One of them, with its own options (--help lists them):\n\n${list.join("\n")}`);
  process.exitCode = help ? 0 : 2;
}
