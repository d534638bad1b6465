import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";

// The rows of the acceptance list on TensorFlow.js: the same tests as for the other engines.

const ad = AutoTfjs({ device: "wasm" });
await ready(ad);
globalThis.polyadEngines = [ad];
globalThis.polyadDevice = tfjs("wasm");
await import("../../../test/seeds.test.js");
