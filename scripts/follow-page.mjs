// Follows a page to the letter in an empty folder: writes its files, runs its commands, and looks for what it says that one
// sees. Only the source of packages differs: tarballs of ours, and this workspace's own copies of others.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const windows = process.platform === "win32"; // npm and its commands are .cmd files there

/**
 * Blocks of a page, by the words behind ```: `sh`, commands, which succeed unless it `exits with 1`; `text`, lines to be
 * seen in what the last of them said; any other with a name, a file.
 *
 * @param tarballs files of packages, by name
 * @throws Error for a command or an output that is not as the page says
 */
export function followPage(page, folder, tarballs) {
  let at = folder;
  let said = "";
  for (const [, kind, note, body] of readFileSync(join(root, page), "utf8").matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm)) {
    const lines = body.trim().split("\n");
    if (kind === "sh") said = lines.map((line) => run(line, Number(/exits with (\d+)/.exec(note)?.[1] ?? 0))).join("");
    else if (kind !== "text") writeFileSync(join(at, note), body);
    else for (const line of lines) if (!isSeen(line, said)) throw new Error(`${page} says that one sees\n  ${line}\nbut one sees\n${said}`);
  }

  function run(line, status) {
    const [verb, operand] = line.split(" ");
    if (verb === "mkdir") mkdirSync(join(at, operand));
    else if (verb === "cd") at = join(at, operand);
    else if (line.startsWith("npm install ")) install(line.split(" ").slice(2));
    else return must(spawnSync(line, { cwd: at, encoding: "utf8", shell: true, env: { ...process.env, NO_COLOR: "1" } }), line, status);
    return "";
  }

  function install(words) {
    const theirs = words.filter((word) => !word.startsWith("-") && !(word in tarballs));
    installTarballs(at, words.filter((word) => !theirs.includes(word)).flatMap((word) => tarballs[word] ?? [word]));
    for (const name of theirs) linkPackage(name, at);
  }
}

/** Installs files, and options of npm's, without the network: peers are the caller's to link. */
export function installTarballs(folder, words) {
  const line = ["npm", "install", "--legacy-peer-deps", "--prefer-offline", "--no-audit", "--no-fund", ...words];
  must(spawnSync(line[0], line.slice(1), { cwd: folder, encoding: "utf8", shell: windows }), line.join(" "), 0);
}

/** A package of this workspace, with its commands, where npm would put it. */
export function linkPackage(name, folder) {
  const from = join(root, "node_modules", name);
  const to = join(folder, "node_modules", name);
  const commands = join(folder, "node_modules/.bin");
  for (const parent of [dirname(to), commands]) mkdirSync(parent, { recursive: true });
  symlinkSync(from, to, "junction");
  const { bin = {} } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  for (const [command, file] of Object.entries(typeof bin === "string" ? { [name]: bin } : bin)) {
    if (windows) writeFileSync(join(commands, `${command}.cmd`), `@node "${join(from, file)}" %*\r\n`);
    else symlinkSync(join(from, file), join(commands, command));
  }
}

/** Whether a line is among those that were said: `…` is anything, and space is space. */
function isSeen(line, said) {
  const literally = (part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "[ \\t]+");
  return new RegExp(line.split("…").map(literally).join("[^\\n]*")).test(said);
}

function must({ status, stdout, stderr }, line, expected) {
  if (status !== expected) throw new Error(`${line}\nexits with ${status}, not ${expected}:\n${stdout}${stderr}`);
  return stdout + stderr;
}
