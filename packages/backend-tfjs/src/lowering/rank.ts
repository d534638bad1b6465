import * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { UnsupportedError } from "@polyad/core/extend";
import type { Application, Lowering } from "./lowering.js";
import { floats, ints } from "./operands.js";

/**
 * Order on webgpu, by shaders of our own: every element counts those that come before it in its row, and goes there. All
 * elements do so at once, which is quadratic work, but neither waits nor depends on a kernel's order of equals.
 */

/** The largest row: a shader that runs for seconds loses the device. */
const longest = 2 ** 15;

/** Words without sign that are in the order of floats, zeros of both signs equal, NaN the largest; and turned around. */
const keys = `
  fn key(x : f32) -> u32 {
    let bits = bitcast<u32>(x);
    let size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) { return 0xffffffffu; }
    if (size == 0u) { return 0x80000000u; }
    return select(bits | 0x80000000u, ~bits, bits > 0x7fffffffu);
  }
  fn ascending(x : f32) -> u32 { return key(x); }
  fn descending(x : f32) -> u32 { let k = key(x); return select(~k, k, k == 0xffffffffu); }
  fn largestFirst(x : f32) -> u32 { return ~key(x); }`;

type Order = "ascending" | "descending" | "largestFirst";

function run(program: Pick<WebGPUProgram, "outputShape" | "variableNames" | "shaderKey"> & { readonly body: string }, inputs: readonly tf.Tensor[], threads: number, n: number, k: number): tf.Tensor {
  const { body, ...rest } = program;
  const whole: WebGPUProgram = {
    ...rest,
    workgroupSize: [64, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(threads / 64), 1, 1],
    uniforms: "threads : i32, n : i32, k : i32,",
    getUserCode: () => `${keys}
      fn main(index : i32) {
        if (index < uniforms.threads) {${body}}
      }`,
  };
  const uniforms = [threads, n, k].map((x) => ({ type: "int32", data: [x] }));
  return tf.engine().makeTensorFromTensorInfo((tf.backend() as WebGPUBackend).runWebGPUProgram(whole, [...inputs], "float32", uniforms));
}

/** The first k in order of each row of n: their places in it, or they themselves. */
function first(rows: tf.Tensor, k: number, order: Order, what: "places" | "values"): tf.Tensor {
  const [count, n] = rows.shape as [number, number];
  const body = `
    let start = index / uniforms.n * uniforms.n;
    let own = ${order}(f32(A[index]));
    var rank = 0;
    for (var j = start; j < start + uniforms.n; j++) {
      let other = ${order}(f32(A[j]));
      if (other < own || (other == own && j < index)) { rank++; }
    }
    if (rank < uniforms.k) {
      setOutputAtIndex(index / uniforms.n * uniforms.k + rank, ${what === "places" ? "f32(index - start)" : "f32(A[index])"});
    }`;
  const flat = run({ outputShape: [count * k], variableNames: ["A"], shaderKey: `polyad_${order}_${what}`, body }, [tf.reshape(rows, [count * n])], count * n, n, k);
  return tf.reshape(flat, [count, k]);
}

/** x with an axis last, as rows; and a result of rows back in its place. */
function byRows({ primitive, inputs: [x], device }: Application, axis: number): { rows: tf.Tensor; back: (y: tf.Tensor) => tf.Tensor } {
  const n = x!.shape[axis]!;
  if (n > longest) throw tooLong(primitive.name, device.name, n);
  const others = x!.shape.map((_, i) => i).filter((i) => i !== axis);
  const rest = others.map((i) => x!.shape[i]!);
  const home = x!.shape.map((_, i) => (i === axis ? others.length : others.indexOf(i)));
  return {
    rows: tf.reshape(tf.transpose(floats(x!), [...others, axis]), [-1, n]),
    back: (y) => tf.transpose(tf.reshape(y, [...rest, y.shape[1]!]), home),
  };
}

function tooLong(name: string, device: string, n: number): UnsupportedError {
  return new UnsupportedError(`${name}: ${device} puts at most ${longest} elements in order, got ${n}. Use AutoTfjs({ device: "wasm" }), or move the operands with toHost().`);
}

export const argsortByRank: Lowering = (application) => {
  const { axis, descending } = application.attrs as { readonly axis: number; readonly descending: boolean };
  const { rows, back } = byRows(application, axis);
  return ints(back(first(rows, rows.shape[1]!, descending ? "descending" : "ascending", "places")));
};

export const topKByRank: Lowering = (application) => {
  const { k, axis } = application.attrs as { readonly k: number; readonly axis: number };
  const { rows, back } = byRows(application, axis);
  const values = back(first(rows, k, "largestFirst", "values"));
  return [application.avals[0]!.dtype === "int32" ? ints(values) : values, ints(back(first(rows, k, "largestFirst", "places")))];
};

export const searchsortedByRank: Lowering = ({ primitive, inputs: [edges, x], attrs, device }) => {
  const { side } = attrs as { readonly side: "left" | "right" };
  const n = edges!.size;
  if (n > longest) throw tooLong(primitive.name, device.name, n);
  if (n === 0) return tf.zeros(x!.shape, "int32");
  const body = `
    let own = ascending(f32(B[index]));
    var rank = 0;
    for (var j = 0; j < uniforms.n; j++) {
      if (ascending(f32(A[j])) ${side === "left" ? "<" : "<="} own) { rank++; }
    }
    setOutputAtIndex(index, f32(rank));`;
  const places = run({ outputShape: [x!.size], variableNames: ["A", "B"], shaderKey: `polyad_search_${side}`, body }, [floats(edges!), tf.reshape(floats(x!), [x!.size])], x!.size, n, 0);
  return ints(tf.reshape(places, x!.shape));
};
