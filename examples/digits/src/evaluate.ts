import { argmax, confusionMatrix, scope, softmax, toDevice, toHost, type Device, type Tensor } from "polyad";
import { batches, type Digits } from "./data.js";
import type { Classifier } from "./models.js";

/** A digit that was taken for another. */
export interface Mistake {
  /** Of the image. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** The probability that the model gave to what it read. */
  readonly confidence: number;
}

/** How well a model reads. */
export interface Verdict {
  readonly accuracy: number;
  /** How often i was read as j. */
  readonly confusion: readonly (readonly number[])[];
  /** All of them, the most confident first. */
  readonly mistakes: readonly Mistake[];
}

/** What a model makes of images that it was not trained on. */
export async function evaluate(model: Classifier, digits: Digits, device: Device | "host"): Promise<Verdict> {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const mistakes: Mistake[] = [];
  let from = 0;
  for (const [x, y] of batches(digits, 1000)) {
    const scores = await read(scope(() => model(toDevice(x, device))));
    confusionMatrix(scores, y).dataSync().forEach((n: number, k: number) => (confusion[Math.floor(k / 10)]![k % 10]! += n));
    mistakes.push(...mistakesIn(scores, y, from));
    from += y.size;
  }
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  return { accuracy: right / from, confusion, mistakes: mistakes.sort((a, b) => b.confidence - a.confidence) };
}

function mistakesIn(scores: Tensor, y: Tensor, from: number): Mistake[] {
  const [labels, guesses, p] = [y.dataSync(), argmax(scores, { axis: -1 }).dataSync(), softmax(scores).dataSync()];
  return Array.from(labels, (label: number, i): Mistake => ({ index: from + i, label, predicted: guesses[i]!, confidence: p[10 * i + guesses[i]!]! }))
    .filter(({ label, predicted }) => label !== predicted);
}

/** A tensor on the host; where it was, it is freed. */
async function read(x: Tensor): Promise<Tensor> {
  const host = await toHost(x);
  if (host !== x) x.dispose();
  return host;
}
