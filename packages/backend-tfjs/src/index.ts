import { AutoTfjs, registerBackend } from "@polyad/core/extend";
import { tfjs } from "./device.js";
import { pullback, pushforward } from "./tape.js";
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
    accuracy: (_dtype, order) => 2 ** (4 * order - 21),
  },
  pullback: (f, xs, { device }) => pullback(f, xs.map((x) => tfjs(device).hold(x))),
  pushforward: (f, xs, tangents, { device }) => pushforward(f, xs.map((x) => tfjs(device).hold(x)), tangents),
});
