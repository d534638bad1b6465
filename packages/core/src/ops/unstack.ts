import { cast } from "../primitives/cast.js";
import { slice } from "../primitives/slice.js";
import { kindOf, type Tensor, type Value } from "../tensor.js";

/** The entries along the leading axis, each of the kind of `like`. */
export function unstack(x: Tensor, like: Value): Value[] {
  return Array.from({ length: x.shape[0]! }, (_, i) => {
    const entry = slice(x, i);
    return kindOf(like) === "number" ? cast(entry, "number") : entry;
  });
}
