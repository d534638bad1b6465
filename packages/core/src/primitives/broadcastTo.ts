import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { expand } from "../host/elementwise.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { broadcastShapes, sameShape, showShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { unbroadcast } from "./conform.js";
import { reshape } from "./reshape.js";

type BroadcastToOp = (x: Operand, shape: Shape) => Tensor;

/**
 * x repeated along new leading axes and along axes of length 1.
 * @throws ShapeError if x does not broadcast to exactly `shape`.
 * @example
 * broadcastTo(tensor([1, 2]), [3, 2]).toArray() // [[1, 2], [1, 2], [1, 2]]
 */
export const broadcastTo: Primitive<BroadcastToOp> = definePrimitive<readonly [Tensor], Tensor, { shape: Shape }, BroadcastToOp>({
  name: "broadcastTo",
  parse: (x, shape) => {
    const t = asTensor("broadcastTo", x);
    if (!sameShape(broadcastShapes("broadcastTo", t.shape, shape), shape)) {
      throw new ShapeError(`broadcastTo: shape ${showShape(t.shape)} does not broadcast to ${showShape(shape)}.`);
    }
    return [[t], { shape: [...shape] }];
  },
  shape: (_inputs, { shape }) => shape,
  compute: (out, [x]) => expand(out, x),
  jvp: (_out, _inputs, { shape }) => [(dx) => broadcastTo(dx, shape)],
  vjp: (_out, [x]) => [(ct) => unbroadcast(ct, x)],
  batch: ([x], _batched, { shape }, size) => {
    const [, ...rest] = x.shape;
    return broadcastTo(reshape(x, [size, ...new Array<number>(shape.length - rest.length).fill(1), ...rest]), [size, ...shape]);
  },
});
