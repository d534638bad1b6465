import { add, argmax, AutodiffError, backendOf, cast, currentTrace, customRule, definePrimitive, gradient, jacobian, kindOf, mul, pullback, pushforward, scope, SecondOrder, shapeOf, ShapeError, sin, square, sum, Tensor, tensor, trace, TreeError, UnsupportedError, withgradient, type ADType, type FlatFunction, type Tangents, type Value } from "@polyad/core/extend";
import type { Check, Needs } from "./check.js";
import { ensure, expectNumbers, read } from "./compare.js";
import type { Engine } from "./engine.js";
import { outerDerivative } from "./outer.js";
import { expectThrows } from "./scenario.js";
import { tensorOf } from "./tree.js";

function error(name: string, run: (engine: Engine) => Promise<void>, needs: Partial<Needs> = {}): Check {
  return { group: "errors", subject: name, name, ops: [], needs: { order: 1, single: true, dtypes: ["float64"], ...needs }, run };
}

/** Calls an operator with what its types refuse. */
function untyped(operator: Function, ...args: readonly unknown[]): unknown {
  return Reflect.apply(operator, undefined, args);
}

const x2 = tensor([1, 2]);

/** What the contract says of dtypes, of the engine itself: core's operators would cast what is wrong, and round twice. */
async function sameKinds(ad: ADType): Promise<void> {
  const backend = backendOf(ad);
  const xs = [tensor(new Float32Array([1, 2])), x2, 3];
  const f: FlatFunction = ([a, b, c]) => [mul(square(a!), c!), mul(b!, sum(a!)), mul(c!, c!)];
  const ys = f(xs);
  const same = (what: string, got: Tangents, like: readonly Value[]): void =>
    got.forEach((v, i) => ensure(v === undefined || kindOf(v) === kindOf(like[i]!), () => `${what} ${i}: expected ${kindOf(like[i]!)}, got ${kindOf(v!)}`));
  if (backend.pullback) {
    const { pull, dispose } = backend.pullback(f, xs, ad);
    same("cotangent", pull(ys), xs);
    dispose();
  }
  if (backend.pushforward) for (const t of backend.pushforward(f, xs, [xs], ad).tangents) same("tangent", t, ys);
}

/** What must be refused, with an error that says what to do; and what may not be left behind. */
export const errors: readonly Check[] = [
  error("a vector is no loss", ({ ad }) => expectThrows(() => gradient((x) => mul(x, 2), ad, x2), ShapeError, "gradient", "f must return a scalar", "jacobian()")),
  error("an integer is no loss", ({ ad }) => expectThrows(() => gradient((x) => argmax(x), ad, x2), AutodiffError, "gradient", "int32", "no derivative")),
  error("undefined is no loss", ({ ad }) => expectThrows(() => untyped(gradient, () => undefined, ad, 1), AutodiffError, "gradient", "f must return a scalar")),
  error("a promise is no result", ({ ad }) => expectThrows(() => untyped(gradient, async (x: Value) => x, ad, 1), AutodiffError, "gradient", "must be synchronous")),
  error("int arguments have no gradient", ({ ad }) => expectThrows(() => untyped(gradient, (x: Value) => sum(x), ad, new Int32Array(2)), AutodiffError, "gradient", "int32", "Const(x)")),
  error("seeds have the shape of what they belong to", async ({ ad }) => {
    await expectThrows(() => pushforward((x) => square(x), ad, x2, tensor([1, 2, 3])), ShapeError, "pushforward", "[2]", "[3]");
    await expectThrows(() => pullback((x) => sum(x), ad, x2, x2), ShapeError, "pullback", "[]", "[2]");
    await expectThrows(() => untyped(pushforward, ({ a }: { a: Value }) => a, ad, { a: 1, b: 2 }, { a: 1 }), TreeError, "pushforward of a tree", "pushforward", ".b");
  }),
  error("a pair of engines is for second order", ({ ad }) => expectThrows(() => gradient((x) => x, SecondOrder(ad, ad), 1), AutodiffError, "gradient", "SecondOrder(outer, inner)")),
  error("derivatives have the dtype of their values", ({ ad }) => scope(() => sameKinds(ad)), { dtypes: ["float64", "float32"] }),
  error("a traced number beside integers is refused", ({ ad }) => {
    const whole = tensor(new Int32Array([1, 2, 3]));
    return expectThrows(() => gradient((x) => sum(cast(mul(whole, x), "float64")), ad, 3), AutodiffError, "gradient", "int32 tensor with a traced number");
  }, { rules: true }),
  error("a rule with too few maps is refused, and a map that gives nothing", async ({ ad }) => {
    const few = customRule((a: Value, b: Value) => mul(a, b), { jvp: (() => [(dx: Value) => dx]) as never, vjp: (() => [(ct: Value) => ct]) as never });
    const empty = customRule((x: Value) => mul(x, 2), { jvp: (() => [() => undefined]) as never, vjp: (() => [() => undefined]) as never });
    for (const operator of [gradient, pushforward]) {
      const rest = operator === gradient ? [] : [1];
      await expectThrows(() => untyped(operator, (x: Value) => few(x, x), ad, 3, ...rest), AutodiffError, `${operator.name}, by applyMap`, "customRule", "1 maps for 2 operands");
      await expectThrows(() => untyped(operator, (x: Value) => empty(x), ad, 3, ...rest), AutodiffError, `${operator.name}, by applyMap`, "customRule", "returned nothing");
    }
  }, { rules: true }),
  error("a primitive without rules is refused by its name", async ({ ad }) => {
    const ruleless = definePrimitive<readonly [Value], Value, null, (x: Value) => Value>({ name: "ruleless", shape: ([x]) => shapeOf(x), evaluate: ([x]) => x });
    await expectThrows(() => gradient((x) => ruleless(x), ad, 3), UnsupportedError, "gradient", "ruleless");
  }, { rules: true }),
  error("dtypes that the engine does not declare are refused", async ({ ad, dtypes }) => {
    const other = (["float64", "float32"] as const).find((dtype) => !dtypes.includes(dtype));
    if (other !== undefined) await expectThrows(() => gradient((x) => sum(x), ad, tensorOf([1, 2], [2], other)), UnsupportedError, "gradient", other, "cast()");
  }, { dtypes: [] }),
  error("what f throws passes through, and leaves nothing behind", async ({ ad, tolerance }) => {
    const own = new RangeError("mine");
    const bad = (x: Value): Value => {
      if (sum(x) !== undefined) throw own;
      return x;
    };
    for (const operator of [gradient, withgradient, jacobian]) {
      let caught: unknown;
      try {
        await untyped(operator, bad, ad, x2);
      } catch (thrown) {
        caught = thrown;
      }
      ensure(caught === own, () => `${operator.name}: expected the error that f threw, got ${String(caught)}`);
      ensure(currentTrace() === null, () => `${operator.name}: a trace is still running after f threw`);
    }
    expectNumbers(await read((await gradient((x) => sum(square(x)), ad, x2))[0]), [2, 4], tolerance("float64", 1), "gradient after an exception");
  }),
  error("what a rule throws passes through, and leaves nothing behind", async ({ ad, tolerance }) => {
    const own = new RangeError("mine");
    const refuse = (): never => {
      throw own;
    };
    const rules: Readonly<Record<string, () => [map: () => never]>> = { "by a rule": refuse, "by its map": () => [refuse] };
    for (const [when, rule] of Object.entries(rules)) {
      const bad = customRule((x: Value) => square(x), { jvp: rule, vjp: rule });
      const f = (x: Value): Value => sum(sin(bad(sin(x))));
      for (const call of [() => gradient(f, ad, x2), () => pushforward(f, ad, x2, x2), () => pullback(f, ad, x2, tensor(1)), () => jacobian(f, ad, x2)]) {
        let caught: unknown;
        try {
          await call();
        } catch (thrown) {
          caught = thrown;
        }
        ensure(caught === own, () => `${when}: expected the error that the rule threw, got ${String(caught)}`);
        ensure(currentTrace() === null, () => `${when}: a trace is still running`);
        expectNumbers(await read((await gradient((x) => sum(square(x)), ad, x2))[0]), [2, 4], tolerance("float64", 1), `gradient after an exception ${when}`);
      }
    }
  }, { rules: true }),
  error("an exception inside a nested operator leaves the outer one whole", async ({ ad, tolerance }) => {
    const f = (x: Value): Value => {
      try {
        void gradient(() => {
          throw new RangeError("inner");
        }, ad, x);
      } catch (thrown) {
        ensure(thrown instanceof RangeError, () => `expected the inner error, got ${String(thrown)}`);
      }
      return mul(x, x);
    };
    const [g] = await read((await gradient(f, ad, 3))[0]);
    expectNumbers([g!], [6], tolerance("float64", 1), "d/dx x² at 3");
  }, { order: 2, nests: true }),
  error("a traced value used after its trace is an error", async ({ ad }) => {
    const kept: Value[] = [];
    await gradient((x) => (kept.push(mul(x, 2)), x), ad, 3);
    const [late] = kept;
    if (!(late instanceof Tensor) || late.trace === null) return; // the engine runs f on concrete values
    await expectThrows(() => sin(late), AutodiffError, "sin of a kept value", "sin", "after that had finished");
  }),
  error("a traced value refuses to become a plain number", async ({ ad, traceable }) => {
    const coerce = (x: Value): Value => {
      if (typeof x !== "number") void Number(x as unknown);
      return x;
    };
    if (traceable) await expectThrows(() => gradient(coerce, ad, 3), AutodiffError, "Number(x)", "Use ops such as mul(x, 2)");
  }, { rules: true }),
  error("f is called once", async ({ ad }) => {
    for (const [operator, rest] of [[gradient, []], [withgradient, []], [pushforward, [x2]], [pullback, [2]]] as const) {
      let calls = 0;
      const f = (x: Value): Value => {
        calls++;
        return cast(sum(square(x)), "number");
      };
      await untyped(operator, f, ad, x2, ...rest);
      ensure(calls === 1, () => `contract: f runs once, and ${operator.name} ran it ${calls} times. Carry several tangents through one run, as a list beside each value or as one stack (batched); pull as often as asked from what one run recorded. An engine that can only sample f declares \`samples\`.`);
    }
  }, { rules: true }),
  error("perturbations are not confused", async ({ ad, tolerance }) => {
    const inner = (x: Value): Value => gradient((y) => add(x, y) as Value, ad, 1)[0 as never] as Value;
    const [g] = await read((await gradient((x) => mul(x, inner(x)), ad, 3))[0]);
    expectNumbers([g!], [1], tolerance("float64", 2), "d/dx x (d/dy (x + y))");
  }, { order: 2, nests: true }),
  error("perturbations of three levels are not confused", async ({ ad, tolerance }) => {
    const d = (f: (x: Value) => Value, x: Value): Value => gradient(f, ad, x)[0 as never] as Value;
    const f = (x: Value): Value => d((y) => d((z) => mul(mul(x, z), mul(x, y)), 1), 1); // x² by way of x y z x
    const [g] = await read((await gradient(f, ad, 3))[0]);
    expectNumbers([g!], [6], tolerance("float64", 3), "d/dx (d²/dydz x² y z)");
  }, { order: 3, nests: true }),
  error("one traced value as two arguments is two variables", async ({ ad, tolerance }) => {
    const first = (x: Value): Value => gradient((a, b) => mul(a, square(b)), ad, x, x)[0 as never] as Value; // b² at b = x
    const [g] = await read((await gradient(first, ad, 3))[0]);
    expectNumbers([g!], [6], tolerance("float64", 2), "d/dx x² at 3");
  }, { order: 2, nests: true }),
  error("a derivative that was captured as a graph is differentiated", async ({ ad, traceable, tolerance }) => {
    const capture = () => trace((x: Tensor) => gradient((y) => sum(mul(y, square(y))), ad, x)[0 as never] as Value, x2); // 3 x²
    if (!traceable) return expectThrows(capture, UnsupportedError, "trace() of gradient", ad.adtype);
    const graph = capture();
    for (const evaluated of [graph, graph.optimize()]) {
      expectNumbers(await read(await pushforward((x: Tensor) => evaluated.evaluate(x), ad, x2, x2)), [6, 24], tolerance("float64", 2), "6 x² at [1, 2]");
    }
  }, { order: 2, nests: true, rules: true }),
  error("another engine's derivative goes through this one, or is refused", async ({ ad, traceable, tolerance }) => {
    const inner = (x: Value): Value => gradient((y) => sum(mul(y, square(y))), ad, x)[0 as never] as Value; // 3 x²
    if (!traceable) return expectThrows(() => outerDerivative(inner, x2, x2), UnsupportedError, "a derivative of gradient", ad.adtype);
    expectNumbers(await read(outerDerivative(inner, x2, x2)), [6, 24], tolerance("float64", 2), "6 x² at [1, 2]");
    const captured = (x: Value): Value => gradient((y) => sum(mul(x, square(y))), ad, x2)[0 as never] as Value; // 2 x y
    expectNumbers(await read(outerDerivative(captured, x2, x2)), [2, 8], tolerance("float64", 2), "2 x y at [1, 2]");
  }, { order: 1, nests: true }),
  error("what an inner function captured is differentiated by the outer engine", async ({ ad, tolerance }) => {
    const outer = (x: Value): Value => gradient((y) => mul(mul(x, y), y), ad, x)[0 as never] as Value; // 2 x y at y = x
    const [g] = await read((await gradient(outer, ad, 3))[0]);
    expectNumbers([g!], [12], tolerance("float64", 2), "d/dx 2 x² at 3");
  }, { order: 2, nests: true }),
];
