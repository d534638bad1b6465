import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engines } from "../src/engines.js";
import { main } from "../src/main.js";

const scratch = mkdtempSync(join(tmpdir(), "polyad-co2-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

test("--help names options and engines", async () => {
  const { code, out, err } = await run("--help");
  expect(code).toBe(0);
  expect(err).toBe("");
  for (const word of ["--engine", "--out", "--help", ...engines.keys()]) expect(out).toContain(word);
});

test("a wrong engine lists the right ones", async () => {
  const { code, out, err } = await run("--engine", "tape,jax");
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(err).toBe('No engine is named "jax". Choose from: tape, forward, finite-diff.\n');
});

test("a wrong option points to --help", async () => {
  const { code, err } = await run("--engines", "tape");
  expect(code).toBe(1);
  expect(err).toMatch(/--engines/);
  expect(err).toMatch(/--help/);
});

test("the report is one file that loads nothing, with the picture inside", async () => {
  const path = join(scratch, "new", "folder", "co2.html");
  const { code, out, err } = await run("--engine", "forward,finite-diff", "--out", path);
  expect(err).toContain("forward      iteration  1");
  expect(code).toBe(0);
  for (const word of ["forward", "finite-diff", "iterations", "time of the fit", "A₁", "±", "Largest relative difference", path]) expect(out).toContain(word);

  const page = readFileSync(path, "utf8");
  const first = (pattern: RegExp): string | undefined => pattern.exec(page)?.[0];
  expect(first(/<(?:script|link|iframe|img|object|embed)\b|@import|url\((?!#)|\b(?:src|href)\s*=/i)).toBeUndefined();
  expect(first(/NaN|undefined|Infinity/)).toBeUndefined();
  const picture = first(/<svg[^]*<\/svg>/) ?? "";
  const words = ["CO₂ (ppm)", "residual (ppm)", ">year<", ">monthly mean<", ">fit<", ">trend<"];
  expect(words.filter((word) => !picture.includes(word))).toEqual([]);
});

test("a report that cannot be written says where and why", async () => {
  const file = join(scratch, "file");
  writeFileSync(file, "");
  const { code, err } = await run("--engine", "forward", "--out", join(file, "co2.html"));
  expect(code).toBe(1);
  expect(err).toContain(`Cannot write the report to ${join(file, "co2.html")}`);
  expect(err).toContain("--out");
});
