// The peers are a package of their own, with a lockfile of its own: 300 MB that only this benchmark needs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "peers");
const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Exact versions of the peers that are installed; a missing one is undefined. */
export function installed() {
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)]));
}

function versionOf(name) {
  const file = join(folder, "node_modules", name, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
}

/** Installs the peers unless they are there in the right versions. @returns whether they are there now. */
export function installPeers() {
  const ready = () => Object.entries(installed()).every(([name, version]) => version === dependencies[name]);
  if (ready()) return true;
  console.log("Installing the peers in benchmarks/peers (300 MB, once) …");
  const npm = process.env.npm_execpath; // npm itself, if it started us
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: folder, stdio: "inherit" };
  if (npm) spawnSync(process.execPath, [npm, ...args], options);
  else spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  return ready();
}
