// Polyad on TensorFlow.js: by its tape (AutoTfjs), or by Polyad's own on tensors that live there (AutoTape).
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { AutoTape, leaves, withgradient } from "polyad";
import { imageNetwork, network, sumAbs } from "../data.mjs";
import { imageLoss, networkLoss } from "./polyad.mjs";

export async function load({ device, tape = false }) {
  const ad = tape ? AutoTape() : AutoTfjs({ device });
  await ready(AutoTfjs({ device }));
  const measured = ({ model, loss }) => {
    let last;
    return {
      run: () => {
        if (last) for (const t of leaves(last)) t.dispose(); // at once, as its users do; without it garbage collection does
        last = withgradient(loss, ad, model);
      },
      check: () => [last.val.item(), sumAbs(...leaves(last.grad).map((g) => g.dataSync()))],
    };
  };
  return {
    mlp128: () => measured(networkLoss(network(), tfjs(device))),
    cnn32: () => measured(imageLoss(imageNetwork(), tfjs(device))),
  };
}
