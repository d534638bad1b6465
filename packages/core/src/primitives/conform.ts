import { sameShape } from "../shape.js";
import { kindOf, shapeOf, type Value } from "../tensor.js";
import { broadcastTo } from "./broadcastTo.js";
import { cast } from "./cast.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** v with the shape, dtype and weakness of `like`, by repetition: what a tangent of a broadcast operand becomes. */
export function broadcastLike(v: Value, like: Value): Value {
  const kind = kindOf(like);
  const same = kindOf(v) === kind ? v : cast(v, kind);
  return sameShape(shapeOf(same), shapeOf(like)) ? same : broadcastTo(same, shapeOf(like));
}

/** The transpose of `broadcastLike`: ct summed over the axes along which `like` was repeated. */
export function unbroadcast<T extends Value>(ct: Value, like: T): T {
  const to = shapeOf(like);
  const from = shapeOf(ct);
  let v = ct;
  if (!sameShape(from, to)) {
    const lead = from.length - to.length;
    const axis = from.map((_, i) => i).filter((i) => i < lead || (to[i - lead] === 1 && from[i] !== 1));
    v = sum(v, { axis });
    if (!sameShape(shapeOf(v), to)) v = reshape(v, to);
  }
  const kind = kindOf(like);
  return (kindOf(v) === kind ? v : cast(v, kind)) as T;
}
