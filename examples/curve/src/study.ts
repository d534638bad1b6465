import { Chain, Dense, Descent, generator, mean, only, sigmoid, square, sub, tensor, train, withGenerator, type ADType, type Tensor, type Value } from "polyad";

/** What is to be learned. */
export function truth(x: number): number {
  return 2 * x - x ** 3;
}

/** −2, −1.9, …, 2 */
export const points: readonly number[] = Array.from({ length: 41 }, (_, i) => -2 + i / 10);

/** 20 hidden units, from a vector of one number to a number. */
export type Network = Chain<[Dense, Dense, typeof only]>;

export function network(seed: number): Network {
  return withGenerator(generator(seed), () => Chain(Dense(1, 20, sigmoid), Dense(20, 1), only));
}

/**
 * Fits the network to the points one at a time, by gradient descent with a rate of 0.01.
 * @throws TrainingError where that diverges.
 */
export async function fit(start: Network, engine: ADType, epochs: number, onEpoch: (epoch: number, model: Network) => void = () => {}): Promise<Network> {
  const loss = (model: Network, x: Tensor, y: number): Value => square(sub(model(x), y));
  const data = points.map((x) => [tensor([x], null, "float32"), truth(x)] as const);
  const { model } = await train(loss, start, data, Descent(0.01), { engine, epochs, onEpoch: (now) => onEpoch(now.epochs, now.model) });
  return model;
}

/** What the network makes of x. */
export function fitted(model: Network, x: number): number {
  return Number(model(tensor([x], null, "float32")));
}

/** (1/n) Σ (model(xᵢ) − yᵢ)² over the points. */
export function error(model: Network): number {
  return mean(square(sub(points.map((x) => fitted(model, x)), points.map(truth)))).item();
}
