import { appendFileSync, writeFileSync } from "node:fs";
import { test } from "vitest";
import { runSuite } from "@polyad/conformance";

process.env["VK_ICD_FILENAMES"] ??= "/usr/lib/chromium/vk_swiftshader_icd.json";
const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "node" }, configurable: true, writable: true });

test("explore", { timeout: 600_000 }, async () => {
  const { AutoTfjs, ready } = await import("@polyad/backend-tfjs");
  const tf = await import("@tensorflow/tfjs-core");
  const ad = AutoTfjs({ device: "webgpu" });
  await ready(ad);
  await tf.setBackend("webgpu");
  if (process.env["FORWARD"] === "0") tf.env().set("WEBGPU_CPU_FORWARD", false);
  const device = (tf.backend() as never as { device: GPUDevice }).device;
  let current = "";
  device.addEventListener("uncapturederror", (e) => { e.preventDefault(); appendFileSync(out, `VALIDATION ${current} ${(e as GPUUncapturedErrorEvent).error.message.slice(0, 300)}\n`); });
  const only = process.env["ONLY"] ?? "";
  const out = process.env["OUT"] ?? "/tmp/wg/out.txt";
  writeFileSync(out, "");
  let n = 0;
  const counts: Record<string, number> = {};
  const start = performance.now();
  await runSuite([ad], { runs: Number(process.env["RUNS"] ?? 2), only: ({ group, name }) => { const yes = `${group}: ${name}`.match(only) !== null && n++ % Number(process.env["EVERY"] ?? 1) === 0; return yes; }, progress: ({ check, outcome, milliseconds }) => {
    current = check.name; counts[`${check.group} ${outcome.status}`] = (counts[`${check.group} ${outcome.status}`] ?? 0) + 1;
    if (outcome.status !== "pass") appendFileSync(out, `${outcome.status} ${check.group}: ${check.name}: ${"reason" in outcome ? outcome.reason : outcome.error.message}\n`);
    if (milliseconds > 300) appendFileSync(out, `SLOW ${check.group}: ${check.name} ${milliseconds.toFixed(0)}\n`);
    if (outcome.status === "FAIL" && process.env["STACK"]) appendFileSync(out, `${outcome.error.stack} ${(outcome.error.cause as Error)?.stack}\n`);
  } });
  appendFileSync(out, JSON.stringify(counts, null, 1) + ` ${(performance.now() - start) / 1000} s\n`);
});
