import { AutoTape, registerBackend } from "@polyad/core/extend";
import { pullback } from "./tape.js";

export { AutoTape };
export { backward, grad, param, type Param } from "./tracker.js";

registerBackend({
  adtype: "tape",
  capabilities: {
    reverse: "fast",
    order: Infinity,
    dtypes: ["float64", "float32"],
    execution: "sync",
    traceable: true,
    controlFlow: true,
  },
  pullback,
});
