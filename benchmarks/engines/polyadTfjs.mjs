// Polyad on TensorFlow.js: by its tape (AutoTfjs), or by Polyad's own on tensors that live there (AutoTape).
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { AutoTape, leaves, withgradient } from "polyad";
import { network, sumAbs } from "../data.mjs";
import { networkLoss } from "./polyad.mjs";

export async function load({ device, tape = false }) {
  const ad = tape ? AutoTape() : AutoTfjs({ device });
  await ready(AutoTfjs({ device }));
  return {
    mlp128() {
      const { model, loss } = networkLoss(network(), tfjs(device));
      let last;
      return {
        run: () => {
          if (last) for (const t of leaves(last)) t.dispose(); // at once, as its users do; without it garbage collection does
          last = withgradient(loss, ad, model);
        },
        check: () => [last.val.item(), sumAbs(...leaves(last.grad).map((g) => g.dataSync()))],
      };
    },
  };
}
