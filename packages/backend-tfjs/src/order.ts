import type { engine } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import { UnsupportedError } from "@polyad/core/extend";
import type { TfjsTensor } from "./tensor.js";

/** An entry of TensorFlow.js's tape. */
export type Node = ReturnType<typeof engine>["state"]["activeTape"][number];

/**
 * The tape in the order of what depends on what. TensorFlow.js notes the copies that an op saves for its gradient before the op
 * itself, a result's copy before the result, and so loses second derivatives in silence: the op comes first. A `customGrad`
 * may save what it computed in between, unseen by the tape: that depends on the op's operands, nobody knows how.
 */
export function inOrder(nodes: readonly Node[], [first]: readonly TfjsTensor[]): Node[] {
  const ordered: Node[] = [];
  const noted = (x: tf.Tensor): boolean => first === undefined || x.id < first.handle.id || ordered.some(({ outputs }) => outputs.includes(x));
  for (const node of nodes) {
    const { kernelName, inputs, outputs, saved = [] } = node;
    if (saved.length === 0) {
      ordered.push(node);
      continue;
    }
    let at = ordered.length;
    while (at > 0 && saved.includes(ordered[at - 1]!.outputs[0]!)) at--;
    const ends = [...Object.values(inputs), ...outputs];
    const copies = ordered.splice(at).map((copied) => {
      const { x } = copied.inputs;
      return x === undefined || ends.includes(x) || noted(x) ? copied : { ...copied, inputs, gradient: () => { throw notNoted(kernelName); } };
    });
    ordered.push(node, ...copies);
  }
  return ordered;
}

function notNoted(kernelName: string): UnsupportedError {
  return new UnsupportedError(`tfjs: TensorFlow.js's op ${kernelName} has no second derivative: its gradient uses what it computed without the tape. For that, ${wayOut}`);
}

/** What to do where TensorFlow.js's gradients end. */
export const wayOut: string = "write this part of f in Polyad's ops: fromTf(t) leads there, and toTf(x) back.";
