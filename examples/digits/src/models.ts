import { Chain, Conv, Dense, Flatten, MaxPool, relu, reshape, type ChainOf, type Tensor } from "polyad";
import { side } from "./data.js";

type Layer = (x: Tensor) => Tensor;

/** Images as rows [n, 784] to scores [n, 10], one for each digit. */
export type Classifier = ChainOf<Layer>;

export type ModelName = "mlp" | "cnn";

/** The models that can be named on the command line. One more is one more entry. */
export const models: Readonly<Record<ModelName, () => Classifier>> = {
  mlp: () => chain(Dense(side * side, 128, relu), Dense(128, 10)),
  cnn: () =>
    chain(
      asImages, // [n, 1, 28, 28]
      Conv([5, 5], [1, 8], relu),
      MaxPool([2, 2]), // [n, 8, 12, 12]
      Conv([5, 5], [8, 16], relu),
      MaxPool([2, 2]), // [n, 16, 4, 4]
      Flatten(),
      Dense(256, 64, relu),
      Dense(64, 10),
    ),
};

export const modelNames = Object.keys(models) as readonly ModelName[];

/** @throws Error that lists the right names. */
export function modelNamed(name: string): ModelName {
  const found = modelNames.find((known) => known === name);
  if (found === undefined) throw new Error(`No model is named "${name}". Choose from: ${modelNames.join(", ")}.`);
  return found;
}

/** Rows of pixels as images of one channel. */
function asImages(x: Tensor): Tensor {
  return reshape(x, [-1, 1, side, side]);
}

function chain(...layers: readonly Layer[]): Classifier {
  return Chain(...layers);
}
