import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engines } from "../src/engines.js";
import { main } from "../src/main.js";
import { error, fit, fitted, network, points, truth, type Network } from "../src/study.js";

const scratch = mkdtempSync(join(tmpdir(), "polyad-curve-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

test("the points are -2, -1.9, …, 2, and the curve goes through 4, -1, 0, 1, -4", () => {
  expect(points).toHaveLength(41);
  expect([points[0], points[10], points[20], points[30], points[40]]).toEqual([-2, -1, 0, 1, 2]);
  expect([-2, -1, 0, 1, 2].map(truth)).toEqual([4, -1, 0, 1, -4]);
});

test("--help names options and engines", async () => {
  const { code, out, err } = await run("--help");
  expect([code, err]).toEqual([0, ""]);
  for (const word of ["--engine", "--epochs", "--seed", "--out", ...engines.keys()]) expect(out).toContain(word);
});

test("a step of gradient descent at a time, the engines learn the same", { timeout: 30_000 }, async () => {
  const start = network(3);
  const [tape, forward, differences] = (await Promise.all([...engines.values()].map((engine) => fit(start, engine, 1)))) as [Network, Network, Network];
  for (const x of points) {
    expect(fitted(forward, x)).toBeCloseTo(fitted(tape, x), 5);
    expect(fitted(differences, x)).toBeCloseTo(fitted(tape, x), 2); // the network computes in float32
  }
  expect(Math.abs(error(tape) - error(start))).toBeGreaterThan(0.1);
});

test("seed 52: one picture shows the true curve and the 41 fitted points", { timeout: 60_000 }, async () => {
  const path = join(scratch, "new", "curve.html");
  const { code, out, err } = await run("--epochs", "20", "--out", path);
  expect(code).toBe(0);
  expect(err.match(/mean squared error/g)).toHaveLength(10);
  const [, first, last] = /Mean squared error: (\S+) at first, (\S+) after 20 epochs/.exec(out)!;
  expect(Number(last)).toBeLessThan(Number(first));

  const page = readFileSync(path, "utf8");
  const found = (pattern: RegExp): string | undefined => pattern.exec(page)?.[0];
  expect(found(/<(?:script|link|iframe|img|object|embed)\b|@import|url\((?!#)|\b(?:src|href)\s*=/i)).toBeUndefined();
  expect(found(/NaN|undefined|Infinity/)).toBeUndefined();
  const picture = found(/<svg[^]*<\/svg>/)!;
  const places = (role: string): string[] => new RegExp(`<g class="mark-${role} role-mark[^>]*>(.*?)</g>`, "s").exec(picture)![1]!.match(/<path[^>]*>/g)!;
  expect(places("line")).toHaveLength(1);
  expect(places("symbol")).toHaveLength(41);
  for (const word of ["2x − x³", "fitted points"]) expect(picture).toContain(`>${word}<`);
  expect(page).toContain("# Total: 4 arrays, 61 parameters, 452 bytes.");
});

test.each([
  [["--engine", "jax"], 'No engine is named "jax". Choose from: tape, forward, finite-diff.\n'],
  [["--epochs", "many"], '--epochs: expected a whole number, got "many".\n'],
  [["--seed=-1"], '--seed: expected a whole number, got "-1".\n'],
])("%j is refused", async (args, message) => {
  expect(await run(...args)).toEqual({ code: 1, out: "", err: message });
});

test("a wrong option points to --help, a report that cannot be written to --out", async () => {
  expect((await run("--epoch", "3")).err).toMatch(/--epoch[^]*--help/);
  const file = join(scratch, "file");
  writeFileSync(file, "");
  const { code, err } = await run("--epochs", "0", "--out", join(file, "curve.html"));
  expect(code).toBe(1);
  expect(err).toContain(`Cannot write the report to ${join(file, "curve.html")}`);
});
