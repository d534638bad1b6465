import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type * as tf from "@tensorflow/tfjs-core";

/** A second copy of TensorFlow.js's core, loaded before ours: all copies share its engine, whose tensors are of its class. */

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(import.meta.dirname, "../../../node_modules/.tfjs-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));
const load = (file: string): typeof tf => {
  copyFileSync(require.resolve("@tensorflow/tfjs-core"), join(folder, file));
  return require(join(folder, file)) as typeof tf;
};

const first = load("first.cjs");
const { AutoTfjs, ready } = await import("@polyad/backend-tfjs");
const own = await import("@tensorflow/tfjs-core");

const message =
  "tfjs: two copies of @tensorflow/tfjs-core are loaded, one by @polyad/backend-tfjs and one by other code. `npm ls @tensorflow/tfjs-core` shows where they come from; " +
  "give both the same version, and run `npm dedupe`.";

it.each(["cpu", "wasm"] as const)("ready() on %s says so before work starts", async (device) => {
  expect(first.engine()).toBe(own.engine());
  expect(first.Tensor).not.toBe(own.Tensor);
  await expect(ready(AutoTfjs({ device }))).rejects.toThrow(message);
  expect(own.memory().numTensors).toBe(0);
});
