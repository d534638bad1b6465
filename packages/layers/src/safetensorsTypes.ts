import { AutodiffError, tensor, UnsupportedError, type DType, type Shape, type Tensor, type TypedArray } from "@polyad/core";

/** How a dtype is called in a file, and how many bytes an element takes. */
export const written: Readonly<Record<DType, { readonly type: string; readonly bytes: number }>> = {
  float64: { type: "F64", bytes: 8 },
  float32: { type: "F32", bytes: 4 },
  int32: { type: "I32", bytes: 4 },
  bool: { type: "BOOL", bytes: 1 },
};

/** One of the format's types, as it is read: into the dtype that holds it exactly. */
interface Reader {
  readonly bytes: number;
  /** The elements at `start` in the buffer, a multiple of `bytes`. */
  read(buffer: ArrayBufferLike, start: number, size: number): TypedArray;
}

const readers = new Map<string, Reader>([
  ["F64", { bytes: 8, read: (buffer, start, size) => new Float64Array(buffer, start, size) }],
  ["F32", { bytes: 4, read: (buffer, start, size) => new Float32Array(buffer, start, size) }],
  ["F16", { bytes: 2, read: (buffer, start, size) => Float32Array.from(new Uint16Array(buffer, start, size), half) }],
  ["BF16", { bytes: 2, read: (buffer, start, size) => upperHalves(new Uint16Array(buffer, start, size)) }],
  ["I64", { bytes: 8, read: (buffer, start, size) => narrow(new BigInt64Array(buffer, start, size)) }],
  ["U64", { bytes: 8, read: (buffer, start, size) => narrow(new BigUint64Array(buffer, start, size)) }],
  ["I32", { bytes: 4, read: (buffer, start, size) => new Int32Array(buffer, start, size) }],
  ["U32", { bytes: 4, read: (buffer, start, size) => narrow(new Uint32Array(buffer, start, size)) }],
  ["I16", { bytes: 2, read: (buffer, start, size) => Int32Array.from(new Int16Array(buffer, start, size)) }],
  ["U16", { bytes: 2, read: (buffer, start, size) => Int32Array.from(new Uint16Array(buffer, start, size)) }],
  ["I8", { bytes: 1, read: (buffer, start, size) => Int32Array.from(new Int8Array(buffer, start, size)) }],
  ["U8", { bytes: 1, read: (buffer, start, size) => Int32Array.from(new Uint8Array(buffer, start, size)) }],
  ["BOOL", { bytes: 1, read: (buffer, start, size) => truths(new Uint8Array(buffer, start, size)) }],
]);

/** Bytes of an element. @throws UnsupportedError for a type that no dtype holds exactly, or that does not exist. */
export function bytesOf(type: string): number {
  return readerOf(type).bytes;
}

/** The tensor whose elements start at a byte of the file. Copies them. */
export function readTensor(file: Uint8Array, start: number, type: string, shape: Shape, size: number): Tensor {
  const { bytes, read } = readerOf(type);
  const from = file.byteOffset + start;
  const elements = from % bytes === 0 ? read(file.buffer, from, size) : read(new Uint8Array(file.subarray(start, start + size * bytes)).buffer, 0, size); // slice() of a Buffer, as readFile gives, copies nothing
  return elements instanceof Uint8Array ? tensor(elements, shape, "bool") : tensor(elements, shape);
}

function readerOf(type: string): Reader {
  const reader = readers.get(type);
  if (reader !== undefined) return reader;
  throw new UnsupportedError(`its elements are ${JSON.stringify(type.slice(0, 40))}, which no dtype holds. Types that are read: ${[...readers.keys()].join(", ")}.`);
}

/** A number of 16 bits: sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** bfloat16 is the upper half of a float32. */
function upperHalves(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}

/** Integers that must fit 32 bits. */
function narrow(wide: BigInt64Array | BigUint64Array | Uint32Array): Int32Array {
  const out = new Int32Array(wide.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Number(wide[i]);
    if (out[i] !== Number(wide[i])) throw new AutodiffError(`it holds ${wide[i]}, which int32 does not. Store it as F64.`);
  }
  return out;
}

function truths(bytes: Uint8Array): Uint8Array {
  const other = bytes.find((byte) => byte > 1);
  if (other === undefined) return bytes;
  throw new AutodiffError(`a BOOL must be 0 or 1, got ${other}. Bytes are U8.`);
}
