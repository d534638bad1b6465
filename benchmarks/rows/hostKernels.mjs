// For those who work on the kernels: shapes that are small, thin or odd, and each elementwise function beside a plain
// loop over Math. Only with --all or --only hostKernels. POLYAD_HOST names another build's dist/host.
import { add, cos, div, exp, expm1, log, log1p, mul, neg, relu, sigmoid, sin, sqrt, sub, sum, tanh, tensor } from "polyad";
import { alternate } from "../clock.mjs";

const { gemm } = await import(`${process.env.POLYAD_HOST ?? "../../packages/core/dist/host"}/gemm.js`);

export default { name: "hostKernels", extra: true, title: "Host kernels: gemm in GFLOP/s (nn, tn, nt, tt), elementwise and sums in ms per million elements" };

const shapes = [
  [1024, 1024, 1024], [512, 512, 512], [256, 256, 256], [128, 128, 128], [64, 64, 64], [32, 32, 32], [16, 16, 16], [8, 8, 8],
  [257, 257, 257], [255, 255, 255], [17, 53, 31], [128, 256, 784], [784, 256, 128], [128, 128, 256], [128, 10, 128],
  [1000, 1, 1000], [1, 1000, 1000], [100, 1, 100], [1, 100, 100], [1000, 2, 1000], [2, 1000, 1000], [1000, 1000, 1],
];

const whole = [-5, 5];
const positive = [0, 10];
/** Functions of one operand, what a plain loop computes for them, and the range that they are tried on. */
const unary = [
  ...[exp, expm1, sin, cos, tanh].map((f) => [f, `Math.${f.name}(x[i])`, whole]),
  ...[log, log1p, sqrt].map((f) => [f, `Math.${f.name}(x[i])`, positive]),
  [sigmoid, "1 / (1 + Math.exp(-x[i]))", whole],
  [neg, "-x[i]", whole],
  [relu, "Math.max(x[i], 0)", whole],
];
const binary = [[add, "x[i] + y[i]"], [sub, "x[i] - y[i]"], [mul, "x[i] * y[i]"], [div, "x[i] / y[i]"]];

const million = 1e6;

export function measure({ seconds }) {
  const each = seconds / 8;
  return [Float32Array, Float64Array].flatMap((Type) => [...products(Type, each), ...maps(Type, each)]);
}

const random = (Type, n, from = -0.5, to = 0.5) => Type.from({ length: n }, () => from + (to - from) * Math.random());

function products(Type, seconds) {
  return shapes.map(([m, n, k]) => {
    const a = random(Type, m * k);
    const b = random(Type, k * n);
    const c = new Type(m * n);
    const speeds = [[false, false], [true, false], [false, true], [true, true]].map(([ta, tb]) => {
      const [ms] = alternate([() => gemm(m, n, k, a, 0, ta, b, 0, tb, c, 0)], seconds / 2);
      return ((2 * m * n * k) / ms / 1e6).toFixed(1).padStart(7);
    });
    return { what: `${Type.name} gemm ${m}×${k} · ${k}×${n}`, text: speeds.join("") };
  });
}

/** Each op, result allocated, beside a loop of its own: a shared loop would be slowed by having seen the others. */
function maps(Type, seconds) {
  const lines = [];
  const compare = (what, formula, op, xs) => {
    const tensors = xs.map((x) => tensor(x));
    const out = new Type(million);
    const plain = new Function("x", "y", "out", `for (let i = 0; i < x.length; i++) out[i] = ${formula};`);
    const [ours, theirs] = alternate([() => op(...tensors), () => plain(xs[0], xs[1], out)], seconds);
    lines.push({ what: `${Type.name} ${what}`, text: `${ours.toFixed(2)}  (plain loop ${theirs.toFixed(2)})` });
  };
  for (const [f, formula, [from, to]] of unary) compare(f.name, formula, f, [random(Type, million, from, to)]);
  for (const [f, formula] of binary) compare(f.name, formula, f, [random(Type, million), random(Type, million, 1, 2)]);
  compare("mul by a number", "x[i] * 1.5", (x) => mul(x, 1.5), [random(Type, million)]);
  const x = tensor(random(Type, million));
  const [ms] = alternate([() => sum(x)], seconds);
  lines.push({ what: `${Type.name} sum`, text: ms.toFixed(2) });
  return lines;
}
