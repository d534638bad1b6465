import { isTypedArray } from "../dtype.js";
import { Tensor, tensor } from "../tensor.js";
import { isConst } from "./activity.js";
import { flatten } from "./flatten.js";
import { vendorLeaf } from "./vendor.js";

/** A leaf as a differentiated function sees it: stored arrays as tensors, `Const(x)` as x, everything else as it is. */
export function seenLeaf(leaf: unknown): unknown {
  if (typeof leaf !== "object" || leaf === null || leaf instanceof Tensor) return leaf;
  if (isTypedArray(leaf)) return tensor(leaf);
  return isConst(leaf) ? leaf.value : (vendorLeaf(leaf)?.toTensor() ?? leaf);
}

/** A layer's fields as its function sees them. Layers inside see to their own. The same object if there is nothing to do. */
export function seenFields(fields: object): object {
  if (Object.values(fields).every(seenAsItIs)) return fields;
  const { leaves, def } = flatten(fields, isFunction);
  const seen = leaves.map(seenLeaf);
  return seen.some((leaf, i) => leaf !== leaves[i]) ? (def.rebuild(seen) as object) : fields;
}

/** Whether there is plainly nothing to do, as for the fields of most layers. */
function seenAsItIs(x: unknown): boolean {
  return typeof x !== "object" || x === null || x instanceof Tensor || (Array.isArray(x) && x.every(seenAsItIs));
}

function isFunction(x: unknown): boolean {
  return typeof x === "function";
}
