/**
 * While f runs, an operator passes it other values in place of an argument's leaves. Where one array lies at several
 * places, each place gets a value of its own, since gradients are per place; what they stand for tells that they are one.
 */
const origins = new WeakMap<object, object>();

/** Notes that a value stands for a leaf of an argument. */
export function standFor(value: unknown, leaf: unknown): void {
  if (typeof value === "object" && value !== null && typeof leaf === "object" && leaf !== null && value !== leaf) origins.set(value, leaf);
}

/**
 * The array that a leaf is, or stands for while f runs: the same for all places at which it lies. For what is done once to
 * each array, as by optimisers.
 *
 * @example
 * const w = tensor([1, 2]);
 * const f = (m) => sum(identityOf(m.a) === identityOf(m.b) ? m.a : m.b);
 * gradient(f, AutoTape(), { a: w, b: w })[0].a.toArray() // [1, 1]
 */
export function identityOf(leaf: unknown): unknown {
  let now = leaf;
  for (;;) {
    const origin = typeof now === "object" && now !== null ? origins.get(now) : undefined;
    if (origin === undefined) return now;
    now = origin;
  }
}
