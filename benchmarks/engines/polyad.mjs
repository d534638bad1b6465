// Polyad's side. A task is { run, check }: `run` is one timed call, `check` gives [loss, Σ|gradient|] of the last one.
import { Adam, add, AutoTape, Const, conv, exp, gradient, logSoftmax, matmul, maxPool, mul, neg, relu, reshape, setup, sin, slice, sqrt, square, sub, sum, tanh, tensor, toDevice, update, withgradient } from "polyad";
import { adam, chainPoint, checkedSteps, digits, imageNetwork, network, rosenbrockPoint, sumAbs } from "../data.mjs";

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

/** The data as tensors on a device, and the loss of a network of dense layers: the mean cross entropy. */
export function networkLoss(data, device = "host") {
  const place = (...args) => toDevice(tensor(...args), device);
  const model = data.layers.map(({ shape, weight, bias }) => ({ weight: place(weight, shape), bias: place(bias) }));
  const x = place(data.x, [data.batch, data.inputs]);
  const y = place(data.y, [data.batch, data.classes]);
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

/** The same for a network of two convolutions and a dense layer. */
export function imageLoss(data, device = "host") {
  const place = (...args) => toDevice(tensor(...args), device);
  const model = data.parameters.map(({ shape, data: numbers }) => place(numbers, shape));
  const x = place(data.x, [data.batch, 1, 28, 28]);
  const y = place(data.y, [data.batch, 10]);
  const loss = ([w1, b1, w2, b2, w3, b3]) => {
    let h = maxPool(relu(add(conv(x, w1), reshape(b1, [-1, 1, 1]))), 2);
    h = maxPool(relu(add(conv(h, w2), reshape(b2, [-1, 1, 1]))), 2);
    const z = add(matmul(reshape(h, [data.batch, 400]), w3), b3);
    return mul(sum(mul(y, logSoftmax(z))), -1 / data.batch);
  };
  return { model, loss };
}

/** Training on digits, from the same start as often as is asked for: `step` gives the loss before it. */
export function training({ layers, batch, items }, engine, device = "host") {
  const place = (...args) => toDevice(tensor(...args), device);
  const loss = (layers, x, y) => {
    const h = relu(add(matmul(x, layers[0].weight), layers[0].bias));
    return mul(sum(mul(y, logSoftmax(add(matmul(h, layers[1].weight), layers[1].bias)))), -1 / batch);
  };
  return () => {
    let model = layers.map(({ shape, weight, bias }) => ({ weight: place(weight, shape), bias: place(bias) }));
    let state = setup(Adam(adam.rate, { beta: [adam.beta1, adam.beta2], epsilon: adam.epsilon }), model);
    let k = 0;
    const step = () => {
      const { x, y } = items[k++ % items.length];
      const { val, grad } = withgradient(loss, engine, model, Const(place(x, [batch, 784])), Const(place(y, [batch, 10])));
      ({ state, model } = update(state, model, grad[0]));
      return val.item();
    };
    return { step, size: () => sumAbs(...model.flatMap(({ weight, bias }) => [weight.dataSync(), bias.dataSync()])) };
  };
}

/** A task that times steps, and checks the first of them from the start. */
export function digitsTask(start) {
  const { step } = start();
  return {
    run: step,
    check: () => {
      const again = start();
      let loss;
      for (let i = 0; i < checkedSteps; i++) loss = again.step();
      return [loss, again.size()];
    },
  };
}

export function load() {
  return {
    digits: () => digitsTask(training(digits(), ad)),
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
    cnn32() {
      const { model, loss } = imageLoss(imageNetwork());
      let last;
      return {
        run: () => {
          last = withgradient(loss, ad, model);
        },
        check: () => [last.val.item(), sumAbs(...last.grad[0].map((g) => g.dataSync()))],
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
