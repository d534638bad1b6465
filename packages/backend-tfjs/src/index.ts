import { AutoTfjs, registerBackend } from "@polyad/core/extend";
import { tfjs } from "./device.js";
import { fromTf, toTf } from "./leaf.js";
import { ready } from "./ready.js";
import { pullback, pushforward } from "./tape.js";

export { AutoTfjs, fromTf, ready, tfjs, toTf };

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
  check: ({ device }) => tfjs(device).within(() => undefined),
  pullback: (f, xs, ad) => {
    const device = tfjs(ad.device);
    const { ys, pull, dispose } = device.here(() => pullback(f, xs.map((x) => device.hold(x))));
    return { ys, pull: (cts) => device.here(() => pull(cts)), dispose };
  },
  pushforward: (f, xs, tangents, ad) => {
    const device = tfjs(ad.device);
    return device.here(() => pushforward(f, xs.map((x) => device.hold(x)), tangents));
  },
});
