import { conv, convFilter, convTranspose, maxPool, meanPool, poolAtMax, tensor, unpoolAtMax, type ConvOptions, type Shape, type Tensor } from "@polyad/core";
import { describe, expect, test } from "vitest";

// The definitions as loops over every index, beside the kernels: blocks of part of a sample, of one, and of many.

type Pairs = readonly (readonly [number, number])[];
interface Sizes {
  readonly samples: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly inputs: number;
  readonly outputs: number;
  readonly image: Shape;
  readonly kernel: Shape;
  readonly strides?: readonly number[];
  readonly padding?: Pairs;
  readonly dilation?: readonly number[];
}

const sizes: Readonly<Record<string, Sizes>> = {
  "one window": { samples: 1, groups: 1, inputs: 1, outputs: 1, image: [1, 1], kernel: [1, 1] },
  "not square": { samples: 2, groups: 1, inputs: 3, outputs: 2, image: [5, 7], kernel: [2, 3] },
  "uneven padding, strides with a rest": { samples: 2, groups: 1, inputs: 2, outputs: 3, image: [5, 8], kernel: [3, 2], strides: [2, 3], padding: [[2, 0], [1, 3]] },
  "dilated": { samples: 1, groups: 1, inputs: 2, outputs: 2, image: [7, 9], kernel: [3, 2], dilation: [2, 4], padding: [[1, 1], [0, 2]] },
  "in groups": { samples: 2, groups: 3, inputs: 2, outputs: 4, image: [4, 6], kernel: [3, 3], padding: [[1, 1], [1, 1]] },
  "depthwise": { samples: 2, groups: 5, inputs: 1, outputs: 1, image: [6, 4], kernel: [3, 3], padding: [[1, 1], [1, 1]], strides: [2, 2] },
  "more padding than image": { samples: 1, groups: 1, inputs: 1, outputs: 2, image: [1, 2], kernel: [3, 2], padding: [[3, 4], [5, 5]], strides: [2, 1] },
  "pointwise": { samples: 3, groups: 2, inputs: 4, outputs: 3, image: [3, 5], kernel: [1, 1] },
  "pointwise with strides": { samples: 2, groups: 1, inputs: 3, outputs: 2, image: [5, 4], kernel: [1, 1], strides: [2, 3] },
  "pointwise with padding": { samples: 2, groups: 1, inputs: 3, outputs: 2, image: [3, 3], kernel: [1, 1], padding: [[1, 0], [0, 1]] },
  "signals": { samples: 2, groups: 2, inputs: 2, outputs: 1, image: [13], kernel: [4], strides: [3], dilation: [2], padding: [[2, 1]] },
  "many small samples in a block": { samples: 70, groups: 1, inputs: 2, outputs: 3, image: [4, 5], kernel: [3, 3], padding: [[1, 1], [1, 1]] },
  "a sample of several blocks": { samples: 2, groups: 1, inputs: 24, outputs: 2, image: [41, 23], kernel: [3, 3], padding: [[1, 1], [2, 1]] },
  "a long signal": { samples: 2, groups: 2, inputs: 16, outputs: 2, image: [3001], kernel: [5], strides: [2], padding: [[4, 0]] },
  "no samples": { samples: 0, groups: 1, inputs: 2, outputs: 3, image: [4, 5], kernel: [3, 3] },
  "no input channels": { samples: 2, groups: 2, inputs: 0, outputs: 1, image: [4], kernel: [2] },
  "no output channels": { samples: 2, groups: 1, inputs: 2, outputs: 0, image: [4], kernel: [2] },
};

function optionsOf({ groups, strides, padding, dilation }: Sizes): ConvOptions {
  return { groups, strides, padding, dilation };
}

const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Whole numbers up to 4: sums of their products are exact in float32 too. */
function numbers(shape: Shape, seed: number): Tensor {
  return tensor(Float64Array.from({ length: count(shape) }, (_, i) => ((i * 7919 + seed * 104729) % 10007) % 9 - 4), shape);
}

/** Fractions, of which products round. */
function fractions(shape: Shape, seed: number): Tensor {
  return tensor(Float64Array.from({ length: count(shape) }, (_, i) => ((i * 7919 + seed * 104729) % 10007) / 10007 - 0.5), shape);
}

interface Naive {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  /** Calls `term` with positions in x, w and y for every product of the trilinear form. */
  each(term: (i: number, j: number, k: number) => void): void;
}

function naive(s: Sizes): Naive {
  const [H, W] = s.image.length === 2 ? s.image : [1, s.image[0]!];
  const [KH, KW] = s.kernel.length === 2 ? s.kernel : [1, s.kernel[0]!];
  const pair = (of: readonly number[] | undefined): readonly number[] => (of === undefined ? [1, 1] : of.length === 2 ? of : [1, of[0]!]);
  const [[sy, sx], [dy, dx]] = [pair(s.strides), pair(s.dilation)] as [[number, number], [number, number]];
  const padding: Pairs = s.padding === undefined ? [[0, 0], [0, 0]] : s.padding.length === 2 ? s.padding : [[0, 0], s.padding[0]!];
  const [[top, bottom], [left, right]] = padding as [readonly [number, number], readonly [number, number]];
  const PH = Math.floor((H! + top + bottom - dy! * (KH! - 1) - 1) / sy!) + 1;
  const PW = Math.floor((W! + left + right - dx! * (KW! - 1) - 1) / sx!) + 1;
  const [C, O] = [s.groups * s.inputs, s.groups * s.outputs];
  return {
    x: [s.samples, C, ...s.image],
    w: [O, s.inputs, ...s.kernel],
    y: [s.samples, O, ...(s.image.length === 2 ? [PH, PW] : [PW])],
    each(term) {
      for (let n = 0; n < s.samples; n++) for (let o = 0; o < O; o++) for (let ph = 0; ph < PH; ph++) for (let pw = 0; pw < PW; pw++) {
        for (let c = 0; c < s.inputs; c++) for (let i = 0; i < KH!; i++) for (let j = 0; j < KW!; j++) {
          const [h, v] = [sy! * ph + dy! * i - top, sx! * pw + dx! * j - left];
          if (h < 0 || h >= H! || v < 0 || v >= W!) continue;
          const channel = Math.floor(o / s.outputs) * s.inputs + c;
          term(((n * C + channel) * H! + h) * W! + v, ((o * s.inputs + c) * KH! + i) * KW! + j, ((n * O + o) * PH + ph) * PW + pw);
        }
      }
    },
  };
}

describe.each(Object.entries(sizes))("convolution: %s", (_name, s) => {
  const loops = naive(s);
  const options = optionsOf(s);
  const rest = s.image.map((n, i) => {
    const [before, after] = s.padding?.[i] ?? [0, 0];
    const [stride, dilation] = [s.strides?.[i] ?? 1, s.dilation?.[i] ?? 1];
    return (n + before + after - dilation * (s.kernel[i]! - 1) - 1) % stride;
  });

  function all(make: (shape: Shape, seed: number) => Tensor): readonly (readonly [Tensor, Float64Array, string])[] {
    const [x, w, y] = [make(loops.x, 1), make(loops.w, 2), make(loops.y, 3)];
    const [xs, ws, ys] = [x, w, y].map((t) => t.dataSync()) as [Float64Array, Float64Array, Float64Array];
    const [dx, dw, dy] = [xs, ws, ys].map(({ length }) => new Float64Array(length)) as [Float64Array, Float64Array, Float64Array];
    loops.each((i, j, k) => {
      dx[i]! += ws[j]! * ys[k]!;
      dw[j]! += xs[i]! * ys[k]!;
      dy[k]! += xs[i]! * ws[j]!;
    });
    return [
      [conv(x, w, options), dy, `conv ${String(loops.y)}`],
      [convTranspose(y, w, { ...options, outputPadding: rest }), dx, `convTranspose ${String(loops.x)}`],
      [convFilter(x, y, s.kernel, options), dw, `convFilter ${String(loops.w)}`],
    ];
  }

  test("is the loop: exactly on whole numbers, in every dtype", () => {
    for (const dtype of ["float64", "float32", "int32"] as const) {
      for (const [got, expected, what] of all((shape, seed) => numbers(shape, seed).cast(dtype))) {
        expect(`${what.split(" ")[0]} ${String(got.shape)}`).toBe(what);
        expect(got.dtype).toBe(dtype);
        expect(Array.from(got.dataSync(), (v) => v + 0), what).toEqual(Array.from(expected, (v) => v + 0));
      }
    }
  });

  test("is the loop: to rounding on fractions", () => {
    for (const [got, expected, what] of all(fractions)) {
      const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
      const off = Array.from(got.dataSync()).reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]!)), 0);
      expect(off, what).toBeLessThanOrEqual(1e-13 * scale);
    }
  });
});

test("a convolution of mixed dtypes has the wider one", () => {
  const [x, w] = [fractions([1, 1, 4], 1), fractions([1, 1, 2], 2)];
  expect(conv(x.cast("float32"), w).dtype).toBe("float64");
  expect(conv(tensor(Int32Array.of(1, 2, 3), [1, 1, 3]), tensor([[[0.5, 0.25]]])).toArray()).toEqual([[[1, 1.75]]]);
  expect(conv(tensor([[[true, true, false]]]), tensor([[[true, true]]])).toArray()).toEqual([[[2, 1]]]);
});

test("NaN and infinities reach the windows that see them, and no other", () => {
  expect(conv([[[1, NaN, 1, 1, 1]]], [[[1, 1]]]).toArray()).toEqual([[[NaN, NaN, 2, 2]]]);
  expect(conv([[[1, Infinity, 1, 1]]], [[[1, -1]]]).toArray()).toEqual([[[-Infinity, Infinity, 0]]]);
  expect(conv([[[1, 2]]], [[[1, NaN]]], { padding: [[0, 1]] }).toArray()).toEqual([[[NaN, NaN]]]);
});

const { padding: _padding, ...unpadded } = sizes["dilated"]!;

describe.each<[string, Sizes]>([
  ["not square", sizes["not square"]!],
  ["uneven padding, strides with a rest", { ...sizes["uneven padding, strides with a rest"]!, padding: [[2, 0], [1, 1]] }],
  ["dilated", unpadded],
  ["overlapping", { samples: 2, groups: 1, inputs: 2, outputs: 1, image: [6, 5], kernel: [3, 2], strides: [1, 1], padding: [[1, 1], [1, 0]] }],
  ["signals", { samples: 2, groups: 1, inputs: 2, outputs: 1, image: [9], kernel: [3], strides: [2] }],
  ["no samples", sizes["no samples"]!],
])("pooling: %s", (_name, s) => {
  const { image, kernel } = s;
  // Channel by channel: the loops of a convolution of one channel, over samples·channels.
  const loops = naive({ ...s, samples: s.samples * s.inputs, inputs: 1, outputs: 1, groups: 1 });
  const window = { strides: [1, 1].slice(0, image.length), padding: image.map(() => [0, 0] as const), dilation: image.map(() => 1), kernel, ...(s.strides && { strides: s.strides }), ...(s.padding && { padding: s.padding }), ...(s.dilation && { dilation: s.dilation }) };
  const windows: number[][] = Array.from({ length: count(loops.y) }, () => []);
  loops.each((i, _j, k) => windows[k]!.push(i));
  const shape = [s.samples, s.inputs, ...image];

  test.each(["float64", "float32", "int32"] as const)("max and mean in %s", (dtype) => {
    const x = numbers(shape, 5).cast(dtype);
    const v = x.dataSync();
    const { kernel: _kernel, ...options } = window;
    const max = maxPool(x, kernel, options);
    expect([...max.shape]).toEqual([s.samples, s.inputs, ...loops.y.slice(2)]);
    expect([...max.dataSync()]).toEqual(windows.map((of) => Math.max(...of.map((i) => v[i]!))));
    const mean = meanPool(x, kernel, options).cast("float64").dataSync();
    windows.forEach((of, k) => expect(Math.abs(mean[k]! - of.reduce((t, i) => t + v[i]!, 0) / count(kernel))).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-13));
  });

  test("derivatives share ties", () => {
    const x = numbers(shape, 5);
    const v = x.dataSync();
    const ties = windows.map((of) => of.filter((i) => v[i] === Math.max(...of.map((j) => v[j]!))));
    const dx = fractions(shape, 6);
    const ct = fractions([s.samples, s.inputs, ...loops.y.slice(2)], 7);
    const [along, back] = [dx.dataSync(), new Float64Array(count(shape))];
    ties.forEach((of, k) => of.forEach((i) => (back[i]! += ct.dataSync()[k]! / of.length)));
    const expected = ties.map((of) => of.reduce((t, i) => t + along[i]!, 0) / of.length);
    poolAtMax(x, dx, window).dataSync().forEach((value, k) => expect(Math.abs(value - expected[k]!)).toBeLessThan(1e-14));
    unpoolAtMax(x, ct, window).dataSync().forEach((value, i) => expect(Math.abs(value - back[i]!)).toBeLessThan(1e-14));
  });
});

test("the maximum of a window is NaN if one element is, and −∞ only if all are", () => {
  expect(maxPool([[[1, NaN, 3, 4, -Infinity, -Infinity, -Infinity, 0]]], 2).toArray()).toEqual([[[NaN, 4, -Infinity, 0]]]);
  expect(maxPool([[[NaN, 1, -Infinity, -Infinity]]], 2, { strides: 1, padding: 1 }).toArray()).toEqual([[[NaN, NaN, 1, -Infinity, -Infinity]]]);
  const window = { kernel: [2], strides: [2], padding: [[0, 0]], dilation: [1] } as const;
  expect(unpoolAtMax([[[NaN, 1, -Infinity, -Infinity]]], [[[5, 6]]], window).toArray()).toEqual([[[NaN, NaN, 3, 3]]]);
  expect(poolAtMax([[[NaN, 1, -Infinity, -Infinity]]], [[[5, 6, 7, 9]]], window).toArray()).toEqual([[[NaN, 8]]]);
});
