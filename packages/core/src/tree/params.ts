import { isFloat } from "../dtype.js";
import { AutodiffError } from "../errors.js";
import { add } from "../primitives/add.js";
import { mul } from "../primitives/mul.js";
import { sub } from "../primitives/sub.js";
import { describe, Tensor } from "../tensor.js";
import { flatten } from "./flatten.js";
import { printsAsString } from "./print.js";
import { identityOf } from "./ties.js";
import { trainableLeaves } from "./trainable.js";
import { vendorLeaf } from "./vendor.js";

/** An ordered set of tensors, told apart by identity: what the implicit form of `gradient` differentiates by. */
export class Params implements Iterable<Tensor> {
  /** By array, the tensors that are it: several only inside of a differentiated function, which has one for each place. */
  private readonly places = new Map<unknown, Set<Tensor>>();

  constructor(tensors: Iterable<Tensor> = []) {
    for (const x of tensors) this.put(x);
  }

  private put(x: Tensor): void {
    const array = identityOf(x);
    const places = this.places.get(array);
    if (places === undefined) this.places.set(array, new Set([x]));
    else places.add(x);
  }

  get size(): number {
    return this.places.size;
  }

  has(x: Tensor): boolean {
    return this.places.has(identityOf(x));
  }

  /** Each parameter, at the first of its places. */
  *[Symbol.iterator](): Iterator<Tensor> {
    for (const [first] of this.places.values()) yield first!;
  }

  /** A parameter's tensor at the first of its places. */
  first(x: Tensor): Tensor {
    const [first = x] = this.places.get(identityOf(x)) ?? [];
    return first;
  }

  /** Every tensor of each parameter. */
  everywhere(): ReadonlySet<Tensor>[] {
    return [...this.places.values()];
  }

  /** Adds the parameters of more tensors and models. */
  add(...trees: readonly unknown[]): this {
    for (const x of found(trees)) this.put(x);
    return this;
  }

  /** Takes out the parameters of tensors and models. */
  delete(...trees: readonly unknown[]): this {
    for (const x of found(trees)) this.places.delete(identityOf(x));
    return this;
  }

  /** These, then those that only the other has. */
  union(other: Params): Params {
    return new Params([...this.everywhere(), ...other.everywhere()].flatMap((xs) => [...xs]));
  }

  /** Those of these that the other has too. */
  intersect(other: Params): Params {
    return new Params(this.everywhere().flatMap((xs) => [...xs].filter((x) => other.has(x))));
  }

  static {
    printsAsString(this);
  }

  toString(): string {
    return `Params(${[...this].map(String).join(", ")})`;
  }
}

/**
 * The parameters of tensors and models: every float tensor in them, each once, in order.
 *
 * @throws AutodiffError for numbers and typed arrays, which have no identity to differentiate by.
 * @example
 * const W = tensor([[1, 2]]);
 * gradient(() => sum(mul(W, W)), params(W)).get(W).toArray() // [[2, 4]]
 */
export function params(...trees: readonly unknown[]): Params {
  return new Params(found(trees));
}

/** The gradients by a set of parameters, in its order. An absent one is zero. */
export class Grads implements Iterable<[Tensor, Tensor]> {
  static {
    printsAsString(this);
  }

  constructor(
    readonly params: Params,
    /** By parameter, at the first of its places. */
    private readonly gradients: ReadonlyMap<Tensor, Tensor>,
  ) {}

  /** The gradient by a parameter. @throws AutodiffError for what is not one. */
  get(x: Tensor): Tensor {
    const gradient = this.gradients.get(this.params.first(x));
    if (gradient !== undefined) return gradient;
    if (!(x instanceof Tensor)) {
      throw new AutodiffError(`Grads: Only tensors can be differentiated with params, got ${describe(x)}. Make it a parameter with tensor().`);
    }
    throw new AutodiffError(`Grads: ${describe(x)} is not among the parameters. They are told apart by identity: params(W) takes W itself, not a copy.`);
  }

  has(x: Tensor): boolean {
    return this.gradients.has(this.params.first(x));
  }

  get size(): number {
    return this.gradients.size;
  }

  /** Parameter and gradient, in order. */
  *entries(): IterableIterator<[Tensor, Tensor]> {
    for (const x of this.params) {
      const gradient = this.gradients.get(x);
      if (gradient !== undefined) yield [x, gradient];
    }
  }

  [Symbol.iterator](): Iterator<[Tensor, Tensor]> {
    return this.entries();
  }

  /** f of each gradient. */
  map(f: (gradient: Tensor, parameter: Tensor) => Tensor): Grads {
    return new Grads(this.params, new Map([...this].map(([x, g]) => [x, f(g, x)])));
  }

  /** Each gradient plus a number, or plus the other's for the same parameter. */
  plus(other: number | Grads): Grads {
    return this.with("plus", other, add, (g) => g);
  }

  /** Each gradient minus a number, or minus the other's for the same parameter. */
  minus(other: number | Grads): Grads {
    return this.with("minus", other, sub, (g) => mul(g, -1));
  }

  /** Each gradient times a number, or elementwise times the other's for the same parameter. */
  scale(other: number | Grads): Grads {
    return this.with("scale", other, mul, (g) => mul(g, 0));
  }

  toString(): string {
    return `Grads(${[...this].map(([, gradient]) => String(gradient)).join(", ")})`;
  }

  /** `alone` is what remains of the other's gradient where this has none. */
  private with(who: string, other: number | Grads, f: (a: Tensor, b: Tensor | number) => Tensor, alone: (g: Tensor) => Tensor): Grads {
    if (typeof other === "number") return this.map((g) => f(g, other));
    if (other.params.size !== this.params.size || ![...other.params].every((x) => this.params.has(x))) {
      throw new AutodiffError(`Grads.${who}: expected gradients by the same parameters, got ${this.params.size} and ${other.params.size} that differ.`);
    }
    const sums = new Map<Tensor, Tensor>();
    for (const x of this.params) {
      const [a, b] = [this.gradients.get(x), other.gradients.get(other.params.first(x))];
      if (a !== undefined) sums.set(x, f(a, b ?? 0));
      else if (b !== undefined) sums.set(x, alone(b));
    }
    return new Grads(this.params, sums);
  }
}

function* found(trees: readonly unknown[]): Iterable<Tensor> {
  for (const [i, tree] of trees.entries()) {
    let [tensors, numbers] = [0, 0];
    for (const { leaf, index } of trainableLeaves(tree)) {
      if (leaf instanceof Tensor && isFloat(leaf.dtype)) {
        tensors++;
        yield leaf;
      } else if (leaf instanceof Float64Array || leaf instanceof Float32Array || vendorLeaf(leaf) !== null) {
        throw refusal(i, flatten(tree).def.paths[index]!, leaf);
      } else if (typeof leaf === "number" || leaf === tree) {
        numbers++;
      }
    }
    if (tensors === 0 && numbers > 0) throw refusal(i, "", tree);
  }
}

function refusal(i: number, path: string, x: unknown): AutodiffError {
  const vendor = vendorLeaf(x);
  return new AutodiffError(
    `params: expected float tensors and models of them, got ${vendor === null ? describe(x) : `an array of ${vendor.kind}`} as argument ${i}${path === "" ? "" : `, at ${path}`}. Closures ` +
      "capture parameters by identity: make one with tensor(), or pass the value to f and use the explicit form of gradient.",
  );
}
