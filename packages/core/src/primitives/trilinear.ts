import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { kindOf, type Tensor } from "../tensor.js";
import { sameShape, showShape, type Shape } from "../shape.js";
import { cast } from "./cast.js";
import { reshape } from "./reshape.js";
import { transpose } from "./transpose.js";
import { imageSize, windowCounts, windowOf, windowOptions, type Window, type WindowOptions } from "./window.js";

// Convolution is one trilinear form of an image x [N, C, …S], a kernel w [O, C / groups, …K] and a result y [N, O, …P],
//
//   T(x, w, y) = Σ y[n, o, p] · w[o, c, k] · x[n, c, strides·p + dilation·k − padding],
//
// where o and c are of one group. Its three partial derivatives are the primitives conv (∂T/∂y), convTranspose (∂T/∂x)
// and convFilter (∂T/∂w). Each is bilinear, and its derivatives are the other two: all orders follow.

/** T without its operands: the sizes of an image and of a kernel, and how one moves over the other. */
export interface Form extends Window {
  readonly image: readonly number[];
  readonly groups: number;
}

export interface ConvOptions extends WindowOptions {
  /** Into how many groups the channels are split; an output channel sees the input channels of its own group. 1 unless said. */
  readonly groups?: number | undefined;
}

/** Which operand of T a tensor is. */
export type Role = "x" | "w" | "y";

/** The axes of an operand before its spatial ones, once those of channels are split by group. */
const axesOf = { x: ["N", "G", "C"], w: ["G", "O", "C"], y: ["N", "G", "O"] } as const;

/** T's form for an image and a kernel of these sizes. */
export function formOf(who: string, image: readonly number[], kernel: readonly number[], given: ConvOptions | undefined): Form {
  const { groups = 1, ...options } = checkOptions(who, given, [...windowOptions, "groups"]);
  const window = windowOf(who, image.length, kernel, options);
  if (!Number.isInteger(groups) || groups < 1) throw new ShapeError(`${who}: expected groups to be a whole number of at least 1, got ${groups}.`);
  return { image, ...window, groups };
}

/** An image, or the result of a convolution, and a kernel for it. */
export function imageAndKernel(who: string, x: Operand, w: Operand, axes: string): readonly [Tensor, Tensor] {
  const [image, kernel] = [asTensor(who, x), asTensor(who, w)];
  imageSize(who, "x", image.shape);
  if (kernel.ndim !== image.ndim) {
    const spatial = image.ndim === 3 ? "k" : "kH, kW";
    throw new ShapeError(`${who}: expected a kernel of shape [${axes}, ${spatial}] for x of shape ${showShape(image.shape)}, got ${showShape(kernel.shape)}.`);
  }
  return [image, kernel];
}

/** What an operand's first two axes are, and how long: channels of all groups together. */
const leadOf = {
  x: ([N, C]: Shape) => ({ N: N!, C: C! }),
  w: ([O, C]: Shape, groups: number) => ({ O: O!, C: C! * groups }),
  y: ([N, O]: Shape) => ({ N: N!, O: O! }),
} as const;

const indexNames = { N: "samples", O: "output channels", C: "input channels" } as const;
const spatialNames = { x: "an image", w: "a kernel", y: "windows" } as const;

/** Checks two operands of T against each other, and gives the shape of the third. */
export function thirdShape(who: string, roles: readonly [Role, Role], [a, b]: readonly [Tensor, Tensor], form: Form): Shape {
  const { groups } = form;
  const spatial = { x: form.image, w: form.kernel, y: windowCounts(who, form.image, form) };
  const [first, second] = [leadOf[roles[0]](a.shape, groups), leadOf[roles[1]](b.shape, groups)];
  const { N, O, C }: Partial<Record<"N" | "O" | "C", number>> = { ...second, ...first };
  for (const [index, n] of Object.entries(second) as ["N" | "O" | "C", number][]) {
    const m = { N, O, C }[index];
    if (m === n) continue;
    const each = groups === 1 ? "" : `, in ${groups} groups`;
    throw new ShapeError(`${who}: ${indexNames[index]} differ: ${m} and ${n}, of shapes ${showShape(a.shape)} and ${showShape(b.shape)}${each}.`);
  }
  for (const [index, n] of [["O", O], ["C", C]] as const) {
    if (n !== undefined && n % groups !== 0) throw new ShapeError(`${who}: ${groups} groups do not divide ${n} ${indexNames[index]}.`);
  }
  [a, b].forEach(({ shape }, i) => {
    const role = roles[i]!;
    if (sameShape(shape.slice(2), spatial[role])) return;
    throw new ShapeError(`${who}: expected ${spatialNames[role]} of size ${showShape(spatial[role])}, got ${showShape(shape.slice(2))}.`);
  });
  const lead = { x: [N!, C!], w: [O!, C! / groups], y: [N!, O!] };
  const out = (["x", "w", "y"] as const).find((role) => !roles.includes(role))!;
  return [...lead[out], ...spatial[out]];
}

/** A cotangent in its operand's precision. */
export function like(ct: Tensor, x: Tensor): Tensor {
  return kindOf(ct) === kindOf(x) ? ct : cast(ct, x.dtype);
}

/**
 * A batch of a partial derivative of T at once. The batch joins the index that those who carry it share, the result
 * among them: samples, output channels or input channels; the groups, if all three do.
 */
export function batchOf(
  roles: readonly [Role, Role], out: Role, partial: (a: Tensor, b: Tensor, form: Form) => Tensor,
): (inputs: readonly [Tensor, Tensor], batched: readonly boolean[], form: Form, size: number) => Tensor {
  return ([a, b], [aBatched, bBatched], form, size) => {
    const { groups } = form;
    const carrier = axesOf[roles[aBatched ? 0 : 1]];
    const index = aBatched && bBatched ? "G" : carrier.find((axis) => axis !== "G" && (axesOf[out] as readonly string[]).includes(axis))!;
    const y = partial(
      aBatched ? join(a, roles[0], index, groups, size) : a,
      bBatched ? join(b, roles[1], index, groups, size) : b,
      index === "G" ? { ...form, groups: groups * size } : form,
    );
    return part(y, out, index, groups, size);
  };
}

/** [size, …operand] as an operand with one index longer by the factor `size`. */
function join(x: Tensor, role: Role, index: string, groups: number, size: number): Tensor {
  const split = splitShape(x.shape.slice(1), role, groups);
  const at = axesOf[role].findIndex((axis) => axis === index);
  const order = [...split.keys()].map((i) => i + 1);
  const moved = transpose(reshape(x, [size, ...split]), [...order.slice(0, at), 0, ...order.slice(at)]);
  return reshape(moved, mergedShape(split.map((n, i) => (i === at ? n * size : n)), role));
}

/** The way back. */
function part(x: Tensor, role: Role, index: string, groups: number, size: number): Tensor {
  const at = axesOf[role].findIndex((axis) => axis === index);
  const long = splitShape(x.shape, role, index === "G" ? groups * size : groups);
  const split = long.map((n, i) => (i === at ? n / size : n));
  const order = [...split.keys()].map((i) => (i < at ? i : i + 1));
  const moved = transpose(reshape(x, [...split.slice(0, at), size, ...split.slice(at)]), [at, ...order]);
  return reshape(moved, [size, ...mergedShape(split, role)]);
}

/** The shape with the axis of groups apart, and without. */
function splitShape(shape: Shape, role: Role, groups: number): Shape {
  const g = axesOf[role].indexOf("G" as never);
  return [...shape.slice(0, g), groups, shape[g]! / groups, ...shape.slice(g + 1)];
}

function mergedShape(split: Shape, role: Role): Shape {
  const g = axesOf[role].indexOf("G" as never);
  return [...split.slice(0, g), split[g]! * split[g + 1]!, ...split.slice(g + 2)];
}
