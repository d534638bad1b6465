import { asTensor, type Operand } from "../convert.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveReshape, type Shape } from "../shape.js";
import { HostTensor, type Tensor } from "../tensor.js";

type ReshapeOp = (x: Operand, shape: Shape) => Tensor;

/**
 * The same elements in row-major order under another shape; one length may be -1 and follows from the others.
 *
 * @example
 * reshape(arange(6), [2, -1]).shape // [2, 3]
 */
export const reshape: Primitive<ReshapeOp> = definePrimitive<readonly [Tensor], Tensor, { shape: Shape }, ReshapeOp>({
  name: "reshape",
  parse: (x, shape) => {
    const t = asTensor("reshape", x);
    return [[t], { shape: resolveReshape(t.shape, shape) }];
  },
  shape: (_inputs, { shape }) => shape,
  evaluate: ([x], { shape }) => new HostTensor(shape, x.dtype, x.elements), // immutable, so storage may be shared
  jvp: (_out, _inputs, { shape }) => [(dx) => reshape(dx, shape)],
  vjp: (_out, [x]) => [(ct) => reshape(ct, x.shape)],
  batch: ([x], _batched, { shape }, size) => reshape(x, [size, ...shape]),
});
