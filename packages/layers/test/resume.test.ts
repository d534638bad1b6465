import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { decodeSafetensors } from "polyad";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "polyad-resume-"));
const at = (name: string): string => join(folder, name);
const conditions = ["@polyad/source"];

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: { ssr: join(import.meta.dirname, "resumed.ts"), outDir: folder, emptyOutDir: false, rollupOptions: { output: { entryFileNames: "run.mjs" } } },
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

test("3 epochs, or 1 and in a new process 2 more: identical bytes", { timeout: 60_000 }, () => {
  const run = (from: string, to: string, epochs: number): Uint8Array => {
    execFileSync(process.execPath, [at("run.mjs"), at(from), at(to), String(epochs)]);
    return readFileSync(at(to));
  };
  const straight = run("nothing", "straight", 3);
  const first = run("nothing", "first", 1);
  const resumed = run("first", "resumed", 2);
  expect(Buffer.compare(resumed, straight)).toBe(0);
  const [before, after] = [first, resumed].map((bytes) => decodeSafetensors(bytes).tensors);
  expect([before!.get("epochs")!.item(), after!.get("epochs")!.item(), after!.get("steps")!.item()]).toEqual([1, 3, 21]);
  for (const name of ["model.layers.0.weight", "model.layers.1.rng.xoroshiro128plus", "model.layers.2.mean", "shuffle.xoroshiro128plus"]) {
    expect(after!.get(name)!.dataSync()).not.toEqual(before!.get(name)!.dataSync());
  }
  expect([...after!.keys()].filter((name) => name.endsWith(".m"))).toHaveLength(6);
});

test("bundled for a browser, nothing of a terminal comes along", { timeout: 60_000 }, async () => {
  writeFileSync(at("page.js"), 'import { train } from "polyad"; globalThis.train = train;');
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions, alias: { polyad: join(import.meta.dirname, "../../polyad/src/index.ts") } },
    build: { outDir: at("page"), lib: { entry: at("page.js"), formats: ["es"], fileName: "page" }, minify: false },
  });
  const code = readdirSync(at("page"), { recursive: true, encoding: "utf8" }).filter((name) => /\.m?js$/.test(name)).map((name) => readFileSync(join(at("page"), name), "utf8")).join("\n");
  expect(code).toContain("stopping training");
  expect(code).not.toMatch(/readline|from ["'](node:|events|cli-progress)/);
});
