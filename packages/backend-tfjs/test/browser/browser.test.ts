import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missing, openPage } from "./chromium.js";
import type {} from "./page.js";

const wasm = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));

describe("in headless Chromium", () => {
  let opened: Awaited<ReturnType<typeof openPage>> | undefined;
  beforeAll(async () => {
    if (missing === null) opened = await openPage(join(import.meta.dirname, "page.ts"), { wasm });
  }, 60_000);
  afterAll(() => opened?.close());

  // Each device does one check in so many; reads from webgpu are the slowest.
  test.for([["cpu", 12], ["wasm", 12], ["webgpu", 60]] as const)("%s: one conformance check in %i, and training", { timeout: 60_000 }, async ([device, every], context) => {
    if (opened === undefined) return context.skip(missing!);
    const { passed, failures, losses, leaked, refused } = await opened.page.evaluate(([name, n]) => globalThis.polyad(name, n), [device, every] as const);
    expect(failures).toEqual([]);
    expect(refused).toEqual([]);
    expect(passed).toBeGreaterThan(1000 / every);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(leaked).toBe(0);
    expect(opened.errors).toEqual([]);
  });
});
