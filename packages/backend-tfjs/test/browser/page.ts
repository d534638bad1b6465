import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { backend, env, memory } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { runSuite } from "@polyad/conformance";
import { Chain, Const, Dense, Descent, generator, identity, leaves, logitCrossEntropy, scope, setup, tanh, Tensor, tensor, toDevice, update, withgradient } from "polyad";
import { beyondWebGpu, subset } from "../subset.js";

/** What one device did in the browser, as the test reads it. */
export interface Report {
  readonly passed: number;
  readonly left: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  readonly losses: readonly number[];
  /** Tensors that training left. */
  readonly leaked: number;
  /** What WebGPU refused, which TensorFlow.js only logs. */
  readonly refused: readonly string[];
}

declare global {
  var polyad: (device: "cpu" | "wasm" | "webgpu", every: number) => Promise<Report>;
}

setWasmPaths("/wasm/");

globalThis.polyad = async (device, every) => {
  const ad = AutoTfjs({ device });
  await ready(ad);
  const refused: string[] = [];
  if (device === "webgpu") {
    env().set("WEBGPU_CPU_FORWARD", false);
    tfjs(device).within(() => (backend() as WebGPUBackend).device.addEventListener("uncapturederror", ({ error }) => refused.push(error.message)));
  }
  const { losses, leaked } = await train(ad);
  const failures: string[] = [];
  const left: Record<string, number> = {};
  const results = await runSuite([ad], { runs: 1, skip: device === "webgpu" ? beyondWebGpu : [], only: subset(every), live: () => memory().numTensors });
  for (const { check, outcome } of results) {
    if (outcome.status === "FAIL") failures.push(`${check.name}: ${outcome.error.message}`);
    else if (outcome.status !== "pass") left[outcome.reason] = (left[outcome.reason] ?? 0) + 1;
  }
  return { passed: results.filter(({ outcome }) => outcome.status === "pass").length, left, failures, losses, leaked, refused };
};

/** A dense network on four points, ten steps of descent, all of it on the device. */
async function train(ad: AutoTfjs): Promise<Pick<Report, "losses" | "leaked">> {
  const x = tensor(Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), [4, 2]);
  const y = tensor(Int32Array.of(0, 1, 1, 0));
  const rng = generator(1);
  const before = memory().numTensors;
  let model = toDevice(Chain(Dense(2, 8, tanh, { rng }), Dense(8, 2, identity, { rng })), tfjs(ad.device));
  let state = setup(Descent(1), model);
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const { val, grad: [g] } = await withgradient((m: typeof model, xs: Tensor) => logitCrossEntropy(m(xs), y), ad, model, Const(x));
    losses.push((await (val as Tensor).data())[0]!);
    const next = scope(() => update(state, model, g));
    for (const t of leaves([val, g, model])) if (t instanceof Tensor && !leaves(next.model).includes(t)) t.dispose();
    ({ model, state } = next);
  }
  for (const t of leaves(model)) if (t instanceof Tensor) t.dispose();
  return { losses, leaked: memory().numTensors - before };
}
