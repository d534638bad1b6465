import { AutodiffError, UnsupportedError, type DType, type Shape, type Tensor } from "@polyad/core";
import { repeatedKey } from "./repeatedKey.js";
import { bytesOf, readTensor, written } from "./safetensorsTypes.js";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The name under which the header keeps the metadata. */
export const reserved = "__metadata__";

/** Longer headers are refused, as by the reference reader. */
const headerLimit = 100_000_000;
/** A header is an object of objects of lists; later versions may add to it. */
const depthLimit = 16;
const listLimit = 1024;
/** The bytes of `"":{"dtype":"F32","shape":[],"data_offsets":[0,0]}`: no entry for a tensor is shorter. */
const shortestEntry = 50;
/** Of a tensor there are three keys and three brackets; later versions may add to them. */
const partsPerEntry = 6;
const notesLimit = 2 ** 20;
/** NumPy's limit; a shape of more axes is a mistake or an attack. */
const rankLimit = 64;

/** Wider elements come first, so that all are aligned. */
const order: Readonly<Record<DType, number>> = { float64: 0, float32: 1, int32: 2, bool: 3 };

/**
 * Named tensors as a safetensors file: the length of the header in 8 bytes, the header as JSON, and the elements, row by
 * row without gaps, little-endian. Tensors are in the order of the reference writer: by width, then by name.
 *
 * @throws AutodiffError for two tensors of one name, the name `__metadata__`, or metadata that are no strings; UnsupportedError for a tensor that is
 * traced, or that lives on a device which only reads asynchronously.
 * @see https://huggingface.co/docs/safetensors, "Format".
 * @example
 * const file = encodeSafetensors([["w", tensor([1, 2])]], { epoch: "3" });
 * decodeSafetensors(file).tensors.get("w").toArray() // [1, 2]
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, x: Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = [...tensors].sort(([a, x], [b, y]) => (x.dtype === y.dtype ? compare(a, b) : order[x.dtype] - order[y.dtype]));
  const header = new Map<string, unknown>();
  const notes = Object.entries(metadata);
  const other = notes.find(([, note]) => typeof note !== "string");
  if (other !== undefined) throw new AutodiffError(`encodeSafetensors: metadata are strings, got ${typeof other[1]} for ${show(other[0])}. Write String(x).`);
  if (notes.length > 0) header.set(reserved, new Map(notes.sort(([a], [b]) => compare(a, b))));
  let end = 0;
  for (const [name, x] of entries) {
    if (name === reserved || header.has(name)) {
      throw new AutodiffError(`encodeSafetensors: the name ${show(name)} is ${name === reserved ? "the format's own" : "given to two tensors"}. Choose another.`);
    }
    requireReadable(name, x);
    const { type, bytes } = written[x.dtype];
    const start = end;
    end += x.size * bytes;
    header.set(name, { dtype: type, shape: x.shape, data_offsets: [start, end] });
  }
  const text = new TextEncoder().encode(json(header));
  let at = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(at + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(at - 8), true);
  file.set(text, 8);
  file.fill(0x20, 8 + text.length, at); // spaces, up to where doubles are aligned
  for (const [, x] of entries) {
    const elements = x.dataSync();
    file.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), at);
    at += elements.byteLength;
  }
  return file;
}

/**
 * The tensors and metadata of a safetensors file, all of it checked before anything is read. F16 and BF16 become
 * float32, the integers int32 where they fit; types that no dtype holds exactly are refused.
 *
 * @throws AutodiffError for what is not such a file, with what is wrong with it and at which tensor.
 * @example
 * const { tensors, metadata } = decodeSafetensors(encodeSafetensors([["w", tensor([1, 2])]], { epoch: "3" }));
 * [tensors.get("w").toArray(), metadata.get("epoch")] // [[1, 2], "3"]
 */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  if (!(file instanceof Uint8Array)) throw new AutodiffError("decodeSafetensors: expected the bytes of a file as a Uint8Array.");
  const { header, data } = readHeader(file);
  const metadata = metadataOf(header[reserved]);
  const entries = Object.entries(header).filter(([name]) => name !== reserved).map(([name, entry]) => checkEntry(name, entry));
  checkOffsets(entries, file.length - data);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, size, start } of entries) {
    tensors.set(name, at(name, () => readTensor(file, data + start, dtype, shape, size)));
  }
  return { tensors, metadata };
}

/** The header as what JSON says, and where the elements begin. */
function readHeader(file: Uint8Array): { header: Readonly<Record<string, unknown>>; data: number } {
  if (file.length < 8) throw refusal(`it has ${file.length} bytes, and the header's length alone takes 8`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > headerLimit) throw refusal(`its header would have ${length} bytes, more than ${headerLimit}`);
  const data = 8 + Number(length);
  if (data > file.length) throw refusal(`its header should have ${length} bytes, and ${file.length - 8} are left. It is truncated, or something else`);
  const bytes = file.subarray(8, data);
  if (isBloated(bytes)) throw refusal(`its header has lists of more than ${listLimit} entries, is nested ${depthLimit} times, or has more keys or brackets than its ${length} bytes of tensors can have`);
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw refusal("its header is not JSON");
  }
  if (!text.startsWith("{")) throw refusal("its header does not begin with {");
  const twice = repeatedKey(text);
  if (twice !== null) throw refusal(`its header has the key ${show(twice)} twice`);
  return { header: header as Readonly<Record<string, unknown>>, data };
}

/**
 * Whether a header is deeper, has longer lists, or has more keys or brackets than any that describes tensors. JSON.parse would make
 * some fifty bytes of each bracket, and hundreds of each key: gigabytes of a header within the limit. (What is in strings
 * may be anything.)
 */
function isBloated(bytes: Uint8Array): boolean {
  const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
  const open: { readonly isList: boolean; commas: number }[] = [];
  let entries = 1;
  let [keys, brackets] = [0, 0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === quote) {
      for (i++; i < bytes.length && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
    } else if (byte === 0x5b || byte === 0x7b) { // [ {
      brackets++;
      if (open.push({ isList: byte === 0x5b, commas: 0 }) > depthLimit) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      open.pop();
    } else if (byte === comma && open.length > 0) {
      const inner = open[open.length - 1]!;
      if (inner.isList && ++inner.commas >= listLimit) return true;
      if (!inner.isList && open.length === 1) entries++;
      if (!inner.isList && open.length > 1) keys++;
    }
  }
  const most = partsPerEntry * entries;
  return entries > 2 + bytes.length / shortestEntry || keys > most + notesLimit || brackets > most + listLimit;
}

function metadataOf(given: unknown): Map<string, string> {
  if (given === undefined) return new Map();
  const entries = isObject(given) ? Object.entries(given) : [["", null]];
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) throw refusal("its metadata are not an object of strings");
  return new Map(entries);
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/** What the header says of a tensor, if it agrees with itself. */
function checkEntry(name: string, entry: unknown): Entry {
  if (!isObject(entry)) throw refusal("expected an object with dtype, shape and data_offsets", name);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string") throw refusal("its dtype is not a string", name);
  if (!isCounts(shape) || shape.length > rankLimit) throw refusal(`its shape is not a list of up to ${rankLimit} whole numbers`, name);
  if (!isCounts(offsets) || offsets.length !== 2) throw refusal("its data_offsets are not two whole numbers", name);
  const [start, end] = offsets as [number, number];
  const bytes = at(name, () => bytesOf(dtype));
  let size = 1;
  for (const length of shape) {
    size *= length;
    if (size > Number.MAX_SAFE_INTEGER) throw refusal(`its shape [${shape.join(", ")}] has more elements than can be counted`, name);
  }
  if (end - start !== size * bytes) {
    throw refusal(`${dtype}[${shape.join(", ")}] takes ${size * bytes} bytes, and its data_offsets [${start}, ${end}] leave ${end - start}`, name);
  }
  return { name, dtype, shape, size, start, end };
}

/** Together the tensors must take every byte once. */
function checkOffsets(entries: readonly Entry[], length: number): void {
  let end = 0;
  for (const entry of [...entries].sort((a, b) => (a.start === b.start ? a.end - b.end : a.start - b.start))) {
    if (entry.end > length) throw refusal(`it ends at byte ${entry.end} of ${length}. The file is truncated, or damaged`, entry.name);
    if (entry.start !== end) throw refusal(`it begins at byte ${entry.start}, where ${entry.start < end ? "another tensor lies" : `${entry.start - end} bytes before it belong to no tensor`}`, entry.name);
    end = entry.end;
  }
  if (end !== length) throw refusal(`${length - end} bytes at its end belong to no tensor`);
}

/** Adds whose trouble it is. */
function at<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AutodiffError)) throw error;
    const message = `decodeSafetensors: ${show(name)}: ${error.message}`;
    throw error instanceof UnsupportedError ? new UnsupportedError(message) : new AutodiffError(message);
  }
}

function requireReadable(name: string, x: Tensor): void {
  if (x.trace !== null) throw new UnsupportedError(`encodeSafetensors: ${show(name)} is traced by ${x.trace.kind}. Save what the operator returns.`);
  if (x.device.reads === "sync") return;
  throw new UnsupportedError(`encodeSafetensors: ${show(name)} lives on ${x.device.name}, which reads asynchronously. Save await toHost(tree).`);
}

function refusal(what: string, name?: string): AutodiffError {
  return new AutodiffError(`decodeSafetensors: ${name === undefined ? "not a safetensors file" : show(name)}: ${what}.`);
}

/** A name from a file, which may be of any length. */
function show(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

function isObject(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function isCounts(x: unknown): x is readonly number[] {
  return Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0));
}

/** JSON of a Map in its own order; an object would put names such as "10" first. */
function json(x: unknown): string {
  if (!(x instanceof Map)) return JSON.stringify(x);
  return `{${[...x].map(([key, value]) => `${JSON.stringify(key)}:${json(value)}`).join()}}`;
}

/** By their bytes in UTF-8, which JavaScript's own order is not. */
function compare(a: string, b: string): number {
  const [p, q] = [a, b].map((name) => new TextEncoder().encode(name)) as [Uint8Array, Uint8Array];
  const i = p.findIndex((byte, k) => byte !== q[k]);
  return i < 0 ? p.length - q.length : p[i]! - (q[i] ?? -1);
}
