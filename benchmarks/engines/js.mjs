// What one writes by hand: the closed form, and one fused loop. No library can be expected to get there eagerly.
import { chainPoint, rosenbrockPoint, sumAbs } from "../data.mjs";

function rosenbrock(x) {
  let s = 0;
  for (let i = 0; i < x.length - 1; i++) s += 100 * (x[i + 1] - x[i] * x[i]) ** 2 + (1 - x[i]) ** 2;
  return s;
}

function rosenbrockGradient(x, g) {
  g.fill(0);
  for (let i = 0; i < x.length - 1; i++) {
    const u = x[i + 1] - x[i] * x[i];
    g[i] += -400 * x[i] * u - 2 * (1 - x[i]);
    g[i + 1] += 200 * u;
  }
}

function chainAndGradient(x, g) {
  let s = 0;
  for (let i = 0; i < x.length; i++) {
    const xi = x[i];
    const a = Math.sin(xi);
    const c = Math.tanh(a * xi);
    const d = c + xi;
    const q = Math.exp(-d * d);
    const r = Math.sqrt(q * c + 2);
    s += r;
    const dh = 0.5 / r;
    const dd = -dh * c * q * 2 * d;
    const db = (dh * q + dd) * (1 - c * c);
    g[i] = dd + db * (a + xi * Math.cos(xi));
  }
  return s;
}

export function load() {
  return {
    rosen10() {
      const x = rosenbrockPoint();
      const g = new Float64Array(x.length);
      return { run: () => rosenbrockGradient(x, g), check: () => [rosenbrock(x), sumAbs(g)] };
    },
    chain1e6() {
      const x = chainPoint();
      const g = new Float32Array(x.length);
      let loss = 0;
      return {
        run: () => {
          loss = chainAndGradient(x, g);
        },
        check: () => [loss, sumAbs(g)],
      };
    },
  };
}
