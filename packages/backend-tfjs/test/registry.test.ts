import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { runSuite } from "@polyad/conformance";
import { AutoTfjs, ready } from "@polyad/backend-tfjs";
import { subset } from "./subset.js";

/** No lowering depends on TensorFlow.js's registry of gradients: a part of the suite passes while each of its entries throws. */
describe.each(["cpu", "wasm"] as const)("with a registry in which every gradient throws, on %s", (device) => {
  const ad = AutoTfjs({ device });
  let kernels: string[] = [];
  beforeAll(async () => {
    await ready(ad);
    kernels = tf.getKernelsForBackend(device).map(({ kernelName }) => kernelName);
    for (const kernelName of kernels) {
      tf.registerGradient({ kernelName, gradFunc: () => { throw new Error(`the registered gradient of ${kernelName} was asked for`); } });
    }
  });
  afterAll(() => kernels.forEach((name) => tf.unregisterGradient(name)));

  it("one check of the suite in twelve", { timeout: 60_000 }, async () => {
    const results = await runSuite([ad], { runs: 2, only: subset(12) });
    expect(results.flatMap(({ check, outcome }) => (outcome.status === "FAIL" ? [`${check.name}: ${outcome.error.message}`] : []))).toEqual([]);
    expect(results.filter(({ outcome }) => outcome.status === "pass").length).toBeGreaterThan(80);
    expect(() => tf.tidy(() => tf.grad((t) => tf.exp(t))(tf.scalar(1)))).toThrow("the registered gradient of Exp was asked for");
  });
});

it("the package asks for no more of TensorFlow.js than its core and its devices", () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as Record<"dependencies" | "peerDependencies", Record<string, string> | undefined>;
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependencies!).filter((name) => name.startsWith("@tensorflow/"))).toEqual([
    "@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu", "@tensorflow/tfjs-core",
  ]);
});
