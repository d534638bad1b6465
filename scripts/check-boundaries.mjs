// Who may import whom, in packages/*/src. Type imports count: to name a type is to know its room.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";

/** Core's rooms from the ground up. A folder, or a file of src, belongs to one; it knows its own room and those named. */
const rooms = {
  values: { holds: ["errors", "options", "dtype", "shape", "tensor", "device", "create", "convert", "trace", "primitive"], knows: [] },
  host: { holds: ["host"], knows: ["values"] },
  primitives: { holds: ["primitives"], knows: ["values", "host"] },
  ops: { holds: ["ops", "batch", "fluent", "random", "runs", "another", "recorded"], knows: ["values", "host", "primitives"] },
  contract: { holds: ["adtypes", "backend", "registry", "promise"], knows: ["values"] },
  tree: { holds: ["tree", "types"], knows: ["values", "primitives", "ops", "contract"] },
  graph: { holds: ["graph", "customRule", "checkpoint"], knows: ["values", "host", "primitives", "ops", "tree"] },
  operators: { holds: ["operators", "derive", "basis", "held"], knows: ["values", "primitives", "ops", "tree", "graph", "contract"] },
  doors: { holds: ["index", "extend"], knows: ["values", "host", "primitives", "ops", "tree", "graph", "contract", "operators"] },
};

/** The few imports that go upwards, and why. */
const knots = {
  "convert.ts → ops/stack.ts": "an array of traced numbers, given to any primitive, is stacked by the op",
  "convert.ts → primitives/cast.ts": "a weak tracer becomes a float64 tensor by the primitive",
  "convert.ts → tree/vendor.ts": "an array of another library's that was not passed gets a message of its own",
  "types.ts → index.ts": "TypeScript lets other packages augment LeafTypes only in the module that declares it, their door",
  "primitives/topK.ts → ops/takeAlongAxis.ts": "its rules are written in these two ops",
};

const root = join(import.meta.dirname, "..");
const problems = new Set();
let files = 0;

for (const folder of readdirSync(join(root, "packages"))) {
  const src = join(root, "packages", folder, "src");
  const manifest = JSON.parse(readFileSync(join(src, "../package.json"), "utf8"));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const file of sources(src)) {
    files++;
    const at = relative(src, file).split(sep).join("/");
    if (folder === "core" && roomOf(at) === undefined) problems.add(`packages/core/src/${at}: in no room. Add it to one in scripts/check-boundaries.mjs.`);
    for (const { target, reexport } of imports(readFileSync(file, "utf8"))) {
      const complain = (why) => problems.add(`packages/${folder}/src/${at}: imports "${target}". ${why}`);
      if (target.startsWith(".")) {
        const to = relative(src, normalize(join(dirname(file), target))).split(sep).join("/").replace(/\.js$/, ".ts");
        if (to.startsWith("..")) complain("A package reaches another by its name, never by a path.");
        else if (folder === "core") checkRooms(at, to, complain);
      } else checkPackage(folder, declared, target, reexport, complain);
    }
  }
}

function checkRooms(from, to, complain) {
  const here = roomOf(from);
  const there = roomOf(to);
  if (here === undefined || there === undefined) return; // said of that file
  if (here === there || rooms[here].knows.includes(there) || `${from} → ${to}` in knots) return;
  complain(`Room ${here} knows only ${[here, ...rooms[here].knows].join(", ")}; ${to} is in ${there}.`);
}

function checkPackage(folder, declared, target, reexport, complain) {
  const name = target.split("/").slice(0, target.startsWith("@") ? 2 : 1).join("/");
  if (target.startsWith("node:")) complain("Packages run in browsers too.");
  else if (folder === "core" && name !== "pure-rand") complain("Core imports no engine and nothing else but pure-rand.");
  else if (!declared.includes(name)) complain(`packages/${folder}/package.json does not list ${name}.`);
  else if (folder.startsWith("backend-") && name.includes("polyad") && target !== "@polyad/core/extend") {
    if (target !== "@polyad/core" || !reexport) complain('A backend builds on "@polyad/core/extend" alone, and reaches another engine by its token.');
  }
}

function roomOf(file) {
  const first = file.split("/")[0].replace(/\.ts$/, "");
  return Object.keys(rooms).find((room) => rooms[room].holds.includes(first));
}

/** Static imports and re-exports start a line; dynamic ones and import types stand anywhere outside comments. */
function* imports(text) {
  const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  for (const [, verb, target] of code.matchAll(/^(import|export)\b(?:[^;"'`]*?\bfrom)?\s*"([^"]+)"/gm)) {
    yield { target, reexport: verb === "export" };
  }
  for (const [, target] of code.matchAll(/\bimport\(\s*"([^"]+)"/g)) yield { target, reexport: false };
}

function sources(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
}

for (const problem of problems) console.error(problem);
console.log(`boundaries: ${files} files, ${problems.size} problems`);
process.exitCode = problems.size > 0 ? 1 : 0;
