// The speed of the host kernels: GFLOP/s of gemm, milliseconds per million elements of the maps and sums,
// copies into and out of WebAssembly included. Build first: it imports packages/core/dist/host.
//   node benchmarks/host-kernels.mjs
const dist = process.env.POLYAD_HOST ?? "../packages/core/dist/host";
const { gemm } = await import(`${dist}/gemm.js`);

/** Median milliseconds of `f` over about `budget` ms. */
function median(f, budget = 300) {
  const start = performance.now();
  do f();
  while (performance.now() - start < budget / 4);
  const times = [];
  const end = performance.now() + budget;
  while (performance.now() < end || times.length < 5) {
    const from = performance.now();
    f();
    times.push(performance.now() - from);
  }
  return times.sort((x, y) => x - y)[times.length >> 1];
}

const random = (Type, size) => Type.from({ length: size }, () => Math.random() - 0.5);
const row = (...cells) => console.log(cells.map((cell, i) => String(cell)[i ? "padStart" : "padEnd"](i ? 8 : 22)).join(""));

const shapes = [
  [1024, 1024, 1024], [512, 512, 512], [256, 256, 256], [128, 128, 128], [64, 64, 64], [32, 32, 32], [16, 16, 16], [8, 8, 8],
  [257, 257, 257], [255, 255, 255], [17, 53, 31], [128, 256, 784], [784, 256, 128], [128, 128, 256], [128, 10, 128],
  [1000, 1, 1000], [1, 1000, 1000], [100, 1, 100], [1, 100, 100],[1000, 2, 1000], [2, 1000, 1000], [1000,1000,1],
];

for (const Type of [Float32Array, Float64Array]) {
  row(`${Type.name} GFLOP/s`, "nn", "tn", "nt", "tt");
  for (const [m, n, k] of shapes) {
    const a = random(Type, m * k);
    const b = random(Type, k * n);
    const c = new Type(m * n);
    const reps = Math.ceil(2e5 / (m * n * k)); // so that one timing is long enough for the clock
    const speed = (ta, tb) => {
      const time = median(() => {
        for (let r = 0; r < reps; r++) gemm(m, n, k, a, 0, ta, b, 0, tb, c, 0);
      });
      return ((2 * m * n * k * reps) / time / 1e6).toFixed(1);
    };
    row(`${m}x${k} * ${k}x${n}`, speed(false, false), speed(true, false), speed(false, true), speed(true, true));
  }
}

const { mapFloat32 } = await import(`${dist}/mapFloat32.js`);
const { sumFloat32, sumFloat64 } = await import(`${dist}/sumFloat.js`);
const positive = new Set(["log", "log1p", "sqrt"]);
const size = 1e6;
const out = new Float32Array(size);

row("ms per 1e6", "wasm", "Math");
for (const name of ["exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid", "sqrt"]) {
  const x = Float32Array.from({ length: size }, () => 10 * (Math.random() - (positive.has(name) ? 0 : 0.5)));
  const formula = name === "sigmoid" ? "1 / (1 + Math.exp(-x[i]))" : `Math.${name}(x[i])`;
  // Its own function each time: a shared loop would be slowed by having seen the others.
  const plain = new Function("x", "out", `for (let i = 0; i < x.length; i++) out[i] = ${formula};`);
  row(name, median(() => mapFloat32(name, x, out)).toFixed(2), median(() => plain(x, out)).toFixed(2));
}
for (const [Type, sum] of [[Float32Array, sumFloat32], [Float64Array, sumFloat64]]) {
  const x = random(Type, size);
  const plain = new Function("x", "let s = 0; for (let i = 0; i < x.length; i++) s += x[i]; return s;");
  row(sum.name, median(() => sum(x, 0, size)).toFixed(2), median(() => plain(x)).toFixed(2));
}
