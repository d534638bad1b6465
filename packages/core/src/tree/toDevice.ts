import type { Device } from "../device.js";
import { AutodiffError, UnsupportedError } from "../errors.js";
import { isBeingDifferentiated } from "../recorded.js";
import { hostDevice, HostTensor, Tensor } from "../tensor.js";
import { fmap } from "./fmap.js";
import { flatten } from "./flatten.js";
import { scope } from "./scope.js";
import { vendorLeaf } from "./vendor.js";

/**
 * The tree with its tensors on a device; what is there already stays, and a tensor that occurs twice is moved once.
 * Numbers and typed arrays are the host's own and stay; so do other libraries' arrays on the way to the host.
 *
 * @throws UnsupportedError for a traced tensor, another library's array that lives elsewhere, or one on a device that only reads asynchronously: see `toHost`.
 * @example
 * toDevice({ w: tensor([1, 2]) }, "host").w.device.name // "host"
 */
export function toDevice<T>(tree: T, device: Device | "host"): T {
  const to = device === "host" ? hostDevice : device;
  if (typeof to !== "object") throw new AutodiffError(`toDevice: expected a Device or "host", got ${String(device)}.`);
  return fmap((leaf) => (leaf instanceof Tensor ? (leaf.device === to ? leaf : move(leaf, to)) : there(leaf, to)), tree);
}

/** What is no tensor of Polyad's. @throws UnsupportedError for another library's array that lives elsewhere. */
function there<T>(leaf: T, to: Device): T {
  const vendor = to === hostDevice ? null : vendorLeaf(leaf);
  if (vendor === null) return leaf;
  let from = to;
  scope(() => {
    from = vendor.toTensor().device;
  });
  if (from === to) return leaf;
  throw new UnsupportedError(`toDevice: an array of ${vendor.kind} lives on ${from.name}, and its library moves it. A tensor made of it can be moved here (for a tf.Tensor, toDevice(fromTf(t), device)).`);
}

/**
 * The tree with its tensors in host memory, wherever they are now.
 *
 * @throws UnsupportedError, as a rejection, for a traced tensor.
 * @example
 * (await toHost({ w: tensor([1, 2]) })).w.toArray() // [1, 2]
 */
export async function toHost<T>(tree: T): Promise<T> {
  const moved = new Map<unknown, Tensor>();
  for (const x of flatten(tree).leaves) {
    if (!(x instanceof Tensor) || x.device === hostDevice || moved.has(x)) continue;
    moved.set(x, new HostTensor(x.shape, x.dtype, await concrete("toHost", x).data()));
  }
  return fmap((leaf) => moved.get(leaf) ?? leaf, tree);
}

function move(x: Tensor, to: Device): Tensor {
  const { device } = concrete("toDevice", x);
  if (device.reads === "async") {
    throw new UnsupportedError(`toDevice: ${device.name} reads asynchronously. Use toDevice(await toHost(tree), device).`);
  }
  const host = device === hostDevice ? (x as HostTensor) : new HostTensor(x.shape, x.dtype, x.dataSync());
  return to === hostDevice ? host : to.put(host);
}

function concrete(who: string, x: Tensor): Tensor {
  if (!isBeingDifferentiated(x)) return x;
  throw new UnsupportedError(`${who}: this tensor is traced by ${x.trace?.kind ?? x.device.name}, and moving it would lose its derivative. Move it before.`);
}
