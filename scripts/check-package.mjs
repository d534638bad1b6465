// Packs every publishable package, lints the tarballs, installs them into an empty project and uses them there; then
// follows the page for authors of engines.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { followPage, installTarballs, linkPackage } from "./follow-page.mjs";

const root = join(import.meta.dirname, "..");
const project = mkdtempSync(join(tmpdir(), "polyad-package-"));
const author = mkdtempSync(join(tmpdir(), "polyad-author-"));
const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

const run = `
import { AutoFiniteDiff, AutoForward, AutoTape, gradient, square, sum } from "polyad";
for (const ad of [AutoTape(), AutoForward(), AutoFiniteDiff()]) {
  const [dx] = gradient((x) => sum(square(x)), ad, new Float64Array([1, 2, 3]));
  console.log(ad.adtype, dx);
  if (!(dx instanceof Float64Array) || dx.some((d, i) => Math.abs(d - 2 * (i + 1)) > 1e-6)) throw new Error("wrong gradient");
}
`;
const types = `
import { AutoTape, gradient, square } from "polyad";
const [dx] = gradient((x) => square(x), AutoTape(), 3);
export const slope: number = dx;
`;
const compilers = [
  ["--module", "nodenext"],
  ["--module", "esnext", "--moduleResolution", "bundler"],
];

try {
  const folders = [...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)), join(root, "conformance")].filter((folder) => manifest(folder).private !== true);
  const packages = folders.map(manifest);

  // What they depend on comes from node_modules, so that the check needs no network.
  const own = new Set(packages.map(({ name }) => name));
  const others = new Set(packages.flatMap(({ dependencies = {} }) => Object.keys(dependencies)).filter((name) => !own.has(name)));
  for (const name of others) for (const further of Object.keys(manifest(join(root, "node_modules", name)).dependencies ?? {})) others.add(further);
  const vendored = [...others].map((name) => join(root, "node_modules", name));
  const tarballs = JSON.parse(npm(root, "pack", ...folders, ...vendored, "--json", "--pack-destination", project)).map(({ filename }) => filename);

  for (const i of folders.keys()) {
    const tarball = readFileSync(join(project, tarballs[i]));
    const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
    for (const message of messages) console.error(`${packages[i].name}: ${formatMessage(message, packages[i])}`);
    if (messages.some(({ type }) => type !== "suggestion")) throw new Error(`publint rejects ${packages[i].name}`);
  }

  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  installTarballs(project, tarballs.map((name) => `./${name}`));
  const peers = new Set(packages.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies)).filter((name) => !own.has(name)));
  for (const name of peers) linkPackage(name, project);

  for (const { name, exports } of packages) {
    for (const entry of Object.keys(exports)) node("--input-type=module", "--eval", `await import(${JSON.stringify(name + entry.slice(1))})`);
  }
  writeFileSync(join(project, "run.js"), run);
  process.stdout.write(node("run.js"));
  mkdirSync(join(project, "src"));
  writeFileSync(join(project, "src/consumer.ts"), types);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  for (const options of compilers) node(tsc, "src/consumer.ts", "--strict", "--noEmit", "--target", "es2022", "--types", "", ...options);

  console.log(`packages: ${folders.length} packed, linted, installed, run and compiled`);

  const file = new Map([...own, ...others].map((name, i) => [name, join(project, tarballs[i])]));
  const needs = (name) => [file.get(name), ...Object.keys(manifest(join(root, "node_modules", name)).dependencies ?? {}).flatMap(needs)];
  followPage("docs/your-engine.md", author, Object.fromEntries(packages.map(({ name }) => [name, needs(name)])));
  console.log("docs/your-engine.md: followed from an empty folder to a green suite");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const folder of [project, author]) rmSync(folder, { recursive: true, force: true });
}

function node(...args) {
  return must(spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" }), "node", args);
}

function npm(cwd, ...args) {
  const windows = process.platform === "win32"; // npm is a .cmd file there
  return must(spawnSync("npm", args, { cwd, encoding: "utf8", shell: windows }), "npm", args);
}

function must({ status, stdout, stderr }, command, args) {
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}
