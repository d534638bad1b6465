import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSafetensors, save, tensor } from "polyad";
import { afterAll, expect, test } from "vitest";
import { openEngine } from "../src/engines.js";
import { claimReport, writeReport } from "../src/files.js";
import { main } from "../src/main.js";

const scratch = mkdtempSync(join(tmpdir(), "polyad-digits-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const at = (name: string): string => join(scratch, name);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The program on 300 images, keeping its run in a file of this name. */
async function run(name: string, args: readonly string[], signal?: AbortSignal): Promise<Ran> {
  let [out, err] = ["", ""];
  const own = ["--limit", "300", "--checkpoint", at(`${name}.safetensors`), "--out", at(`${name}.html`)];
  const code = await main([...own, ...args], { out: (text) => (out += text), err: (text) => (err += text), signal });
  return { code, out, err };
}

const kept = (name: string): Buffer => readFileSync(at(`${name}.safetensors`));

/** A signal that is aborted from its n-th look on: at a step that the test chooses. */
function abortedAt(n: number): AbortSignal {
  const { signal } = new AbortController();
  let looks = 0;
  return Object.defineProperty(signal, "aborted", { get: () => ++looks > n });
}

test("--help names all options", async () => {
  const { code, out, err } = await run("help", ["--help"]);
  expect([code, err]).toEqual([0, ""]);
  for (const option of ["engine", "device", "model", "epochs", "batch", "rate", "seed", "limit", "checkpoint", "resume", "stop-after", "out", "quiet", "help"]) {
    expect(out).toContain(`--${option}`);
  }
});

test("a run ends with a checkpoint and a report that loads nothing", { timeout: 60_000 }, async () => {
  const { code, out, err } = await run("whole", ["--epochs", "8", "--batch", "30", "--rate", "0.01"]);
  expect(code).toBe(0);
  expect(err).toContain("MNIST: 300 images to train on, 300 to be tested\n");
  expect(err).toContain("Dense(784 => 128, relu),");
  expect(err).toMatch(/epoch 8\/8: 10 steps in .* s, loss 0\.\d+\n {2}test accuracy \d\d\.\d\d %\n$/);
  const [, accuracy, wrong] = /^Test accuracy: (\d\d\.\d\d) %; (\d+) of 300 images are misread\n/.exec(out)!;
  expect(Number(accuracy)).toBeGreaterThan(70);
  expect(Number(wrong)).toBe(Math.round(300 * (1 - Number(accuracy) / 100)));

  const page = readFileSync(at("whole.html"), "utf8");
  const found = (pattern: RegExp): string | undefined => pattern.exec(page)?.[0];
  expect(found(/<(?:script|link|iframe|object|embed)\b|@import|url\((?!#)|href\s*=|src="(?!data:image\/bmp;base64,)/i)).toBeUndefined();
  expect(found(/NaN|undefined|Infinity/)).toBeUndefined();
  expect(found(/<svg[^]*<\/svg>/)).toMatch(/Loss of the steps[^]*Accuracy on the test images/);
  for (const word of [`<b>${accuracy} %</b>`, "<b>tape</b>", "101,770 parameters", "learned to read 300 digits", "seed 1", "Dense(784 =&#62; 128, relu)"]) expect(page).toContain(word);
  expect(page.match(/<th scope="row">[1-8]<\/th><td>\d\.\d{4}<\/td><td>\d\d\.\d\d %<\/td><td>\d+\.\d<\/td>/g)).toHaveLength(8);
  const counts = [...found(/<table class="confusion">[^]*?<\/table>/)!.matchAll(/<td[^>]*>(\d*)<\/td>/g)].map(([, n]) => Number(n));
  expect(counts).toHaveLength(100);
  expect(counts.reduce((a, b) => a + b)).toBe(300);
  expect(counts.filter((_, i) => i % 11 === 0).reduce((a, b) => a + b)).toBe(300 - Number(wrong)); // the diagonal is what was read rightly
  const pictures = [...page.matchAll(/<img alt="a (\d), read as (\d)" src="data:image\/bmp;base64,[^"]+"><figcaption>\1, read as \2<br>(\d+\.\d) % sure/g)];
  expect(pictures).toHaveLength(Math.min(24, Number(wrong)));
  expect(pictures.every(([, label, predicted]) => label !== predicted)).toBe(true);
  const sure = pictures.map(([, , , percent]) => Number(percent));
  expect(sure).toEqual([...sure].sort((a, b) => b - a));
});

test("--quiet says only what comes out; the same seed gives the same bytes, another seed others", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "1", "--quiet"];
  const { err, out } = await run("one", args);
  expect(err).toBe("");
  expect(out).toMatch(/^Test accuracy: .*\nCheckpoint: .*\nReport: .*\n$/);
  await run("two", args);
  await run("three", [...args, "--seed", "2"]);
  expect(kept("two").equals(kept("one"))).toBe(true);
  expect(kept("three").equals(kept("one"))).toBe(false);
});

test("stopped anywhere and resumed, a run ends in the same bytes", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "2", "--batch", "100", "--quiet"]; // 2 epochs of 3 steps
  await run("straight", args);
  for (const looks of [1, 2, 4, 5, 7]) {
    rmSync(at("stopped.safetensors"), { force: true });
    const stopped = await run("stopped", args, abortedAt(looks));
    expect(stopped.code).toBe(130);
    const [, epochs, steps] = /^Stopped after epoch (\d) of 2, step (\d) of 6\.\nCheckpoint: .*\nGo on with: npm start -- digits .* --quiet --resume\n$/.exec(stopped.out)!;
    expect(Number(epochs)).toBe(Math.floor(Number(steps) / 3));
    expect(existsSync(at("stopped.html"))).toBe(false);
    const resumed = await run("stopped", [...args, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(kept("stopped").equals(kept("straight")), `after ${steps} steps`).toBe(true);
    rmSync(at("stopped.html"));
  }
});

test("a finished run that is resumed writes its report again", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "1"];
  const first = await run("again", args);
  const before = kept("again");
  rmSync(at("again.html"));
  const second = await run("again", [...args, "--resume", "--stop-after", "3"]);
  expect(second).toMatchObject({ code: 0, out: first.out });
  expect(second.err).toContain("Going on after epoch 1, step 3\n");
  expect(kept("again").equals(before)).toBe(true);
  expect(readFileSync(at("again.html"), "utf8")).toContain("<td>before</td>");
});

test("a convolutional network, stopped and resumed", { timeout: 60_000 }, async () => {
  const args = ["--model", "cnn", "--epochs", "2", "--batch", "150", "--quiet"];
  expect((await run("cnn", args)).code).toBe(0);
  const half = await run("half", [...args, "--stop-after", "1"]);
  expect(half.code).toBe(0);
  expect(half.out).toMatch(/Stopped after epoch 1 of 2, step 2 of 4\.[^]*digits (?!.*stop-after).* --resume\n$/);
  expect((await run("half", [...args, "--resume"])).code).toBe(0);
  expect(kept("half").equals(kept("cnn"))).toBe(true);
  expect(readFileSync(at("cnn.html"), "utf8")).toContain("Conv((5, 5), 1 =&#62; 8, relu)");
});

test.each(["cpu", "wasm"])("TensorFlow.js on %s learns the same, and goes on where the tape stopped", { timeout: 60_000 }, async (device) => {
  const args = ["--epochs", "2", "--batch", "100", "--quiet"];
  const tfjs = ["--engine", "tfjs", "--device", device];
  expect((await openEngine("tfjs", device, null)).engine).toMatchObject({ adtype: "tfjs", device });
  const taped = await run("taped", args);
  await run(device, [...args, "--stop-after", "1"]);
  expect((await run(device, [...args, ...tfjs, "--resume"])).out.split("\n")[0]).toBe(taped.out.split("\n")[0]);
  const [a, b] = [kept("taped"), kept(device)].map((bytes) => decodeSafetensors(bytes).tensors.get("mlp.losses")!.dataSync());
  b!.forEach((loss: number, i: number) => expect(loss).toBeCloseTo(a![i]!, 5));
  expect(readFileSync(at(`${device}.html`), "utf8")).toContain(`<b>tfjs, ${device}</b>`);
});

test("TensorFlow.js on wasm trains the convolutional network, which it cannot by itself", { timeout: 60_000 }, async () => {
  const args = ["--model", "cnn", "--epochs", "1", "--batch", "100", "--quiet"];
  const taped = await run("cnnTaped", args);
  const there = await run("cnnWasm", [...args, "--engine", "tfjs", "--device", "wasm"]);
  expect(there.out.split("\n")[0]).toBe(taped.out.split("\n")[0]);
  const [a, b] = ["cnnTaped", "cnnWasm"].map((name) => decodeSafetensors(kept(name)).tensors.get("cnn.losses")!.dataSync());
  b!.forEach((loss: number, i: number) => expect(loss).toBeCloseTo(a![i]!, 4));
});

test("what is no checkpoint of this run is refused, and left as it is", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "2", "--quiet"];
  await run("good", [...args, "--stop-after", "1"]);
  const good = kept("good");
  const header = 8 + Number(good.readBigUInt64LE());
  const changed = (name: string, value: number): Buffer => {
    const bytes = Buffer.from(good);
    const { data_offsets: [start] } = JSON.parse(good.toString("utf8", 8, header))[name] as { data_offsets: [number, number] };
    bytes.writeDoubleLE(value, header + start);
    return bytes;
  };
  const cases: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp, args?: readonly string[]])[] = [
    ["empty", Buffer.alloc(0), /cannot be read as a checkpoint/],
    ["text", Buffer.from("# Notes\n\nthat are no checkpoint"), /cannot be read as a checkpoint/],
    ["truncated", good.subarray(0, good.length - 1), /cannot be read as a checkpoint/],
    ["cut in the header", good.subarray(0, header - 5), /cannot be read as a checkpoint/],
    ["of another program", save({ w: tensor([1, 2]) }), /no checkpoint of this program/],
    ["of another model", good, /is of a run with --model mlp --epochs 2 .* and this one has --model cnn --epochs 2 /, ["--model", "cnn"]],
    ["of another rate", good, /--rate 0\.003 .* --rate 0\.1 /, ["--rate", "0.1"]],
    ["of other images", good, /--limit 300, .* --limit 299\./, ["--limit", "299"]],
    ["with steps missing", changed("mlp.steps", 1), /is damaged: epoch 1, step 1/],
    ["with half a step", changed("mlp.steps", 3.5), /is damaged/],
    ["with NaN as its steps", changed("mlp.steps", NaN), /is damaged/],
    ["with a history that is too short", changed("mlp.losses", NaN), /is damaged/],
  ];
  for (const [what, bytes, message, more = []] of cases) {
    writeFileSync(at("bad.safetensors"), bytes);
    const { code, out, err } = await run("bad", [...args, "--resume", ...more]);
    expect([code, out], what).toEqual([1, ""]);
    expect(err, what).toMatch(message);
    expect(err, what).toContain(at("bad.safetensors"));
    expect(kept("bad").equals(bytes), what).toBe(true);
  }
  for (const [what, bytes] of cases.slice(0, 5)) {
    writeFileSync(at("bad.safetensors"), bytes);
    expect((await run("bad", args)).code, what).toBe(1);
    expect(kept("bad").equals(bytes), what).toBe(true);
  }
});

test("a new run says when it is going to replace an unfinished one", { timeout: 60_000 }, async () => {
  const args = ["--epochs", "2", "--quiet", "--stop-after", "1"];
  expect((await run("unfinished", args)).err).toBe("");
  expect((await run("unfinished", args)).err).toMatch(/holds an unfinished run, 1 of 2 epochs with --model mlp .*--resume would go on with it/);
});

test.each([
  [["--engine", "jax"], 'No engine is named "jax". Choose from: tape'],
  [["--engine", "forward"], "forward: one gradient would take a pass for each of the model's 101,770 parameters, where reverse mode takes one for all."],
  [["--engine", "finite-diff", "--model", "cnn"], "finite-diff: one gradient would take a pass for each of the model's 20,522 parameters"],
  [["--device", "webgpu"], "--device webgpu: the engine tape works on the host only"],
  [["--engine", "tfjs", "--device", "metal"], "--device metal: the engine tfjs works on cpu, wasm, webgpu."],
  [["--model", "lstm"], 'No model is named "lstm". Choose from: mlp, cnn.'],
  [["--epochs", "0"], '--epochs: expected a whole number of at least 1, got "0".'],
  [["--batch", "1.5"], '--batch: expected a whole number of at least 1, got "1.5".'],
  [["--seed", "one"], '--seed: expected a whole number of at least 0, got "one".'],
  [["--rate", "0"], '--rate: expected a number above 0, got "0".'],
  [["--limt", "3"], "--help"],
  [["--resume"], "There is no checkpoint"],
])("%j is refused", async (args, message) => {
  const { code, out, err } = await run("refused", args);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain(message);
  expect(existsSync(at("refused.safetensors"))).toBe(false);
});

test("where nothing can be written, this is said before the first step", async () => {
  writeFileSync(at("file"), "");
  const { code, err } = await run("nowhere", ["--checkpoint", join(at("file"), "c.safetensors")]);
  expect(code).toBe(1);
  expect(err).toMatch(/^The checkpoint .* cannot be written: .*--checkpoint\.\n$/);
});

test("where no report can be written, this is said before the first step; a report is no checkpoint", async () => {
  const nowhere = await run("nowhere", ["--out", scratch]);
  expect([nowhere.code, nowhere.out]).toEqual([1, ""]);
  expect(nowhere.err).toMatch(/^The report .* cannot be written: EISDIR.*--out\.\n$/);
  const same = await run("same", ["--out", at("same.safetensors")]);
  expect([same.code, same.err]).toEqual([1, `--checkpoint and --out are both ${at("same.safetensors")}: the report would replace the checkpoint.\n`]);
});

test("a report that is a link to a file that is yet to be stays a link", () => {
  const [link, target] = [at("link.html"), at("target.html")];
  symlinkSync("target.html", link);
  claimReport(link);
  writeReport(link, "page");
  expect([lstatSync(link).isSymbolicLink(), readFileSync(target, "utf8")]).toEqual([true, "page"]);
});

test("a rate that diverges names the step, and the last good epoch is kept", async () => {
  const { code, err } = await run("diverging", ["--rate", "1e30", "--epochs", "3"]);
  expect(code).toBe(1);
  expect(err).toMatch(/on data item \d+, stopping training before its step/);
});
