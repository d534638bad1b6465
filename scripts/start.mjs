// npm start: the examples one after another, or the one that is named with options of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const examples = {
  co2: "the Mauna Loa CO₂ record, fitted by Gauss and Newton",
  curve: "2x − x³ fitted by a small network, with its picture",
  digits: "a network that learns to read handwritten digits (MNIST)",
};

const [name, ...options] = process.argv.slice(2);
const root = join(import.meta.dirname, "..");

let stopped = false;
// A terminal's Ctrl-C reaches the example too, which may have something to save: wait for it.
process.on("SIGINT", () => (stopped = true));

async function run(example, args) {
  const child = spawn(process.execPath, [join(root, "examples", example, "dist/index.js"), ...args], { cwd: root, stdio: "inherit" });
  process.once("SIGTERM", () => child.kill("SIGTERM"));
  const [code] = await once(child, "exit");
  return code ?? 130;
}

if (name === undefined) {
  for (const [example, what] of Object.entries(examples)) {
    if (stopped) break;
    console.log(`\n== ${example}: ${what}\n`);
    process.exitCode = (await run(example, [])) || process.exitCode;
  }
} else if (Object.hasOwn(examples, name)) {
  process.exitCode = await run(name, options);
} else {
  const list = Object.entries(examples).map(([example, what]) => `  npm start -- ${example.padEnd(7)} ${what}`);
  const help = name === "--help" || name === "-h";
  (help ? console.log : console.error)(`${help ? "" : `There is no example called ${name}.\n\n`}npm start runs all examples. One of them, with its own options (--help lists them):\n\n${list.join("\n")}`);
  process.exitCode = help ? 0 : 2;
}
