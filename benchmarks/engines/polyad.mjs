// Polyad's side. A task is { run, check }: `run` is one timed call, `check` gives [loss, Σ|gradient|] of the last one.
import { add, AutoTape, exp, gradient, logSoftmax, matmul, mul, neg, relu, sin, slice, sqrt, square, sub, sum, tanh, tensor, withgradient } from "polyad";
import { chainPoint, network, rosenbrockPoint, sumAbs } from "../data.mjs";

const ad = AutoTape();

/** Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² */
export function rosenbrock(x) {
  const a = slice(x, [1, null]);
  const b = slice(x, [0, -1]);
  return add(mul(100, sum(square(sub(a, square(b))))), sum(square(sub(1, b))));
}

/** Ten operations on each element, and a sum. */
export function chain(x) {
  const c = tanh(mul(sin(x), x));
  const d = add(c, x);
  return sum(sqrt(add(mul(exp(neg(mul(d, d))), c), 2)));
}

/** The data as tensors, and the loss of a network of dense layers: the mean cross entropy. */
export function networkLoss(data) {
  const model = data.layers.map(({ shape, weight, bias }) => ({ weight: tensor(weight, shape), bias: tensor(bias) }));
  const x = tensor(data.x, [data.batch, data.inputs]);
  const y = tensor(data.y, [data.batch, data.classes]);
  const loss = (layers) => {
    let h = x;
    layers.forEach(({ weight, bias }, l) => {
      const z = add(matmul(h, weight), bias);
      h = l === layers.length - 1 ? z : relu(z);
    });
    return mul(sum(mul(y, logSoftmax(h))), -1 / data.batch);
  };
  return { model, loss };
}

export function load() {
  return {
    rosen10() {
      const start = rosenbrockPoint();
      let g;
      return {
        run: () => {
          [g] = gradient(rosenbrock, ad, new Float64Array(start));
        },
        check: () => [rosenbrock(tensor(start)).item(), sumAbs(g)],
      };
    },
    mlp128() {
      const { model, loss } = networkLoss(network());
      let last;
      return {
        run: () => {
          last = withgradient(loss, ad, model);
        },
        check: () => [last.val.item(), sumAbs(...last.grad[0].flatMap(({ weight, bias }) => [weight.dataSync(), bias.dataSync()]))],
      };
    },
    chain1e6() {
      const x = tensor(chainPoint());
      let last;
      return {
        run: () => {
          last = withgradient(chain, ad, x);
        },
        check: () => [last.val.item(), sumAbs(last.grad[0].dataSync())],
      };
    },
  };
}
