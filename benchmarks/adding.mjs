// The adding problem (Hochreiter and Schmidhuber, 1997): a sequence of numbers, two of them marked; the answer is their
// sum. Predicting 1 always has a mean squared error of 1/6. Two LSTM layers and a dense one learn it here.
import { Adam, AutoTape, Chain, Dense, generator, LSTM, mse, rand, randint, slice, tensor, train, withGenerator } from "polyad";

const [length, batch, width, steps] = [50, 64, 32, 4000]; // most starts stay at 1/6 for a thousand steps or two

/** Sequences [batch, length, 2] of numbers and marks, and the sums [batch, 1]. */
function problem(rng) {
  const numbers = rand(rng, [batch, length], { dtype: "float32" }).dataSync();
  const [first, second] = [0, 1].map(() => randint(rng, [batch], { max: length / 2 }).dataSync());
  const x = new Float32Array(batch * length * 2);
  const y = new Float32Array(batch);
  for (let i = 0; i < batch; i++) {
    for (let t = 0; t < length; t++) x[2 * (i * length + t)] = numbers[i * length + t];
    for (const t of [first[i], length / 2 + second[i]]) {
      x[2 * (i * length + t) + 1] = 1;
      y[i] += numbers[i * length + t];
    }
  }
  return [tensor(x, [batch, length, 2]), tensor(y, [batch, 1])];
}

function* problems(rng, count) {
  for (let i = 0; i < count; i++) yield problem(rng);
}

const model = withGenerator(generator(3), () => Chain(LSTM(2, width), LSTM(width, width), (x) => slice(x, null, -1), Dense(width, 1)));
const loss = (m, x, y) => mse(m(x), y);
const start = performance.now();
const recent = [];
const { model: trained, steps: taken } = await train(loss, model, () => problems(generator(2), steps), Adam(3e-3), {
  engine: AutoTape(),
  onStep: ({ steps, loss }) => {
    recent.push(loss);
    if (recent.length > 50) recent.shift();
    const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
    if (steps % 100 === 0) console.log(`step ${String(steps).padStart(5)}  mean squared error of the last 50: ${mean.toFixed(5)}`);
    return recent.length === 50 && mean < 0.005 ? "stop" : undefined;
  },
});
let total = 0;
for (const [x, y] of problems(generator(3), 20)) total += loss(trained, x, y).item() / 20;
console.log(`${taken} steps in ${((performance.now() - start) / 1000).toFixed(0)} s; test error ${total.toFixed(5)} on ${20 * batch} new sequences (bar: below 0.01, ${total < 0.01 ? "met" : "not met"})`);
