import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "polyad-digits-"));
const at = (name: string): string => join(scratch, name);
const conditions = ["@polyad/source"];

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions },
    ssr: { noExternal: [/polyad/], resolve: { conditions } },
    build: { ssr: join(import.meta.dirname, "../src/index.ts"), outDir: scratch, emptyOutDir: false, rollupOptions: { output: { entryFileNames: "digits.mjs" } } },
  });
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), at("node_modules")); // for the data and the plotting library
}, 60_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const program = (name: string, ...args: readonly string[]): string[] => [at("digits.mjs"), "--limit", "200", "--batch", "50", "--checkpoint", at(name), "--out", at(`${name}.html`), ...args];
const run = (name: string, ...args: readonly string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, program(name, ...args), { encoding: "utf8" });

test("2 epochs, or 1 and in a new process another: identical bytes", { timeout: 60_000 }, () => {
  expect(run("straight", "--epochs", "2")).toMatchObject({ status: 0 });
  expect(run("parts", "--epochs", "2", "--stop-after", "1")).toMatchObject({ status: 0, stdout: expect.stringContaining("Stopped after epoch 1 of 2, step 4 of 8.") });
  expect(run("parts", "--epochs", "2", "--resume")).toMatchObject({ status: 0 });
  expect(Buffer.compare(readFileSync(at("parts")), readFileSync(at("straight")))).toBe(0);
});

test("Ctrl-C stops after the step, keeps the run, and says how to go on", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "10000"];
  const child = spawn(process.execPath, program("stopped", ...args), { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    if (err === (err += chunk) || !err.includes("test accuracy") || err.includes("Stopping")) return;
    child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as [number | null];
  expect([code, err.includes("Stopping after this step; once more to stop at once.\n")]).toEqual([130, true]);
  const [, epoch, step] = /^Stopped after epoch (\d+) of 10000, step (\d+) of 40000\.\nCheckpoint: .*\nGo on with: npm start -- digits .*--epochs 10000 --resume\n$/.exec(out)!;
  expect(Number(epoch)).toBe(Math.floor(Number(step) / 4));
  const resumed = run("stopped", ...args, "--resume", "--stop-after", String(Number(epoch) + 1));
  expect(resumed).toMatchObject({ status: 0, stdout: expect.stringContaining(`Stopped after epoch ${Number(epoch) + 1} of 10000, step ${4 * (Number(epoch) + 1)} of 40000.`) });
});
