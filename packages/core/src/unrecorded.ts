import { stopGradient } from "./primitives/stopGradient.js";
import { isBeingDifferentiated, isWatched, type Tensor } from "./tensor.js";

/** x without what a `param` recorded of it; as it is where an operator is taking a derivative by it. */
export function unrecorded(x: Tensor): Tensor {
  return isWatched(x) && !isBeingDifferentiated(x) ? stopGradient(x) : x;
}
