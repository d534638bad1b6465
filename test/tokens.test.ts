import { expect, expectTypeOf, test } from "vitest";
import { AutoForward, AutoOnnx, AutoSparse, AutoTape, AutoTfjs, BackendNotLoadedError, gradient, hessian, MixedMode, mul, SecondOrder, UnsupportedError, type Value } from "polyad";

test("tokens are plain data", () => {
  const tokens = [AutoTape(), AutoForward({ chunkSize: 2 }), AutoTfjs({ device: "webgpu" }), AutoOnnx({ inner: AutoTape() }), AutoSparse(SecondOrder(AutoForward(), AutoTape())), MixedMode(AutoForward(), AutoTape())];
  for (const token of tokens) expect(structuredClone(token)).toEqual(token);
  expect(tokens.map((t) => t.execution)).toEqual(["sync", "sync", "async", "async", "sync", "sync"]);
  expectTypeOf(AutoTfjs({ device: "wasm" }).execution).toEqualTypeOf<"sync">();
  expectTypeOf(AutoTfjs({ device: "webgpu" }).execution).toEqualTypeOf<"async">();
});

test("what does not exist yet is refused", async () => {
  const f = (x: Value): Value => mul(x, x);
  expect(() => gradient(f, AutoTfjs(), 2)).toThrow(BackendNotLoadedError);
  expect(() => gradient(f, AutoTfjs(), 2)).toThrow("@polyad/backend-tfjs");
  await expect(gradient(f, AutoOnnx(), 2)).rejects.toThrow('No engine is loaded for "onnx"'); // an async engine fails by a promise
  expect(() => hessian(f, AutoSparse(AutoTape()), 2)).toThrow(UnsupportedError);
  expect(() => gradient(f, MixedMode(AutoForward(), AutoTape()), 2)).toThrow(UnsupportedError);
});
