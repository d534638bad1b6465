import { describe, expectTypeOf, it } from "vitest";
import { AutoTape, type ADType } from "../../src/adtypes.js";
import { zeros } from "../../src/create.js";
import { gradient } from "../../src/operators/gradient.js";
import { add } from "../../src/primitives/add.js";
import { matmul } from "../../src/primitives/matmul.js";
import { mul } from "../../src/primitives/mul.js";
import { sin } from "../../src/primitives/sin.js";
import { sum } from "../../src/primitives/sum.js";
import type { Tensor, Value } from "../../src/tensor.js";
import { Const, Duplicated } from "../../src/tree/activity.js";
import { compose, pipe } from "../../src/tree/compose.js";
import type { functor } from "../../src/tree/functor.js";
import { callable, defineLayer } from "../../src/tree/layer.js";
import type { Args, Bare, Buffers, Gradient, GradientBuffers, Gradients, Jacobian, Layer, Run, Traced } from "../../src/types.js";

class Token {
  readonly text: string = "t";
}
declare module "../../src/index.js" {
  interface LeafTypes {
    token: [Token, Token, null];
  }
}

class Model {
  readonly W: Tensor = zeros([2]);
  readonly inner: { readonly b: Tensor } = { b: zeros([1]) };
  private readonly secret: string = "";
  forward(x: Tensor): Tensor {
    return mul(this.W, this.secret === "" ? x : 0);
  }
}

class Line {
  slope = 1;
  readonly data: Float32Array = new Float32Array(1);
  next: Line | null = null;
  show(): string {
    return "";
  }
}

interface Scaled {
  readonly unit: string;
  [functor](): { children: { x: number }; rebuild(children: { x: number }): object };
}

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number) => ({ W: zeros([nOut, nIn]), b: zeros([nOut]), act: sin }),
  (self, x: Tensor) => self.act(add(matmul(self.W, x), self.b)),
);
const Poly = defineLayer("Poly", (theta: number[]) => ({ theta }), (self, x: Value) => add(self.theta[0]!, mul(self.theta[1]!, x)));
type Affine = ReturnType<typeof Affine>;
type Poly = ReturnType<typeof Poly>;

/** Type-checked, never run: no engine is loaded here. */
const types = (_f: () => void): void => {};

describe("Traced", () => {
  it("is what f sees", () => {
    expectTypeOf<Traced<number>>().toEqualTypeOf<Value>();
    expectTypeOf<Traced<2>>().toEqualTypeOf<Value>();
    expectTypeOf<Traced<Value>>().toEqualTypeOf<Value>();
    expectTypeOf<Traced<Tensor>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Traced<Float64Array>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Traced<Int32Array | Uint8Array>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Traced<Const<number>>>().toEqualTypeOf<number>();
    expectTypeOf<Traced<Duplicated<number[]>>>().toEqualTypeOf<Value[]>();
    expectTypeOf<Traced<readonly [number, Tensor, string]>>().toEqualTypeOf<[Value, Tensor, string]>();
    expectTypeOf<Traced<Map<string, number>>>().toEqualTypeOf<Map<string, Value>>();
    expectTypeOf<Traced<ReadonlyMap<string, Float32Array>>>().toEqualTypeOf<ReadonlyMap<string, Tensor>>();
    expectTypeOf<Traced<{ a: number; s?: string; c: Const<Tensor> }>>().toEqualTypeOf<{ a: Value; s?: string; c: Tensor }>();
    expectTypeOf<Traced<Date | boolean | null>>().toEqualTypeOf<Date | boolean | null>();
    expectTypeOf<Traced<typeof sin>>().toEqualTypeOf<typeof sin>();
    expectTypeOf<Traced<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<Traced<Token>>().toEqualTypeOf<Token>();
  });

  it("is the type itself where nothing changes: annotated models fit", () => {
    expectTypeOf<Traced<Model>>().toEqualTypeOf<Model>();
    expectTypeOf<Traced<Affine>>().toEqualTypeOf<Affine>();
    expectTypeOf<Traced<Poly>>().toEqualTypeOf<Poly>();
    expectTypeOf<Traced<{ m: Model; f: Poly }>>().toEqualTypeOf<{ m: Model; f: Poly }>();
    expectTypeOf<Traced<Scaled>>().toEqualTypeOf<Scaled>();
    expectTypeOf<Traced<Line>["slope"]>().toEqualTypeOf<Value>();
    expectTypeOf<Traced<Line>["data"]>().toEqualTypeOf<Tensor>();
  });
});

describe("Gradient", () => {
  it("is shaped like the argument", () => {
    expectTypeOf<Gradient<number>>().toEqualTypeOf<number>();
    expectTypeOf<Gradient<Value>>().toEqualTypeOf<Value>();
    expectTypeOf<Gradient<Tensor>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Gradient<Float64Array>>().toEqualTypeOf<Float64Array<ArrayBuffer>>();
    expectTypeOf<Gradient<Float32Array<ArrayBuffer>>>().toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf<Gradient<readonly [number, readonly string[]]>>().toEqualTypeOf<[number, null[]]>();
    expectTypeOf<Gradient<readonly Tensor[]>>().toEqualTypeOf<Tensor[]>();
    expectTypeOf<Gradient<ReadonlyMap<string, number>>>().toEqualTypeOf<Map<string, number>>();
    expectTypeOf<Gradient<{ readonly a: number; b?: Tensor }>>().toEqualTypeOf<{ a: number; b?: Tensor | null }>();
    expectTypeOf<Gradient<Line>["show"]>().toEqualTypeOf<null>();
    expectTypeOf<Gradient<Line>["slope"]>().toEqualTypeOf<number>();
    expectTypeOf<NonNullable<Gradient<Line>["next"]>["data"]>().toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf<Gradient<Scaled>>().toEqualTypeOf<{ x: number }>();
    expectTypeOf<Gradient<Affine>>().toEqualTypeOf<{ W: Tensor; b: Tensor; act: null }>();
    expectTypeOf<Gradient<Duplicated<Poly>>>().toEqualTypeOf<{ theta: number[] }>();
    expectTypeOf<Gradient<unknown>>().toEqualTypeOf<unknown>();
  });

  it("is null for what carries no derivative", () => {
    expectTypeOf<Gradient<Const<Tensor> | string | boolean | bigint | null | undefined>>().toEqualTypeOf<null>();
    expectTypeOf<Gradient<Int32Array | Uint8Array>>().toEqualTypeOf<null>();
    expectTypeOf<Gradient<Date | RegExp | Set<number> | Promise<number> | ADType | typeof sin | Token>>().toEqualTypeOf<null>();
  });
});

describe("operators' types", () => {
  it("maps argument lists", () => {
    expectTypeOf<Args<readonly [5, Const<string>]>>().toEqualTypeOf<[Value, string]>();
    expectTypeOf<Gradients<readonly [5, Const<string>]>>().toEqualTypeOf<[number, null]>();
    expectTypeOf<Bare<readonly [Const<Tensor>, Duplicated<Poly>, 3]>>().toEqualTypeOf<readonly [Tensor, Poly, number]>();
  });

  it("runs sync, async, or unknown engines", () => {
    expectTypeOf<Run<AutoTape, number>>().toEqualTypeOf<number>();
    expectTypeOf<Run<{ adtype: "x"; execution: "async" }, number>>().toEqualTypeOf<Promise<number>>();
    expectTypeOf<Run<ADType, number>>().toEqualTypeOf<number | Promise<number>>();
  });

  it("lays out Jacobians by blocks", () => {
    expectTypeOf<Jacobian<number, number>>().toEqualTypeOf<number>();
    expectTypeOf<Jacobian<Tensor, number>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Jacobian<Value, Float64Array>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Jacobian<Value[], number[]>>().toEqualTypeOf<Tensor>();
    expectTypeOf<Jacobian<Tensor, { a: Tensor; s: string }>>().toEqualTypeOf<{ a: Tensor; s: null }>();
    expectTypeOf<Jacobian<{ y: Tensor; z: number }, [number, { x: Float64Array }]>>().toEqualTypeOf<{
      y: [Tensor, { x: Tensor }];
      z: [number, { x: Tensor }];
    }>();
    expectTypeOf<Jacobian<Poly, Poly>>().toEqualTypeOf<{ theta: { theta: Tensor } }>();
  });

  it("makes buffers", () => {
    expectTypeOf<Buffers<[number, { a: Float64Array; n: null }]>>().toEqualTypeOf<[Float64Array<ArrayBuffer>, { a: Float64Array; n: null }]>();
    expectTypeOf<GradientBuffers<Affine>>().toEqualTypeOf<{ W: Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>; b: Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>; act: null }>();
    expectTypeOf<GradientBuffers<Poly>>().toEqualTypeOf<{ theta: number[] }>();
  });
});

describe("layers' types", () => {
  it("are functions with fields", () => {
    expectTypeOf<Affine>().toEqualTypeOf<Layer<{ W: Tensor; b: Tensor; act: typeof sin }, [x: Tensor], Tensor>>();
    expectTypeOf<Affine["W"]>().toEqualTypeOf<Tensor>();
    expectTypeOf<ReturnType<Affine>>().toEqualTypeOf<Tensor>();
    types(() => {
      // @ts-expect-error fields are read only
      Affine(1, 2).W = zeros([1]);
      // @ts-expect-error a Tensor is expected
      Affine(1, 2)("text");
      callable({ n: 1, data: new Float64Array(1) }, (self) => {
        expectTypeOf(self.n).toEqualTypeOf<Value>();
        expectTypeOf(self.data).toEqualTypeOf<Tensor>();
      });
    });
  });

  it("compose", () => {
    types(() => {
      const f = compose(Poly([1]), Affine(2, 2));
      expectTypeOf(f.inner.W).toEqualTypeOf<Tensor>();
      expectTypeOf<Parameters<typeof f>>().toEqualTypeOf<[x: Tensor]>();
      expectTypeOf<Gradient<typeof f>>().toEqualTypeOf<{ outer: { theta: number[] }; inner: { W: Tensor; b: Tensor; act: null } }>();
      const g = compose(sin, Poly([1]), sin);
      expectTypeOf(g.outer.inner.theta).toEqualTypeOf<number[]>();
      const h = compose(sin, Poly([1]), sin, Affine(1, 2));
      expectTypeOf(h.inner).toEqualTypeOf<Affine>();
      expectTypeOf<Parameters<typeof h>>().toEqualTypeOf<[x: Tensor]>();
      // @ts-expect-error Affine takes a Tensor, Poly may give a number
      compose(Affine(2, 2), Poly([1]));
    });
  });
});

describe("gradient's types", () => {
  it("follow from the arguments", () => {
    types(() => {
      const [dx, dm] = gradient((x, m) => m(x), AutoTape(), 5, Poly([1, 2]));
      expectTypeOf(dx).toEqualTypeOf<number>();
      expectTypeOf(dm).toEqualTypeOf<{ theta: number[] }>();
      expectTypeOf(gradient((x, y) => add(mul(x, y), 1), 2, 3)).toEqualTypeOf<[number, number]>();
      const [da, , dc] = gradient((m, x, c) => sum(mul(m(x), c)), Affine(10, 5), zeros([10]), Const(zeros([5])));
      expectTypeOf(da).toEqualTypeOf<{ W: Tensor; b: Tensor; act: null }>();
      expectTypeOf(dc).toEqualTypeOf<null>();
      expectTypeOf(gradient((v) => sum(v), AutoTape(), new Float64Array(3))).toEqualTypeOf<[Float64Array<ArrayBuffer>]>();
      expectTypeOf(gradient(([a, b]) => add(mul(a, a), b), AutoTape(), [1, 2])).toEqualTypeOf<[[number, number]]>();
      expectTypeOf(gradient((m: Model, x: Tensor) => sum(m.forward(x)), AutoTape(), new Model(), zeros([2]))[0].inner).toEqualTypeOf<{ b: Tensor }>();
      expectTypeOf(gradient(pipe, AutoTape(), 5, Poly([1]))[1]).toEqualTypeOf<{ theta: number[] }>();
      const nested = gradient((x) => gradient((y) => mul(y, y), AutoTape(), x)[0], AutoTape(), 2);
      expectTypeOf(nested).toEqualTypeOf<[number]>();
      // @ts-expect-error arithmetic on a traced value does not compile
      gradient((x) => x * 2, AutoTape(), 5);
    });
  });
});
