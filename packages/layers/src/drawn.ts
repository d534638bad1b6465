import { AutodiffError, ShapeError, Tensor, type RandomGenerator, type Shape } from "@polyad/core";
import type { Initialiser } from "./init.js";

/**
 * The first values of a layer's array.
 * @throws AutodiffError for what is no initialiser, or gives something else than floats of this shape.
 */
export function drawn(name: string, init: Initialiser, rng: RandomGenerator, shape: Shape): Tensor {
  if (typeof init !== "function") throw new AutodiffError(`${name}: expected an initialiser such as glorotUniform for init, got ${String(init)}.`);
  const x: unknown = init(rng, shape);
  if (!(x instanceof Tensor) || (x.dtype !== "float64" && x.dtype !== "float32")) {
    throw new AutodiffError(`${name}: expected the initialiser to give a float tensor, got ${x instanceof Tensor ? x.dtype : typeof x}.`);
  }
  if (x.ndim === shape.length && shape.every((n, i) => n === x.shape[i])) return x;
  throw new ShapeError(`${name}: expected the initialiser to give shape [${shape.join(", ")}], got [${x.shape.join(", ")}]. It is called as init(rng, shape).`);
}
