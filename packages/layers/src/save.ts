import { scope } from "@polyad/core";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";
import { fit, storedOf } from "./stored.js";

/**
 * The numbers of a tree as a safetensors file, which the format's readers in Python and Rust read too: of models, of
 * optimisers' states, of generators, or of all in one, so that training can go on from it bit for bit.
 *
 * A tensor's name is its path, `layers.0.weight`; in a key `.` becomes `%2E`, `%` is `%25`, and the empty key is `%`.
 * Tensors keep their dtypes, other libraries' too, typed arrays are vectors, numbers are F64 and truth values BOOL of shape [], and a generator
 * is its state, four I32. An array at several places is stored once; for the others, the metadata name the first.
 * Activations, strings, null, settings in `Const`, and the modes of layers (`training`) are not stored.
 *
 * @throws UnsupportedError for tensors on a device that reads asynchronously: save `await toHost(tree)`.
 * @example
 * const model = { w: tensor([1, 2]), n: 3, act: tanh };
 * const bytes = save(model);
 * load(bytes, { w: zeros([2]), n: 0, act: relu }) // { w: [1, 2], n: 3, act: relu }
 */
export function save(tree: unknown): Uint8Array<ArrayBuffer> {
  return scope(() => {
    const { tensors, ties } = storedOf("save", tree);
    return encodeSafetensors(tensors, Object.fromEntries(ties));
  });
}

/**
 * The tree that `save` stored, in the types of a template: numbers, arrays and generators are the file's, all else is the
 * template's. What was tied is tied.
 *
 * @throws AutodiffError for what is no safetensors file; TreeError unless everything in it has its place in the template,
 * with the same dtype and shape, and the other way round. The message lists all that does not fit.
 * @example
 * const rng = generator(7);
 * const bytes = save({ rng, epoch: 2 });
 * const saved = load(bytes, { rng: generator(0), epoch: 0 });
 * saved.epoch // 2
 * saved.rng.uniform() // rng.uniform()
 */
export function load<T>(bytes: Uint8Array, template: T): T {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const ties = new Map([...metadata].filter(([name, first]) => tensors.has(first) && !tensors.has(name)));
  return scope(() => fit({ who: "load", source: "the file", target: "the template" }, template, { tensors, ties }));
}
