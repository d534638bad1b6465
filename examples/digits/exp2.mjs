import { loadDigits } from "./dist/data.js";
import { begin, fit } from "./dist/study.js";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { engine as tfe } from "@tensorflow/tfjs-core";
const [dev, where, model, limit] = process.argv.slice(2);
const [train, test] = await Promise.all([loadDigits("train", +limit), loadDigits("test", +limit)]);
const settings = { model, epochs: 2, batch: 128, seed: 1, rate: 3e-3, images: train.labels.length };
let engine, device = "host";
if (dev === "tape") engine = (await import("polyad")).AutoTape();
else { engine = AutoTfjs({ device: dev }); await ready(engine); if (where === "device") device = tfjs(dev); }
const mem = () => `${tfe().memory().numTensors} tensors ${(tfe().memory().numBytes / 1e6).toFixed(0)} MB, rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`;
console.log(mem());
await fit(begin(settings), { train, test }, { engine, device }, { onEpoch: (run, v, s) => console.log(dev, where, model, run.epochs, run.losses[run.steps - 1].toFixed(6), v.accuracy, s.toFixed(2) + " s", mem()) });
