import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { AutodiffError, AutoTape, decodeSafetensors, encodeSafetensors, gradient, ones, sum, tensor, UnsupportedError, zeros, type Tensor } from "polyad";
import { describe, expect, test } from "vitest";

fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 20240607) });

/** A file of any header and elements. */
function fileOf(header: string | object, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

/** A file of one tensor. */
function one(dtype: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  return fileOf({ x: { dtype, shape, data_offsets: [0, data.length] } }, data);
}

const bytesOf = (x: ArrayBufferView): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
const read = (file: Uint8Array): Tensor => decodeSafetensors(file).tensors.get("x")!;

describe("encodeSafetensors", () => {
  test("writes the published format to the byte", () => {
    const file = encodeSafetensors(
      [
        ["flag", tensor([true, false])],
        ["b", tensor(new Float32Array([1, -2]))],
        ["a.weight", tensor(new Float32Array([0.5, 1, 1.5, 2]), [2, 2])],
        ["step", tensor(3)],
        ["10", tensor(new Int32Array([-1]))],
      ],
      { b: "2", a: 'say "hi"' },
    );
    const header =
      '{"__metadata__":{"a":"say \\"hi\\"","b":"2"},"step":{"dtype":"F64","shape":[],"data_offsets":[0,8]},' +
      '"a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},"b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},' +
      '"10":{"dtype":"I32","shape":[1],"data_offsets":[32,36]},"flag":{"dtype":"BOOL","shape":[2],"data_offsets":[36,38]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    const data = [0, 0, 0, 0, 0, 0, 8, 64, 0, 0, 0, 63, 0, 0, 128, 63, 0, 0, 192, 63, 0, 0, 0, 64, 0, 0, 128, 63, 0, 0, 0, 192, 255, 255, 255, 255, 1, 0];
    expect(padded.length % 8).toBe(0);
    expect([...file.subarray(0, 8)]).toEqual([padded.length & 255, padded.length >> 8, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(file.subarray(8, 8 + padded.length))).toBe(padded);
    expect([...file.subarray(8 + padded.length)]).toEqual(data);
  });

  test("an empty file, empty tensors and odd names survive", () => {
    expect([...encodeSafetensors([])]).toEqual([8, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode("{}      ")]);
    expect(decodeSafetensors(encodeSafetensors([])).tensors.size).toBe(0);
    const names = ["", "__proto__", "constructor", "toString", "ÄÖ 日本 🎲", 'a"b\\c\n', "{", "0"];
    const { tensors } = decodeSafetensors(encodeSafetensors(names.map((name, i) => [name, i % 2 === 0 ? zeros([0, i]) : tensor([i])])));
    expect([...tensors.keys()].sort()).toEqual([...names].sort());
    expect(tensors.get("__proto__")!.toArray()).toEqual([1]);
    expect(tensors.get("")!.shape).toEqual([0, 0]);
    expect(tensors.get("constructor")!.shape).toEqual([0, 2]);
  });

  test("names are ordered by code point, as bytes are", () => {
    const file = encodeSafetensors(["\u{1F3B2}", "\uFF5E", "b", "a"].map((name) => [name, tensor(0)]));
    expect([...decodeSafetensors(file).tensors.keys()]).toEqual(["a", "b", "\uFF5E", "\u{1F3B2}"]);
  });

  test("what cannot be written is refused", () => {
    expect(() => encodeSafetensors([["w", tensor(1)], ["w", tensor([2])]])).toThrow('encodeSafetensors: the name "w" is given to two tensors. Choose another.');
    expect(() => encodeSafetensors([["__metadata__", tensor(1)]])).toThrow(`encodeSafetensors: the name "__metadata__" is the format's own. Choose another.`);
    const inside = (x: Tensor): Tensor => (encodeSafetensors([["x", x]]), sum(x));
    expect(() => gradient(inside, AutoTape(), tensor([1]))).toThrow('encodeSafetensors: "x" is traced by tape. Save what the operator returns.');
  });

  test("every bit of a float comes back", () => {
    const doubles = new Float64Array([0, -0, 5e-324, -1.7976931348623157e308, Infinity, -Infinity, NaN, Math.PI]);
    const singles = Float32Array.from(doubles);
    const { tensors } = decodeSafetensors(encodeSafetensors([["d", tensor(doubles, [2, 4])], ["s", tensor(singles)]]));
    expect(bytesOf(tensors.get("d")!.dataSync())).toEqual(bytesOf(doubles));
    expect(bytesOf(tensors.get("s")!.dataSync())).toEqual(bytesOf(singles));
    expect(tensors.get("d")!.shape).toEqual([2, 4]);
  });
});

describe("decodeSafetensors", () => {
  test("reads the types that a dtype holds exactly", () => {
    const half = Uint16Array.of(0x0000, 0x8000, 0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    const halves = [0, -0, 1, -2, 0.333251953125, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN];
    expect([...read(one("F16", [12], bytesOf(half))).dataSync()]).toEqual(halves);
    expect(read(one("F16", [12], bytesOf(half))).dtype).toBe("float32");
    const bfloat = Uint16Array.of(0x0000, 0x8000, 0x3f80, 0xc040, 0x0001, 0x7f80, 0x7fc0);
    expect([...read(one("BF16", [7], bytesOf(bfloat))).dataSync()]).toEqual([0, -0, 1, -3, 2 ** -133, Infinity, NaN]);
    const ints: readonly [string, ArrayBufferView, readonly number[]][] = [
      ["I64", BigInt64Array.of(-(2n ** 31n), 0n, 2n ** 31n - 1n), [-(2 ** 31), 0, 2 ** 31 - 1]],
      ["U64", BigUint64Array.of(7n), [7]],
      ["U32", Uint32Array.of(2 ** 31 - 1), [2 ** 31 - 1]],
      ["I32", Int32Array.of(-(2 ** 31)), [-(2 ** 31)]],
      ["I16", Int16Array.of(-32768, 5), [-32768, 5]],
      ["U16", Uint16Array.of(65535), [65535]],
      ["I8", Int8Array.of(-128, 127), [-128, 127]],
      ["U8", Uint8Array.of(0, 255), [0, 255]],
    ];
    for (const [type, array, numbers] of ints) {
      const x = read(one(type, [numbers.length], bytesOf(array)));
      expect([type, x.dtype, [...x.dataSync()]]).toEqual([type, "int32", numbers]);
    }
    const flags = read(one("BOOL", [2, 1], Uint8Array.of(1, 0)));
    expect([flags.dtype, flags.toArray()]).toEqual(["bool", [[1], [0]]]);
  });

  test("refuses what no dtype holds", () => {
    const [eight, wide] = [new Uint8Array(8), bytesOf(BigInt64Array.of(2n ** 31n))];
    expect(() => read(one("I64", [1], wide))).toThrow('decodeSafetensors: "x": it holds 2147483648, which int32 does not. Store it as F64.');
    expect(() => read(one("U64", [1], bytesOf(BigUint64Array.of(2n ** 64n - 1n))))).toThrow("it holds 18446744073709551615, which int32 does not");
    expect(() => read(one("U32", [1], bytesOf(Uint32Array.of(2 ** 31))))).toThrow("it holds 2147483648");
    expect(() => read(one("BOOL", [1], Uint8Array.of(2)))).toThrow('decodeSafetensors: "x": a BOOL must be 0 or 1, got 2. Bytes are U8.');
    for (const type of ["F8_E4M3", "C64", "f32", "", "__proto__", "constructor"]) {
      expect(() => read(one(type, [8], eight))).toThrow(UnsupportedError);
      expect(() => read(one(type, [8], eight))).toThrow(`its elements are ${JSON.stringify(type)}, which no dtype holds. Types that are read: F64, F32, F16,`);
    }
  });

  test("any order of tensors, spaces in the header, fields of later versions, and any alignment", () => {
    const data = bytesOf(Float64Array.of(1, 2));
    const header = ' { "b" : {"shape":[1], "data_offsets":[8,16], "dtype":"F64", "later":[{"x":1},{"x":1}]},\n"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}\t \n';
    for (let shift = 0; shift < 8; shift++) {
      const file = fileOf(header.slice(1), data);
      const moved = new Uint8Array(file.length + shift);
      moved.set(file, shift);
      const { tensors, metadata } = decodeSafetensors(moved.subarray(shift));
      expect([...tensors].map(([name, x]) => [name, x.toArray()])).toEqual([["b", [2]], ["a", [1]]]);
      expect(metadata.size).toBe(0);
    }
  });

  test("Buffers, as readFile gives them, at any alignment and in a pool", () => {
    const elements = new Float32Array([1, 2, 3]);
    for (let odd = 0; odd < 8; odd++) {
      const file = fileOf({ odd: { dtype: "U8", shape: [odd], data_offsets: [0, odd] }, x: f32([3], [odd, odd + 12]) }, new Uint8Array([...new Uint8Array(odd), ...new Uint8Array(elements.buffer)]));
      for (const before of [0, 1, 3]) {
        const pooled = Buffer.concat([Buffer.alloc(before), file]).subarray(before);
        expect(decodeSafetensors(pooled).tensors.get("x")!.toArray()).toEqual([1, 2, 3]);
      }
    }
  });

  test("what it reads does not change with the file", () => {
    const file = encodeSafetensors([["x", tensor([1, 2, 3])]]);
    const x = read(file);
    file.fill(255);
    expect(x.toArray()).toEqual([1, 2, 3]);
  });

  const f32 = (shape: unknown, data_offsets: unknown, dtype: unknown = "F32"): object => ({ dtype, shape, data_offsets });
  const four = new Uint8Array(4);
  const eight = new Uint8Array(8);
  const hostile: readonly (readonly [string, Uint8Array, string])[] = [
    ["no bytes", new Uint8Array(0), "not a safetensors file: it has 0 bytes, and the header's length alone takes 8."],
    ["seven bytes", new Uint8Array(7), "it has 7 bytes"],
    ["no header", new Uint8Array(8), "not a safetensors file: its header is not JSON."],
    ["a header past the end", fileOf("{}", four, 7n), "its header should have 7 bytes, and 6 are left. It is truncated, or something else."],
    ["a header of 100 MB", fileOf("{}", four, 100_000_001n), "its header would have 100000001 bytes, more than 100000000."],
    ["the longest header", fileOf("{}", four, 2n ** 64n - 1n), "its header would have 18446744073709551615 bytes"],
    ["no JSON", fileOf("{oops}"), "its header is not JSON."],
    ["no UTF-8", fileOf("{}").map((byte) => (byte === 0x7b ? 0xff : byte)), "its header is not JSON."],
    ["a byte order mark", fileOf("\uFEFF{}"), "its header is not JSON."],
    ["a list", fileOf("[]"), "its header does not begin with {."],
    ["null", fileOf("null"), "its header does not begin with {."],
    ["a space first", fileOf(" {}"), "its header does not begin with {."],
    ["two of one name", fileOf('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', four), 'its header has the key "x" twice.'],
    ["two of one name, escaped", fileOf('{"x":{},"\\u0078":{}}'), 'the key "x" twice'],
    ["two metadata", fileOf('{"__metadata__":{},"__metadata__":{}}'), 'the key "__metadata__" twice'],
    ["a note twice", fileOf('{"__metadata__":{"a":"1","a":"2"}}'), 'the key "a" twice'],
    ["a shape twice", fileOf('{"x":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', eight), 'the key "shape" twice'],
    ["metadata of numbers", fileOf({ __metadata__: { a: 1 } }), "its metadata are not an object of strings."],
    ["a list of metadata", fileOf({ __metadata__: ["a"] }), "its metadata are not an object of strings."],
    ["null metadata", fileOf({ __metadata__: null }), "its metadata are not an object of strings."],
    ["an entry that is a number", fileOf({ x: 4 }), '"x": expected an object with dtype, shape and data_offsets.'],
    ["an entry that is null", fileOf({ x: null }), '"x": expected an object'],
    ["an entry that is a list", fileOf({ x: [] }), '"x": expected an object'],
    ["an empty entry", fileOf({ x: {} }), '"x": its dtype is not a string.'],
    ["a dtype that is a number", fileOf({ x: f32([1], [0, 4], 32) }, four), '"x": its dtype is not a string.'],
    ["no shape", fileOf({ x: { dtype: "F32", data_offsets: [0, 4] } }, four), '"x": its shape is not a list of up to 64 whole numbers.'],
    ["a negative length", fileOf({ x: f32([-1], [0, 4]) }, four), '"x": its shape is not a list'],
    ["two negative lengths", fileOf({ x: f32([-1, -1], [0, 4]) }, four), '"x": its shape is not a list'],
    ["negative zero", fileOf('{"x":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'), '"x": its shape is not a list'],
    ["a fraction", fileOf({ x: f32([0.5, 2], [0, 4]) }, four), '"x": its shape is not a list'],
    ["a length in words", fileOf({ x: f32(["1"], [0, 4]) }, four), '"x": its shape is not a list'],
    ["a length above 2^53", fileOf('{"x":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', four), '"x": its shape is not a list'],
    ["a length of 1e400", fileOf('{"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', four), '"x": its shape is not a list'],
    ["a product above 2^53", fileOf({ x: f32([2 ** 40, 2 ** 40], [0, 4]) }, four), '"x": its shape [1099511627776, 1099511627776] has more elements than can be counted.'],
    ["a product above 2^53 of zero", fileOf({ x: f32([2 ** 40, 2 ** 40, 0], [0, 0]) }), "has more elements than can be counted."],
    ["65 axes", fileOf({ x: f32(new Array<number>(65).fill(1), [0, 4]) }, four), "its shape is not a list of up to 64 whole numbers."],
    ["a huge tensor in a small file", fileOf({ x: f32([2 ** 50], [0, 2 ** 52]) }, four), '"x": it ends at byte 4503599627370496 of 4. The file is truncated, or damaged.'],
    ["a shape that does not fill its range", fileOf({ x: f32([1], [0, 8]) }, eight), '"x": F32[1] takes 4 bytes, and its data_offsets [0, 8] leave 8.'],
    ["a range too short", fileOf({ x: f32([3], [0, 8]) }, eight), '"x": F32[3] takes 12 bytes, and its data_offsets [0, 8] leave 8.'],
    ["a range backwards", fileOf({ x: f32([1], [8, 4]) }, eight), "leave -4."],
    ["three offsets", fileOf({ x: f32([1], [0, 4, 8]) }, eight), '"x": its data_offsets are not two whole numbers.'],
    ["negative offsets", fileOf({ x: f32([1], [-4, 0]) }, four), '"x": its data_offsets are not two whole numbers.'],
    ["offsets of an object", fileOf({ x: f32([1], { 0: 0, 1: 4, length: 2 }) }, four), '"x": its data_offsets are not two whole numbers.'],
    ["past the end", fileOf({ x: f32([1], [4, 8]) }, four), '"x": it ends at byte 8 of 4.'],
    ["a hole before", fileOf({ x: f32([1], [4, 8]) }, eight), '"x": it begins at byte 4, where 4 bytes before it belong to no tensor.'],
    ["overlapping tensors", fileOf({ x: f32([1], [0, 4]), y: f32([1], [0, 4]) }, four), '"y": it begins at byte 0, where another tensor lies.'],
    ["an overlap of a part", fileOf({ x: f32([2], [0, 8]), y: f32([1], [4, 8]) }, eight), '"y": it begins at byte 4, where another tensor lies.'],
    ["bytes at the end", fileOf({ x: f32([1], [0, 4]) }, eight), "4 bytes at its end belong to no tensor."],
    ["elements of no tensor", fileOf({}, four), "4 bytes at its end belong to no tensor."],
    ["truncated", fileOf({ x: f32([2], [0, 8]) }, four), '"x": it ends at byte 8 of 4. The file is truncated, or damaged.'],
    ["keys of numbers, by the thousand", fileOf(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1]))), "or has more keys or brackets than its"],
    ["empty entries, by the thousand", fileOf(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, {}]))), "or has more keys or brackets than its"],
    ["lists of lists, none of them long", fileOf({ x: new Array<unknown>(100).fill(new Array<unknown>(100).fill([])) }), "or has more keys or brackets than its"],
    ["notes by the million", fileOf(`{"__metadata__":{${new Array<string>(1_100_000).fill('"":""').join()}}}`), "or has more keys or brackets than its"],
    ["a name of any length", fileOf({ ["n".repeat(1000)]: 1 }), `"${"n".repeat(100)}…": expected an object`],
  ];

  test.each(hostile)("refuses %s", (_name, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(AutodiffError);
    expect(() => decodeSafetensors(file)).toThrow(message);
  });

  test("deep nesting and long strings are refused or read, in the memory of the file", { timeout: 60_000 }, () => {
    const deep = "[".repeat(2_000_000);
    expect(() => decodeSafetensors(fileOf(`{"x":${deep}`))).toThrow(AutodiffError);
    expect(() => decodeSafetensors(fileOf(`{"x":${deep}${"]".repeat(2_000_000)}}`))).toThrow(AutodiffError);
    expect(() => decodeSafetensors(fileOf(`{"x":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`))).toThrow(AutodiffError);
    const long = "\\n".repeat(2_000_000);
    expect(decodeSafetensors(fileOf(`{"__metadata__":{"${long}":"${long}"}}`)).metadata.size).toBe(1);
  });

  test("what is no byte array is refused", () => {
    expect(() => decodeSafetensors(JSON.parse("{}"))).toThrow("decodeSafetensors: expected the bytes of a file as a Uint8Array.");
  });

  test("a file with any bytes changed is read rightly or refused", () => {
    const valid = encodeSafetensors([["layers.0.weight", tensor(new Float32Array(6), [2, 3])], ["layers.0.bias", ones([2])], ["n", tensor(new Int32Array(3))], ["on", tensor([true])]], { note: "x" });
    const { length } = valid;
    const change = fc.record({ at: fc.nat(length - 1), byte: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('0123456789-.eE"[]{},:\\ '))) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.option(fc.nat(length + 8), { nil: undefined, freq: 5 }), (changes, cut) => {
        const file = cut === undefined ? valid.slice() : new Uint8Array(cut);
        if (cut !== undefined) file.set(valid.subarray(0, cut));
        for (const { at, byte } of changes) if (at < file.length) file[at] = byte;
        let tensors: ReadonlyMap<string, Tensor>;
        try {
          ({ tensors } = decodeSafetensors(file));
        } catch (error) {
          expect(error).toBeInstanceOf(AutodiffError);
          return;
        }
        for (const x of tensors.values()) expect(x.dataSync().length).toBe(x.shape.reduce((n, axis) => n * axis, 1));
      }),
      { numRuns: 20_000 },
    );
  });

  test("any tensors come back as they were", () => {
    const shape = fc.array(fc.nat(3), { maxLength: 4 });
    const any = fc.tuple(shape, fc.constantFrom("float64", "float32", "int32", "bool"), fc.nat()).map(([shape, dtype, seed]) => {
      const size = shape.reduce((n, axis) => n * axis, 1);
      const bytes = Uint8Array.from({ length: size * 8 }, (_, i) => (seed * (i + 7) * 2654435761) >>> 24);
      if (dtype === "float64") return tensor(new Float64Array(bytes.buffer, 0, size), shape);
      if (dtype === "float32") return tensor(new Float32Array(bytes.buffer, 0, size), shape);
      if (dtype === "int32") return tensor(new Int32Array(bytes.buffer, 0, size), shape);
      return tensor(bytes.subarray(0, size).map((b) => b & 1), shape);
    });
    const name = fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__");
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, any), { selector: ([name]) => name }), fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), (entries, notes) => {
        const { tensors, metadata } = decodeSafetensors(encodeSafetensors(entries, notes));
        expect(tensors.size).toBe(entries.length);
        expect(new Map(metadata)).toEqual(new Map(Object.entries(notes)));
        for (const [name, x] of entries) {
          const got = tensors.get(name)!;
          expect([got.dtype, got.shape]).toEqual([x.dtype, x.shape]);
          expect(bytesOf(got.dataSync())).toEqual(bytesOf(x.dataSync()));
        }
      }),
    );
  });
});

// A reader in another language, written from the format's page alone.
const reader = `
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + n].decode("utf-8"))
assert data[8:9] == b"{" and (8 + n) % 8 == 0
meta, end, out = header.pop("__metadata__", {}), 0, {}
codes = {"F64": "d", "F32": "f", "I32": "i", "BOOL": "?"}
for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    start, stop = t["data_offsets"]
    assert start == end and (8 + n + start) % struct.calcsize(codes[t["dtype"]]) == 0
    end = stop
    size = 1
    for axis in t["shape"]: size *= axis
    out[name] = [t["dtype"], t["shape"], list(struct.unpack("<%d%s" % (size, codes[t["dtype"]]), data[8 + n + start:8 + n + stop]))]
assert 8 + n + end == len(data)
print(json.dumps([meta, out]))
`;
const python = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!python)("Python reads it", () => {
  const folder = mkdtempSync(join(tmpdir(), "polyad-safetensors-"));
  try {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, encodeSafetensors([["w", tensor(new Float32Array([1, 2.5]), [2, 1])], ["é", tensor(-0.1)], ["i", tensor(new Int32Array([-7]))], ["b", tensor([true, false])], ["e", zeros([0, 3])]], { k: "v" }));
    const { stdout, stderr, status } = spawnSync("python3", ["-c", reader, path], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual([
      { k: "v" },
      { w: ["F32", [2, 1], [1, 2.5]], é: ["F64", [], [-0.1]], i: ["I32", [1], [-7]], b: ["BOOL", [2], [true, false]], e: ["F64", [0, 3], []] },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
