import { AutoTfjs, isFloat, registerBackend, type Value } from "@polyad/core/extend";
import { tfjs } from "./device.js";
import { pullback } from "./tape.js";
import { TfjsTensor } from "./tensor.js";
import { ready } from "./ready.js";

export { AutoTfjs, ready, tfjs };

registerBackend<AutoTfjs>({
  adtype: "tfjs",
  capabilities: {
    reverse: "fast",
    order: Infinity,
    dtypes: ["float64", "float32"],
    execution: "sync",
    traceable: false,
    controlFlow: true,
    accuracy: (_dtype, order) => 2 ** (4 * order - 20),
  },
  pullback: (f, xs, { device }) => {
    const on = tfjs(device);
    const here = (x: Value): TfjsTensor => {
      if (x instanceof TfjsTensor) return x;
      return typeof x === "number" ? on.number(x) : (on.put(x as never) as TfjsTensor);
    };
    return pullback(f, xs.map(here));
  },
});

void isFloat;
