import * as p from "@polyad/core/extend";
import { tensor, type ConvOptions, type Shape, type Tensor } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

/** The trilinear form of convolution, term by term: which elements of x, w and y are multiplied. */
interface Form {
  readonly note: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly options: ConvOptions & { readonly strides: Numbers; readonly padding: readonly (readonly [number, number])[]; readonly dilation: Numbers; readonly groups: number };
}

const forms: readonly Form[] = [
  {
    note: "of an image, padded unevenly, with strides that leave a rest",
    x: [1, 1, 3, 4], w: [1, 1, 2, 3], y: [1, 1, 2, 2],
    options: { strides: [2, 2], padding: [[1, 0], [0, 2]], dilation: [1, 1], groups: 1 },
  },
  {
    note: "of signals, dilated, in groups",
    x: [1, 2, 4], w: [2, 1, 2], y: [1, 2, 1],
    options: { strides: [2], padding: [[0, 0]], dilation: [2], groups: 2 },
  },
  { note: "of no samples", x: [0, 1, 3], w: [1, 1, 2], y: [0, 1, 2], options: { strides: [1], padding: [[0, 0]], dilation: [1], groups: 1 } },
];

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const values = (shape: Shape, scale: number): Tensor => tensor(Float64Array.from({ length: sizeOf(shape) }, (_, i) => scale * (((7 * i) % 11) - 4.5)), shape);
const positions = (shape: Shape): Numbers[] => shape.reduce<Numbers[]>((all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])), [[]]);
const indexIn = (shape: Shape, at: Numbers): number => at.reduce((index, i, axis) => index * shape[axis]! + i, 0);

/** [index in x, in w, in y] of every term that is inside the image. */
function termsOf({ x, w, y, options }: Form): readonly (readonly [number, number, number])[] {
  const { strides, padding, dilation, groups } = options;
  return positions(y).flatMap(([n, o, ...window], yi) =>
    positions(w.slice(1)).flatMap(([c, ...k]) => {
      const at = window.map((q, i) => strides[i]! * q + dilation[i]! * k[i]! - padding[i]![0]);
      if (at.some((i, axis) => i < 0 || i >= x[axis + 2]!)) return [];
      const channel = Math.floor(o! / (w[0]! / groups)) * w[1]! + c!;
      return [[indexIn(x, [n!, channel, ...at]), indexIn(w, [o!, c!, ...k]), yi] as const];
    }),
  );
}

/** T(x, w, y), by way of each of its three partial derivatives. */
const ways = {
  conv: ({ options }: Form) => ({ x, w, y }: Operands) => p.sum(p.mul(y, p.conv(x, w, options))),
  convTranspose: (form: Form) => ({ x, w, y }: Operands) => p.sum(p.mul(x, p.convTranspose(y, w, { ...form.options, outputPadding: restOf(form) }))),
  convFilter: ({ w: [, , ...size], options }: Form) => ({ x, w, y }: Operands) => p.sum(p.mul(w, p.convFilter(x, y, size, options))),
} as const;

interface Operands {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly y: Tensor;
}

/** Elements of the padded image behind the last window. */
function restOf({ x, w, y, options: { strides, padding, dilation } }: Form): Numbers {
  return strides.map((stride, i) => x[i + 2]! + padding[i]![0] + padding[i]![1] - (stride * (y[i + 2]! - 1) + dilation[i]! * (w[i + 2]! - 1) + 1));
}

function convolution(op: keyof typeof ways, form: Form): Problem {
  const terms = termsOf(form);
  const offsets = [0, sizeOf(form.x), sizeOf(form.x) + sizeOf(form.w)] as const;
  const count = offsets[2] + sizeOf(form.y);
  const at = ([i, j, k]: readonly [number, number, number]): Numbers => [i, offsets[1] + j, offsets[2] + k];
  const second = (v: Numbers): Rows => {
    const rows = Array.from({ length: count }, () => new Array<number>(count).fill(0));
    const put = (i: number, j: number, by: number): void => {
      rows[i]![j]! += v[by]!;
      rows[j]![i]! += v[by]!;
    };
    for (const term of terms) {
      const [i, j, k] = at(term) as [number, number, number];
      put(i, j, k);
      put(i, k, j);
      put(j, k, i);
    }
    return rows;
  };
  return problem({
    name: `${op} ${form.note}`,
    x: { x: values(form.x, 0.25), w: values(form.w, 0.5), y: values(form.y, -0.125) },
    f: ways[op](form),
    value: (v) => [terms.reduce((total, term) => total + at(term).reduce((product, i) => product * v[i]!, 1), 0)],
    jacobian: (v) => {
      const row = new Array<number>(count).fill(0);
      for (const term of terms) {
        const [i, j, k] = at(term) as [number, number, number];
        row[i]! += v[j]! * v[k]!;
        row[j]! += v[i]! * v[k]!;
        row[k]! += v[i]! * v[j]!;
      }
      return [row];
    },
    ...(op === "conv" && { hessian: second }), // once is enough: it takes time
    ops: [op],
  });
}

const tied = tensor([[[[1, 3, 3], [3, 0, 2]]]]);
const window = { kernel: [2, 2], strides: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1] } as const;
const none = (x: Numbers): Numbers[] => x.map(() => x.map(() => 0));

/** Convolution, and pooling where elements tie. */
export const windowProblems: readonly Problem[] = [
  ...forms.flatMap((form) => (["conv", "convTranspose", "convFilter"] as const).map((op) => convolution(op, form))),
  problem({
    name: "maxPool at ties",
    kink: true,
    x: tied,
    f: (x) => p.maxPool(x, 2, { strides: 1 }),
    value: ([, b]) => [b!, b!],
    jacobian: () => [[0, 1 / 2, 0, 1 / 2, 0, 0], [0, 1 / 2, 1 / 2, 0, 0, 0]],
    ops: ["maxPool"],
  }),
  problem({
    name: "maxPool at ties, squared",
    kink: true,
    x: tied,
    f: (x) => p.sum(p.square(p.maxPool(x, 2, { strides: 1 }))),
    value: ([, b]) => [2 * b! * b!],
    jacobian: ([, b]) => [[0, 2 * b!, b!, b!, 0, 0]],
    hessian: (x) => none(x).map((row, i) => row.map((_, j) => [[1, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5]][i - 1]?.[j - 1] ?? 0)),
    ops: ["maxPool"],
  }),
  problem({
    name: "poolAtMax at ties",
    x: tensor([[[[0.5, 1, -2], [3, 0.25, -1]]]]),
    f: (v) => p.poolAtMax(tied, v, window),
    value: ([, b, c, d]) => [(b! + d!) / 2, (b! + c!) / 2],
    jacobian: () => [[0, 1 / 2, 0, 1 / 2, 0, 0], [0, 1 / 2, 1 / 2, 0, 0, 0]],
    ops: ["poolAtMax"],
  }),
  problem({
    name: "unpoolAtMax at ties",
    x: tensor([[[[0.5, -2]]]]),
    f: (y) => p.unpoolAtMax(tied, y, window),
    value: ([a, b]) => [0, (a! + b!) / 2, b! / 2, a! / 2, 0, 0],
    jacobian: () => [[0, 0], [1 / 2, 1 / 2], [0, 1 / 2], [1 / 2, 0], [0, 0], [0, 0]],
    ops: ["unpoolAtMax"],
  }),
];
