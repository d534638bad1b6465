/**
 * What remains of a container when its children are taken out: how to put others in their place. A form holds no
 * child, so that keeping a structure does not keep a model's arrays.
 */
export interface Form {
  /** Names the type in messages: "array", "object", "Map", or the class or layer. */
  readonly kind: string;
  /** Number of children. */
  readonly size: number;
  /** The i-th child's key. */
  key(i: number): unknown;
  /** The i-th child's key as a path shows it: `[0]`, `.weight`. */
  step(i: number): string;
  /** A container of the same type. The array is the form's to keep. */
  rebuild(children: unknown[]): object;
  /** The plain container that a gradient is: an array, a plain object or a Map. The array is the form's to keep. */
  mirror(children: unknown[]): object;
}

export class ArrayForm implements Form {
  readonly kind = "array";

  constructor(
    readonly size: number,
    /** The prototype of a subclass of Array, else null. */
    private readonly prototype: object | null,
  ) {}

  key(i: number): number {
    return i;
  }

  step(i: number): string {
    return `[${i}]`;
  }

  rebuild(children: unknown[]): object {
    return this.prototype === null ? children : Object.setPrototypeOf(children, this.prototype);
  }

  mirror(children: unknown[]): object {
    return children;
  }
}

/** A plain object, or a class instance by its own enumerable properties. */
export class ObjectForm implements Form {
  constructor(
    private readonly keys: readonly string[],
    private readonly prototype: object | null,
    /** Own properties that are not children, copied as they are. */
    private readonly hidden: PropertyDescriptorMap | null,
  ) {}

  get kind(): string {
    return typeName(this.prototype);
  }

  get size(): number {
    return this.keys.length;
  }

  key(i: number): string {
    return this.keys[i]!;
  }

  step(i: number): string {
    const key = this.keys[i]!;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }

  rebuild(children: unknown[]): object {
    const object = fill(this.prototype === Object.prototype ? {} : Object.create(this.prototype), this.keys, children);
    return this.hidden === null ? object : Object.defineProperties(object, this.hidden);
  }

  mirror(children: unknown[]): object {
    return fill({}, this.keys, children);
  }
}

export class MapForm implements Form {
  readonly kind = "Map";

  constructor(
    private readonly keys: readonly unknown[],
    private readonly prototype: object,
  ) {}

  get size(): number {
    return this.keys.length;
  }

  key(i: number): unknown {
    return this.keys[i];
  }

  step(i: number): string {
    const key = this.keys[i];
    return `.get(${typeof key === "string" ? JSON.stringify(key) : String(key)})`;
  }

  rebuild(children: unknown[]): object {
    const map = this.mirror(children);
    return this.prototype === Map.prototype ? map : Object.setPrototypeOf(map, this.prototype);
  }

  mirror(children: unknown[]): object {
    const map = new Map<unknown, unknown>();
    this.keys.forEach((key, i) => map.set(key, children[i]));
    return map;
  }
}

/** A type that says its own children, which lie in a container of their own. */
export class FunctorForm implements Form {
  constructor(
    readonly kind: string,
    private readonly inner: Form,
    private readonly make: (children: object) => object,
  ) {}

  get size(): number {
    return this.inner.size;
  }

  key(i: number): unknown {
    return this.inner.key(i);
  }

  step(i: number): string {
    return this.inner.step(i);
  }

  rebuild(children: unknown[]): object {
    return this.make(this.inner.rebuild(children));
  }

  mirror(children: unknown[]): object {
    return this.inner.mirror(children);
  }
}

/** A class's name, from its prototype. */
export function typeName(prototype: object | null): string {
  const type: unknown = prototype?.constructor;
  return typeof type === "function" && type !== Object ? type.name : "object";
}

/** Own data properties, never setters that a prototype has under the same key. */
function fill(object: Record<string, unknown>, keys: readonly string[], values: readonly unknown[]): object {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key in object) Object.defineProperty(object, key, { value: values[i], writable: true, enumerable: true, configurable: true });
    else object[key] = values[i];
  }
  return object;
}
