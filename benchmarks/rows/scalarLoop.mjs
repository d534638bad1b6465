// A program of a million scalar operations: time and memory linear in the operations, and given back afterwards.
import { add, AutoTape, gradient, mul, sin } from "polyad";
import { alternate, bytesInUse } from "../clock.mjs";
import { showRatio, showTime } from "../table.mjs";

export default { name: "scalarLoop", title: "x ← sin(x)·1.0001 + 0.1, n scalar operations in all: gradient by the eager tape" };

const ad = AutoTape();

const loop = (n, last = (x) => x) => (x) => {
  for (let i = 0; i < n; i += 3) x = add(mul(sin(x), 1.0001), 0.1);
  return last(x);
};

export function measure({ seconds }) {
  const lines = [];
  const perOp = [];
  for (const n of [1e5, 2e5, 4e5, 8e5, 1e6]) {
    const f = loop(n);
    const [time] = alternate([() => gradient(f, ad, 0.5)], seconds / 2);
    perOp.push((time / n) * 1e6);
    lines.push({ what: `n = ${n}`, text: `${showTime(time)}, ${((time / n) * 1e6).toFixed(0)} ns per operation`, value: time, ...check(n) });
  }
  const linear = perOp.at(-1) / perOp[0];
  lines.push({ what: "time per operation at 1e6 over 1e5", text: showRatio(linear), value: linear, bar: { atMost: 1.5 } });

  const n = 999_999; // a multiple of three: exactly n operations
  let full = 0;
  const f = loop(n, (x) => {
    full = bytesInUse();
    return x;
  });
  const before = bytesInUse();
  gradient(f, ad, 0.5);
  const after = bytesInUse();
  const bytes = (full - before) / n;
  lines.push({ what: "bytes of tape per operation", text: bytes.toFixed(0), value: bytes, bar: { below: 300 } });
  lines.push({ what: "of it kept after the gradient", text: `${((after - before) / n).toFixed(2)} bytes`, value: (after - before) / n, bar: { below: 1 } });
  return lines;
}

/** The derivative by hand, as a product along the loop. */
function check(n) {
  let x = 0.5;
  let d = 1;
  for (let i = 0; i < n; i += 3) {
    d *= 1.0001 * Math.cos(x);
    x = Math.sin(x) * 1.0001 + 0.1;
  }
  const [g] = gradient(loop(n), ad, 0.5);
  return Math.abs(g - d) <= 1e-9 * Math.abs(d) + 1e-300 ? {} : { wrong: `gradient ${g}, by hand ${d}` };
}
