import { AutoForward, registerBackend } from "@polyad/core/extend";
import { pushforward } from "./dual.js";

export { AutoForward };

registerBackend<AutoForward>({
  adtype: "forward",
  capabilities: {
    forward: "fast",
    order: Infinity,
    dtypes: ["float64", "float32"],
    execution: "sync",
    traceable: true,
    controlFlow: true,
    chunk: (n, ad) => ad.chunkSize ?? Math.min(n, 32),
  },
  pushforward,
});
