import { asTensor, type Operand } from "../convert.js";
import { meanAtMax } from "../host/pool.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { checkLike, inPlanes, poolShape, poolSpans, spreadOver } from "./pooling.js";
import { unpoolAtMax } from "./unpoolAtMax.js";
import type { Window } from "./window.js";

type PoolAtMaxOp = (x: Operand, v: Operand, window: Window) => Tensor;

/** The mean of v, for each window, over the elements at which x is largest: the derivative of `maxPool` at x along v. */
export const poolAtMax: Primitive<PoolAtMaxOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Window, PoolAtMaxOp>({
  name: "poolAtMax",
  decides: 0,
  parse: (x, v, window) => [[asTensor("poolAtMax", x), asTensor("poolAtMax", v)], window],
  dtype: "float",
  shape: ([x, v], window) => {
    checkLike("poolAtMax", v, x.shape);
    return poolShape("poolAtMax", x, window);
  },
  compute: (out, [x, v], window) => meanAtMax(x.elements, v.elements, out.elements, ...poolSpans(x, out, window)),
  jvp: (_out, [x], window) => [null, (dv) => poolAtMax(x, dv, window)],
  vjp: (_out, [x], window) => [null, (ct) => unpoolAtMax(x, ct, window)],
  batch: ([x, v], batched, window, size) => inPlanes(spreadOver([x, v], batched, size), size, (a, b) => poolAtMax(a, b!, window)),
});
