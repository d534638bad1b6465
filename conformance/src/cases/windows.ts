import fc from "fast-check";
import * as p from "@polyad/core/extend";
import type { CorePrimitiveName, Kind, Shape, Tensor, Value, Window } from "@polyad/core/extend";
import { caseOf, floatTensors, type Case, type Draw, type Sample, type Slot } from "./case.js";
import { apart, operand } from "./structure.js";

/** An image, and a window that fits: every window has something of the image in it. */
interface Placed extends Window {
  readonly image: Shape;
  /** How many windows there are. */
  readonly counts: Shape;
}

/** Along one axis: mostly small, with strides that leave a remainder, dilation, and padding that differs at the two ends. */
const axis = fc.record({
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.constantFrom(1, 1, 2, 3),
  dilation: fc.constantFrom(1, 1, 2),
  before: fc.nat(2),
  after: fc.nat(1),
  more: fc.nat(2),
});

/** Over one axis or two. Windows of a maximum are never of padding alone: it is less than the kernel, and not dilated. */
export const placed = (ofMaximum: boolean): fc.Arbitrary<Placed> =>
  fc.array(axis, { minLength: 1, maxLength: 2 }).map((given) => {
    const axes = given.map((a) => (ofMaximum ? { ...a, dilation: a.before + a.after > 0 ? 1 : a.dilation, before: Math.min(a.before, a.kernel - 1), after: Math.min(a.after, a.kernel - 1) } : a));
    const extents = axes.map((a) => a.dilation * (a.kernel - 1) + 1);
    const image = axes.map((a, i) => Math.max(1, extents[i]! - a.before - a.after) + a.more);
    return {
      image,
      counts: axes.map((a, i) => Math.floor((image[i]! + a.before + a.after - extents[i]!) / a.stride) + 1),
      kernel: axes.map((a) => a.kernel),
      strides: axes.map((a) => a.stride),
      dilation: axes.map((a) => a.dilation),
      padding: axes.map((a) => [a.before, a.after] as const),
    };
  });

/** Samples, groups, and channels of a group going out and coming in; now and then none. */
const counts = fc.tuple(fc.constantFrom(1, 2, 2, 0), fc.constantFrom(1, 1, 2), fc.integer({ min: 1, max: 2 }), fc.constantFrom(1, 2, 2, 0));
export const kinds = fc.constantFrom<Kind>("float64", "float64", "float32", "int32");
const asTensor = (x: Value | undefined): Tensor => x as Tensor;

type Shapes = Readonly<Record<"x" | "w" | "y", Shape>>;
type Partial = (shapes: Shapes, options: Window & { groups: number }) => Pick<Sample, "call"> & { readonly of: readonly [Shape, Shape] };

/** How a window moves, as options of ops. */
export const moving = ({ strides, padding, dilation }: Window): Pick<Window, "strides" | "padding" | "dilation"> => ({ strides, padding, dilation });
const grouped = (options: Window & { groups: number }) => ({ ...moving(options), groups: options.groups });

/** One partial derivative of the trilinear form. */
const partial = (make: Partial): Case[] => [
  caseOf("", fc.tuple(placed(false), counts, kinds, kinds).map(([window, [samples, groups, outputs, inputs], kindA, kindB]) => {
    const { image, counts: windows, kernel } = window;
    const shapes: Shapes = { x: [samples, groups * inputs, ...image], w: [groups * outputs, inputs, ...kernel], y: [samples, groups * outputs, ...windows] };
    const { of: [a, b], call } = make(shapes, { ...window, groups });
    return { slots: [operand(kindA, a), operand(kindB, b)], call };
  })),
];

/** How much larger the image is than the windows need. */
const remainder = ({ x, w, y }: Shapes, { strides, dilation, padding }: Window): number[] =>
  strides.map((stride, i) => x[i + 2]! - (stride * (y[i + 2]! - 1) + dilation[i]! * (w[i + 2]! - 1) + 1 - padding[i]![0] - padding[i]![1]));

export const samplesAndChannels = fc.tuple(fc.constantFrom(1, 2, 0), fc.integer({ min: 1, max: 2 }));

/** Few values, so that some are equal. */
const coarse: Draw = (random) => Math.floor(3 * random()) - 1;

/** A selection by the largest elements of each window, at ties too where x is fixed. */
const atMax = (other: (window: Placed, lead: Shape) => Shape, f: (x: Value, v: Value, window: Window) => Value): Case[] => [
  caseOf("", fc.tuple(placed(true), samplesAndChannels, floatTensors, floatTensors).map(([window, lead, kindX, kindV]) => {
    const x: Slot = { ...operand(kindX, [...lead, ...window.image]), draw: coarse, active: false };
    return { slots: [x, operand(kindV, other(window, lead))], call: (a, v) => f(a!, v!, window) };
  })),
];

export const windowCases = {
  conv: partial((shapes, options) => ({ of: [shapes.x, shapes.w], call: (x, w) => p.conv(x!, w!, grouped(options)) })),
  convTranspose: partial((shapes, options) => ({
    of: [shapes.y, shapes.w],
    call: (y, w) => p.convTranspose(y!, w!, { ...grouped(options), outputPadding: remainder(shapes, options) }),
  })),
  convFilter: partial((shapes, options) => ({ of: [shapes.x, shapes.y], call: (x, y) => p.convFilter(x!, y!, options.kernel, grouped(options)) })),
  maxPool: [
    caseOf("", fc.tuple(placed(true), samplesAndChannels, kinds).map(([window, lead, kind]) => ({
      slots: [operand(kind, [...lead, ...window.image])],
      clearance: apart,
      call: (x) => p.maxPool(asTensor(x), window.kernel, moving(window)),
    }))),
    caseOf("with ties", fc.tuple(placed(true), samplesAndChannels).map(([window, lead]) => ({
      slots: [{ ...operand("float64", [...lead, ...window.image]), draw: coarse }],
      clearance: apart,
      call: (x) => p.maxPool(asTensor(x), window.kernel, moving(window)),
    }))),
  ],
  poolAtMax: atMax(({ image }, lead) => [...lead, ...image], (x, v, window) => p.poolAtMax(x, v, window)),
  unpoolAtMax: atMax((window, lead) => [...lead, ...window.counts], (x, y, window) => p.unpoolAtMax(x, y, window)),
} satisfies { readonly [Name in CorePrimitiveName]?: readonly Case[] };
