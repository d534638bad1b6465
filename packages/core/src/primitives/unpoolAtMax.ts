import { asTensor, type Operand } from "../convert.js";
import { shareAtMax } from "../host/pool.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { poolAtMax } from "./poolAtMax.js";
import { checkLike, inPlanes, poolShape, poolSpans, spreadOver } from "./pooling.js";
import type { Window } from "./window.js";

type UnpoolAtMaxOp = (x: Operand, y: Operand, window: Window) => Tensor;

/** Each element of y shared equally by the elements at which x is largest in its window: the transpose of `poolAtMax`. */
export const unpoolAtMax: Primitive<UnpoolAtMaxOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Window, UnpoolAtMaxOp>({
  name: "unpoolAtMax",
  decides: 0,
  parse: (x, y, window) => [[asTensor("unpoolAtMax", x), asTensor("unpoolAtMax", y)], window],
  dtype: "float",
  shape: ([x, y], window) => {
    checkLike("unpoolAtMax", y, poolShape("unpoolAtMax", x, window));
    return x.shape;
  },
  compute: (out, [x, y], window) => shareAtMax(x.elements, y.elements, out.elements, ...poolSpans(x, y, window)),
  jvp: (_out, [x], window) => [null, (dy) => unpoolAtMax(x, dy, window)],
  vjp: (_out, [x], window) => [null, (ct) => poolAtMax(x, ct, window)],
  batch: ([x, y], batched, window, size) => inPlanes(spreadOver([x, y], batched, size), size, (a, b) => unpoolAtMax(a, b!, window)),
});
