import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generator } from "polyad";
import { afterAll, expect, test } from "vitest";
import { bitmap } from "../src/bitmap.js";
import { batches, loadDigits, readIdx } from "../src/data.js";

const scratch = mkdtempSync(join(tmpdir(), "polyad-idx-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function file(name: string, ...bytes: number[]): string {
  const path = join(scratch, name);
  writeFileSync(path, Uint8Array.from(bytes));
  return path;
}

/** Two items of 1 × 2. */
const images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40];
const labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9];

test("an IDX file is its items' bytes, or the first of them", async () => {
  const path = file("images", ...images);
  expect([...(await readIdx(path, [1, 2], Infinity))]).toEqual([10, 20, 30, 40]);
  expect([...(await readIdx(path, [1, 2], 1))]).toEqual([10, 20]);
  expect([...(await readIdx(file("labels", ...labels), [], Infinity))]).toEqual([7, 8, 9]);
  expect([...(await readIdx(file("none", 0, 0, 8, 1, 0, 0, 0, 0), [], Infinity))]).toEqual([]);
});

test.each([
  ["empty", [], "not an IDX file of bytes"],
  ["short header", images.slice(0, 10), "not an IDX file of bytes"],
  ["short items", images.slice(0, -1), "has 19 bytes, where 2 items take 20"],
  ["too long", [...images, 50], "has 21 bytes, where 2 items take 20"],
  ["other magic", [0, 0, 9, ...images.slice(3)], "not an IDX file of bytes"],
  ["other rank", labels, "not an IDX file of bytes with items of shape [1, 2]"],
  ["other size", [...images.slice(0, 15), 3, ...images.slice(16)], "not an IDX file of bytes with items of shape [1, 2]"],
  ["absurd count", [...images.slice(0, 4), 255, ...images.slice(5)], "has 20 bytes, where 4278190082 items take"],
])("an IDX file that is wrong is refused: %s", async (name, bytes, message) => {
  const path = file(name, ...bytes);
  await expect(readIdx(path, [1, 2], Infinity)).rejects.toThrow(message);
  await expect(readIdx(path, [1, 2], Infinity)).rejects.toThrow(path);
});

test("MNIST: 60,000 and 10,000 images", { timeout: 60_000 }, async () => {
  const [train, test] = await Promise.all([loadDigits("train"), loadDigits("test")]);
  expect([train.images.length, train.labels.length]).toEqual([60_000 * 784, 60_000]);
  expect([test.images.length, test.labels.length]).toEqual([10_000 * 784, 10_000]);
  expect([...train.labels.subarray(0, 8)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
  expect([...test.labels.subarray(0, 8)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
  expect(train.images.subarray(5 * 28 + 12, 5 * 28 + 16)).toEqual(Uint8Array.of(3, 18, 18, 18)); // the first stroke of the first 5
});

const digits = { images: Uint8Array.from({ length: 5 * 784 }, (_, i) => Math.floor(i / 784) * 51), labels: Uint8Array.of(0, 1, 2, 3, 4) };

test("batches are pixels from 0 to 1 and int32 labels; the last may be smaller", () => {
  const all = [...batches(digits, 2)];
  expect(batches(digits, 2)).toHaveLength(3);
  expect(all.map(([x]) => x.shape)).toEqual([[2, 784], [2, 784], [1, 784]]);
  expect(all.map(([, y]) => y.toArray())).toEqual([[0, 1], [2, 3], [4]]);
  expect([all[0]![0].dtype, all[0]![1].dtype]).toEqual(["float32", "int32"]);
  expect([...new Set(all[2]![0].dataSync())]).toEqual([Math.fround(204 / 255)]);
});

test("shuffled, every image comes once, with its own label, in another order each time; skipping leaves the rest as it is", () => {
  const rng = generator(1);
  const pass = (skip?: number) => [...batches(digits, 2, { shuffle: rng, skip })].flatMap(([x, y]) => [...y.dataSync()].map((label, i) => [label, x.dataSync()[784 * i]]));
  const state = rng.state();
  const first = pass();
  const second = pass();
  const sorted = (list: (number | undefined)[][]) => [...list].sort((a, b) => a[0]! - b[0]!);
  const pairs = [0, 1, 2, 3, 4].map((label) => [label, Math.fround(label / 5)]);
  expect(sorted(first)).toEqual(pairs);
  expect(sorted(second)).toEqual(pairs);
  expect(second).not.toEqual(first);
  rng.rewind(state);
  expect(pass(1)).toEqual(first.slice(2));
  expect(pass()).toEqual(second);
  expect(batches(digits, 2, { skip: 2 })).toHaveLength(1);
});

test("a bitmap is what the format says: headers, greys, rows from the bottom up, padded to 4 bytes", () => {
  const bytes = Buffer.from(bitmap(Uint8Array.of(1, 2, 3, 4), 2).replace("data:image/bmp;base64,", ""), "base64");
  expect(bytes.toString("latin1", 0, 2)).toBe("BM");
  expect([bytes.readUInt32LE(2), bytes.readUInt32LE(10)]).toEqual([bytes.length, 54 + 1024]);
  expect([bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28)]).toEqual([2, 2, 8]);
  expect([...bytes.subarray(54, 62)]).toEqual([255, 255, 255, 0, 254, 254, 254, 0]);
  expect([...bytes.subarray(1078)]).toEqual([3, 4, 0, 0, 1, 2, 0, 0]);
});
