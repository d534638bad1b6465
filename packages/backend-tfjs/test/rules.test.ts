import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { holdOnDevice, ops } from "./rulesOnDevice.js";

/** Ops that no derivative goes through, or whose operands in the suite are no float tensors. */
const decide = ["equal", "greater", "greaterEqual", "less", "lessEqual", "notEqual", "logicalAnd", "logicalNot", "logicalOr", "logicalXor", "all", "any", "argmax", "argmin", "argsort", "searchsorted"];

describe.each(["cpu", "wasm"] as const)("AutoTape and AutoForward on tensors of tfjs %s", (name) => {
  beforeAll(() => ready(AutoTfjs({ device: name })));

  it.each(ops)("%s", async (op) => {
    const before = tf.memory().numTensors;
    const held = await holdOnDevice(op, tfjs(name), 8);
    if (!decide.includes(op)) expect(held, "samples").toBeGreaterThan(0);
    expect(tf.memory().numTensors, "tensors").toBe(before);
  });
});
