// jax-js on its wasm backend, eager or jitted. `.ref` keeps an array for another use; every other use consumes it.
import { adam, checkedSteps, digits, chainPoint, imageNetwork, network, rosenbrockPoint, sumAbs } from "../data.mjs";

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
    digits() {
      const { layers: given, batch, items } = digits();
      const loss = ([W1, b1, W2, b2], x, y) => {
        const h = nn.relu(np.matmul(x, W1).add(b1));
        return y.mul(nn.logSoftmax(np.matmul(h, W2).add(b2), -1)).sum().mul(-1 / batch);
      };
      const both = valueAndGrad(loss);
      // Adam with its corrections 1/(1 − βᵗ) as arrays: numbers would be compiled in.
      const moved = compile((ps, ms, vs, x, y, c1, c2) => {
        const [value, gs] = both(ps.map((p) => p.ref), x, y);
        const next = ps.map((p, i) => {
          const g = gs[i];
          const m = ms[i].mul(adam.beta1).add(g.ref.mul(1 - adam.beta1));
          const v = vs[i].mul(adam.beta2).add(g.ref.mul(g).mul(1 - adam.beta2));
          const change = m.ref.mul(c1.ref).div(np.sqrt(v.ref.mul(c2.ref)).add(adam.epsilon)).mul(adam.rate);
          return [p.sub(change), m, v];
        });
        c1.dispose();
        c2.dispose();
        return [value, next.map(([p]) => p), next.map(([, m]) => m), next.map(([, , v]) => v)];
      });
      const start = () => {
        let ps = given.flatMap(({ shape, weight, bias }) => [np.array(weight).reshape(shape), np.array(bias)]);
        let [ms, vs] = [ps, ps].map((all) => all.map((p) => p.ref.mul(0)));
        let k = 0;
        const step = async () => {
          const { x, y } = items[k++ % items.length];
          const corrections = [adam.beta1, adam.beta2].map((b) => np.array(Float32Array.of(1 / (1 - b ** k))).reshape([]));
          let value;
          [value, ps, ms, vs] = moved(ps, ms, vs, np.array(x).reshape([batch, 784]), np.array(y).reshape([batch, 10]), ...corrections);
          for (const p of ps) await p.blockUntilReady();
          return (await value.data())[0];
        };
        return { step, size: async () => sumAbs(...(await Promise.all(ps.map((p) => p.ref.data())))) };
      };
      const { step } = start();
      return {
        async: true,
        run: step,
        check: async () => {
          const again = start();
          let value;
          for (let i = 0; i < checkedSteps; i++) value = await again.step();
          return [value, await again.size()];
        },
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
