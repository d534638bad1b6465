import { memory } from "@tensorflow/tfjs-core";
import { ready } from "@polyad/backend-tfjs";
import { testBackend } from "@polyad/conformance";
import { AutoTfjs } from "@polyad/core";
import "@polyad/backend-tape"; // exact, for random programs to be compared with

for (const device of ["cpu", "wasm"] as const) {
  const ad = AutoTfjs({ device });
  await ready(ad);
  testBackend(ad, { live: () => memory().numTensors });
}
