import { stripVTControlCharacters } from "node:util";
import { Descent, mul, square, Tensor, tensor, train, type ProgressStream } from "polyad";
import { afterEach, expect, test, vi } from "vitest";

/** A stream that keeps what is written to it. */
class Screen implements ProgressStream {
  text = "";
  readonly columns = 100;
  constructor(readonly isTTY: boolean) {}
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const loss = (m: Tensor, x: number): Tensor => square(mul(m, x));
const seconds = /\d+\.\d s/g;

afterEach(() => void vi.restoreAllMocks());

test("without a terminal: a line for each epoch", async () => {
  const screen = new Screen(false);
  await train(loss, tensor(2), [1, 1], Descent(0.25), { epochs: 2, progress: screen });
  // x ← x/2 in each step: losses 4 and 1, then 1/4 and 1/16
  expect(screen.text.replace(seconds, "0.0 s")).toBe("epoch 1/2: 2 steps in 0.0 s, loss 2.500\nepoch 2/2: 2 steps in 0.0 s, loss 0.1563\n");
});

test("on a terminal: a bar for each epoch, the cursor hidden and shown again", async () => {
  const screen = new Screen(true);
  await train(loss, tensor(2), [1, 1], Descent(0.25), { epochs: 2, progress: screen });
  expect(screen.text.split("\u001B[?25l").length).toBe(3);
  expect(screen.text.lastIndexOf("\u001B[?25h")).toBeGreaterThan(screen.text.lastIndexOf("\u001B[?25l"));
  const shown = stripVTControlCharacters(screen.text).replace(seconds, "0.0 s");
  expect(shown).toMatch(/epoch 1\/2 \[=+\] 2\/2 \| 0\.0 s \| loss 2\.500\n/);
  expect(shown).toMatch(/epoch 2\/2 \[=+\] 2\/2 \| 0\.0 s \| loss 0\.1563\n/);
});

test("on a terminal, of a stream whose length nobody knows, and when it fails", async () => {
  const screen = new Screen(true);
  async function* stream(): AsyncGenerator<number> {
    yield* [1, 1, NaN];
  }
  await expect(train(loss, tensor(2), stream, Descent(0.25), { epochs: Infinity, progress: screen })).rejects.toThrow("Loss is NaN on data item 2");
  expect(stripVTControlCharacters(screen.text)).toMatch(/epoch 1 \[[^\]]*\] 2\/\d/);
  expect(screen.text.lastIndexOf("\u001B[?25h")).toBeGreaterThan(screen.text.lastIndexOf("\u001B[?25l"));
});

test("true is standard error, false is silent, and it changes no number", async () => {
  const written: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const runs = [];
  for (const progress of [true, false, undefined, new Screen(true)]) {
    runs.push((await train(loss, tensor(2), [1, 2, 3], Descent(0.01), { epochs: 2, progress })).model.item());
    if (progress === true) expect(stripVTControlCharacters(written.splice(0).join(""))).toContain("epoch 2/2");
  }
  expect(new Set(runs).size).toBe(1);
  expect(written).toEqual([]);
});

test("where there is no process, as in a browser, true is silent", async () => {
  vi.stubGlobal("process", undefined);
  try {
    expect((await train(loss, tensor(2), [1], Descent(0.25), { progress: true })).model.item()).toBe(1);
  } finally {
    vi.unstubAllGlobals();
  }
});
