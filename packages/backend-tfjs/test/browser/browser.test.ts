import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missing, openBrowser } from "./chromium.js";
import type {} from "./page.js";

const wasm = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));

if (missing !== null) console.info(`tests in the browser are left out: ${missing}`);

describe.skipIf(missing !== null)("in headless Chromium", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser(join(import.meta.dirname, "page.ts"), { wasm });
  }, 60_000);
  afterAll(() => browser.close());

  // Each device does one check in so many; reads from webgpu are the slowest.
  test.each([["cpu", 12], ["wasm", 12], ["webgpu", 60]] as const)("%s: one conformance check in %i, and training", { timeout: 60_000 }, async (device, every) => {
    const { passed, failures, losses, leaked, refused } = await (await browser.open()).evaluate(([name, n]) => globalThis.polyad(name, n), [device, every] as const);
    expect(failures).toEqual([]);
    expect(refused).toEqual([]);
    expect(passed).toBeGreaterThan(1000 / every);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(leaked).toBe(0);
    expect(browser.errors).toEqual([]);
  });
});
