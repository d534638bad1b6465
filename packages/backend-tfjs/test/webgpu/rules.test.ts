import * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { UnsupportedError } from "polyad";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { holdOnDevice, ops } from "../rulesOnDevice.js";
import { beyondWebGpu } from "../subset.js";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();
const beyond = new Set(beyondWebGpu.flatMap((skip) => skip.ops));

describe.skipIf(missing !== null)("AutoTape and AutoForward on tensors of webgpu", () => {
  const refused: string[] = [];
  beforeAll(async () => {
    await ready(AutoTfjs({ device: "webgpu" }));
    await tf.setBackend("webgpu");
    (tf.backend() as WebGPUBackend).device.addEventListener("uncapturederror", ({ error }) => refused.push(error.message));
    tf.env().set("WEBGPU_CPU_FORWARD", false); // or it would compute what is small on the host
  });
  const nothingRefused = (): void => expect(refused).toEqual([]);
  afterAll(nothingRefused);

  test.each(ops.filter((op) => !beyond.has(op)))("%s", async (op) => {
    const before = tf.memory().numTensors;
    await holdOnDevice(op, tfjs("webgpu"), 2);
    expect(tf.memory().numTensors, "tensors").toBe(before);
  });

  test.each([...beyond].filter((op) => ops.includes(op)))("%s is refused", async (op) => {
    await expect(holdOnDevice(op, tfjs("webgpu"), 4)).rejects.toThrow(UnsupportedError);
  });
});
