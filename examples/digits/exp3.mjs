import { loadDigits } from "./dist/data.js";
import { begin, fit } from "./dist/study.js";
import { openEngine } from "./dist/engines.js";
import { engine as tfe } from "@tensorflow/tfjs-core";
const [train, test] = await Promise.all([loadDigits("train", 1280), loadDigits("test", 100)]);
const settings = { model: "mlp", epochs: 3, batch: 64, seed: 1, rate: 3e-3, images: 1280 };
const place = await openEngine("tfjs", "webgpu", null);
const mem = () => `${tfe().memory().numTensors} tensors ${(tfe().memory().numBytes / 1e6).toFixed(0)} MB, rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`;
await fit(begin(settings), { train, test }, place, { onEpoch: (run, v, s) => console.log(run.epochs, v.accuracy, s.toFixed(1), mem()) });
