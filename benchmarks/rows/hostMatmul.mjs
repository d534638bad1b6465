// The matrix product of the host, through the public op: how fast, and whether it stays so.
import { matmul, tensor } from "polyad";
import { quantile, samplesOf } from "../clock.mjs";
import { numbers } from "../data.mjs";

const size = 512;
const bars = new Map([[Float32Array, 30], [Float64Array, 14]]);
/** One after the other, so that buffers must grow, shrink and be given back. */
const sizes = [64, 1024, 128, 512, 192, 448, 256, 384, 320, 768];

export default { name: "hostMatmul", title: `Matrix products on the host in GFLOP/s: ${size}×${size}, and 1000 in a row of up to 1024×1024` };

export function measure({ seconds }) {
  const lines = [];
  for (const [Type, atLeast] of bars) {
    const dtype = Type === Float32Array ? "float32" : "float64";
    const [a, b] = operands(size, Type);
    for (const kind of ["nn", "tn", "nt", "tt"]) {
      const options = { transposeA: kind[0] === "t", transposeB: kind[1] === "t" };
      const [samples] = samplesOf([() => matmul(a, b, options)], seconds / 2);
      const [speed, best] = [0.5, 0.1].map((q) => (2 * size ** 3) / quantile(samples, q) / 1e6);
      lines.push({ what: `${dtype} ${kind} ${size}`, text: `${speed.toFixed(1)}  (best tenth ${best.toFixed(1)})`, value: speed, bar: { atLeast }, ...check(a, b, options) });
    }
  }
  for (const Type of bars.keys()) lines.push(inARow(Type, seconds < 2 ? 200 : 1000));
  return lines;
}

function operands(n, Type) {
  return [tensor(numbers(n * n, 1, 1, Type), [n, n]), tensor(numbers(n * n, 2, 1, Type), [n, n])];
}

/** The last against the first tenth of many calls; of each size the median, so that no single pause decides. */
function inARow(Type, count) {
  const pairs = sizes.map((n) => operands(n, Type));
  const times = sizes.map(() => []);
  for (let i = 0; i < count; i++) {
    const [a, b] = pairs[i % sizes.length];
    const start = performance.now();
    matmul(a, b);
    times[i % sizes.length].push(performance.now() - start);
  }
  const tenth = count / sizes.length / 10;
  const flops = sizes.reduce((s, n) => s + 2 * n ** 3, 0);
  const speed = (part) => flops / times.reduce((s, own) => s + quantile(part(own), 0.5), 0) / 1e6;
  const first = speed((own) => own.slice(0, tenth));
  const last = speed((own) => own.slice(-tenth));
  const dtype = Type === Float32Array ? "float32" : "float64";
  return { what: `${dtype}, ${count} in a row: last tenth over first`, text: `${(last / first).toFixed(2)} = ${last.toFixed(1)} / ${first.toFixed(1)}`, value: last / first, bar: { atLeast: 0.8 } };
}

/** A few entries against sums in float64. */
function check(a, b, { transposeA, transposeB }) {
  const [x, y, z] = [a, b, matmul(a, b, { transposeA, transposeB })].map((t) => t.dataSync());
  for (const [i, j] of [[0, 0], [3, 500], [511, 17]]) {
    let s = 0;
    for (let k = 0; k < size; k++) s += x[transposeA ? k * size + i : i * size + k] * y[transposeB ? j * size + k : k * size + j];
    if (Math.abs(z[i * size + j] - s) > 1e-3) return { wrong: `entry [${i}, ${j}] is ${z[i * size + j]}, should be ${s}` };
  }
  return {};
}
