import { stopGradient } from "./primitives/stopGradient.js";
import { isRunning } from "./runs.js";
import { isWatched, type Tensor } from "./tensor.js";

/** Whether a derivative by x is being taken now. What a `param` recorded may be read where no operator runs: there `backward` is called. */
export function isBeingDifferentiated(x: Tensor): boolean {
  return isWatched(x) && (x.trace !== null || x.device.recording?.() === true || isRunning());
}

/** x without what a `param` recorded of it; as it is where an operator is taking a derivative by it. */
export function unrecorded(x: Tensor): Tensor {
  return isWatched(x) && !isBeingDifferentiated(x) ? stopGradient(x) : x;
}
