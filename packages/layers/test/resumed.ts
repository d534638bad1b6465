import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  Adam, BatchNorm, Chain, ClipNorm, DataLoader, Dense, Dropout, generator, linearDecay, load, mse, OptimiserChain, rand, relu, save, setup, sin, train, withGenerator, type Tensor,
} from "polyad";

// A program that trains for some epochs, from a checkpoint if there is one, and leaves the next. See resume.test.ts.

const [from, to, epochs] = process.argv.slice(2) as [string, string, string];

const x = rand(generator(1), [50, 4], { dtype: "float32" });
const y = sin(x.mul(5)).sum({ axis: 1, keepDims: true });
const [shuffle, noise] = generator(7).split() as [ReturnType<typeof generator>, ReturnType<typeof generator>];
const model = withGenerator(generator(5), () => Chain(Dense(4, 16, relu), Dropout(0.1, noise), BatchNorm(16), Dense(16, 1)));
const fresh = { model, state: setup(OptimiserChain(ClipNorm(1), Adam()), model), shuffle, epochs: 0, steps: 0 };

const start = existsSync(from) ? load(readFileSync(from), fresh) : fresh;
const batches = DataLoader([x, y], { batchSize: 8, shuffle: start.shuffle });
const run = await train((m: typeof model, x: Tensor, y: Tensor) => mse(m(x), y), start.model, batches, start.state, {
  epochs: Number(epochs),
  schedule: linearDecay(0.01, 3 * batches.length),
  start,
});
writeFileSync(to, save({ model: run.model, state: run.state, shuffle: start.shuffle, epochs: run.epochs, steps: run.steps }));
