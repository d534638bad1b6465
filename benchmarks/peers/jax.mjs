// jax-js on its wasm backend, eager or jitted. `.ref` keeps an array for another use; every other use consumes it.
import { chainPoint, imageNetwork, network, rosenbrockPoint, sumAbs } from "../data.mjs";

export async function load(mode) {
  // Node 20 has neither, and jax-js asks for both.
  globalThis.navigator ??= { userAgent: "node" };
  globalThis.Float16Array ??= class Float16Array extends Uint16Array {};
  const { defaultDevice, grad, init, jit, lax, nn, numpy: np, valueAndGrad } = await import("@jax-js/jax");
  await init("wasm");
  defaultDevice("wasm");
  const compile = mode === "jit" ? jit : (f) => f;

  const rosenbrock = (x) => {
    const a = x.ref.slice([1, 10]);
    const b = x.slice([0, 9]);
    return np.square(a.sub(np.square(b.ref))).sum().mul(100).add(np.square(np.subtract(1, b)).sum());
  };
  const chain = (x) => {
    const c = np.tanh(np.sin(x.ref).mul(x.ref));
    const d = c.ref.add(x);
    return np.sqrt(np.exp(np.negative(d.ref.mul(d))).mul(c).add(2)).sum();
  };

  return {
    rosen10() {
      const start = rosenbrockPoint(Float32Array);
      const gradient = compile(grad(rosenbrock));
      let g;
      return {
        run: () => {
          g = gradient(np.array(start)).dataSync();
        },
        check: () => [rosenbrock(np.array(start)).dataSync()[0], sumAbs(g)],
      };
    },
    mlp128() {
      const data = network();
      const parameters = data.layers.flatMap(({ shape, weight, bias }) => [np.array(weight).reshape(shape), np.array(bias)]);
      const x = np.array(data.x).reshape([data.batch, data.inputs]);
      const y = np.array(data.y).reshape([data.batch, data.classes]);
      const loss = (p, x, y) => {
        let h = x;
        for (let l = 0; l < p.length; l += 2) {
          const z = np.matmul(h, p[l]).add(p[l + 1]);
          h = l === p.length - 2 ? z : nn.relu(z);
        }
        return y.mul(nn.logSoftmax(h, -1)).sum().mul(-1 / data.batch);
      };
      const gradient = compile(valueAndGrad(loss));
      let last;
      return {
        async: true,
        run: async () => {
          if (last) for (const t of [last[0], ...last[1]]) t.dispose();
          last = gradient(parameters.map((p) => p.ref), x.ref, y.ref);
          for (const t of last[1]) await t.blockUntilReady();
          await last[0].ref.data();
        },
        check: async () => [(await last[0].ref.data())[0], sumAbs(...(await Promise.all(last[1].map((t) => t.ref.data()))))],
      };
    },
    cnn32() {
      const data = imageNetwork();
      const parameters = data.parameters.map(({ shape, data: values }, i) => np.array(values).reshape(i === 1 || i === 3 ? [shape[0], 1, 1] : shape));
      const x = np.array(data.x).reshape([data.batch, 1, 28, 28]);
      const y = np.array(data.y).reshape([data.batch, 10]);
      const pool = (h) => lax.reduceWindow(h, np.max, [2, 2], [2, 2]);
      const loss = (p, x, y) => {
        let h = pool(nn.relu(lax.conv(x, p[0], [1, 1], "VALID").add(p[1])));
        h = pool(nn.relu(lax.conv(h, p[2], [1, 1], "VALID").add(p[3])));
        const z = np.matmul(h.reshape([data.batch, 400]), p[4]).add(p[5]);
        return y.mul(nn.logSoftmax(z, -1)).sum().mul(-1 / data.batch);
      };
      const gradient = compile(valueAndGrad(loss));
      let last;
      return {
        async: true,
        run: async () => {
          if (last) for (const t of [last[0], ...last[1]]) t.dispose();
          last = gradient(parameters.map((p) => p.ref), x.ref, y.ref);
          for (const t of last[1]) await t.blockUntilReady();
          await last[0].ref.data();
        },
        check: async () => [(await last[0].ref.data())[0], sumAbs(...(await Promise.all(last[1].map((t) => t.ref.data()))))],
      };
    },
    chain1e6() {
      const x = np.array(chainPoint());
      const gradient = compile(valueAndGrad(chain));
      let last;
      return {
        async: true,
        run: async () => {
          if (last) for (const t of last) t.dispose();
          last = gradient(x.ref);
          await last[1].blockUntilReady();
          await last[0].ref.data();
        },
        check: async () => [(await last[0].ref.data())[0], sumAbs(await last[1].ref.data())],
      };
    },
  };
}
