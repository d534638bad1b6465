import {
  add, cos, derivative, gradient, hessian, hvp, jacobian, kindOf, mul, pullback, pushforward, sameShape, shapeOf, sin, sum, tensor, valueAndPullback, valueAndPushforward, withgradient, type ADType, type MaybePromise, type SecondOrder, type Value,
} from "@polyad/core/extend";
import { differences, rounded } from "./differences.js";
import { ensure, expectTree, read } from "./compare.js";
import { carriesDerivative, combined, cotangents, directions, expectProduct, inner, largest, mapNamed, weighed, type Cotangents, type Named, type Subject } from "./operands.js";
import { derivativeLike, numbersIn, numbersOf, tensorOf, valueLike } from "./tree.js";

/** Something that holds of every differentiable function, whatever the engine. */
export interface Law {
  readonly name: string;
  readonly order: 0 | 1 | 2;
  /** Whether it holds on kinks, where conventions decide, or only where f is smooth. */
  readonly at: "anywhere" | "smooth";
  /** Primitives whose derivative is not that of their values. */
  readonly except?: readonly string[];
  /** Needs derivatives that are precise enough to be differentiated by samples. */
  readonly precise?: boolean;
  /** Inputs for each that is asked for: more where the other laws rest on this one, fewer where any input shows what is wrong. */
  readonly weight?: number;
  /** Compares what an engine gives in two dtypes, of which samples of f show less. */
  readonly narrow?: boolean;
  readonly check: (subject: Subject) => Promise<void>;
}

/** y = f(x) has the type, dtype, shape and elements that it has outside of the engine. */
async function tracedIsPlain({ engine: { ad }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [v, w, ct] = [directions(x, random), directions(x, random), cotangents(y, random)];
  const under: Readonly<Record<string, () => unknown>> = {
    pushforward: async () => (await valueAndPushforward(f, ad, x, v)).val,
    "pushforward of two": async () => (await valueAndPushforward(f, ad, x, [v, w])).val,
    pullback: async () => (await valueAndPullback(f, ad, x, ct)).val,
    "withgradient, as aux": async () => ((await withgradient((at: Named) => [weighed(ct, f(at)), f(at)] as const, ad, x)).val as readonly unknown[])[1],
  };
  for (const [how, value] of Object.entries(under)) await expectTree(await value(), y, tolerance(0), how);
}

/** ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩, all operands together and one at a time. */
async function adjoint({ engine: { ad }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [v, ct] = [directions(x, random), cotangents(y, random)];
  const dx = (await pullback(f, ad, x, ct)) as Named;
  for (const key of [undefined, ...Object.keys(x)]) {
    const seed = key === undefined ? v : { ...mapNamed(x, (at) => valueLike(at, numbersIn(at).map(() => 0)) as Value), [key]: v[key]! };
    const dy = (await pushforward(f, ad, x, seed)) as Named;
    const [left, right] = [await inner(ct, dy), await inner(seed, dx)];
    expectProduct(left.product, right.product, tolerance(1)("float64"), left.magnitude + right.magnitude, key ?? "all operands");
  }
}

/** J(αv + βw) = α J v + β J w, several seeds at once being one after the other; and so for the pullback. */
async function linear({ engine: { ad }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [v, w] = [directions(x, random), directions(x, random)];
  const [alpha, beta] = [1.5, -0.75];
  const [jv, jw, both] = (await pushforward(f, ad, x, [v, w, combined(alpha, v, beta, w)])) as Named[];
  const scale = await largest(jv!, jw!, both!);
  const floats = (ys: Named): Named => Object.fromEntries(Object.entries(ys).filter(([key]) => carriesDerivative(y[key]!)));
  await expectTree(floats(both!), combined(alpha, floats(jv!), beta, floats(jw!)), tolerance(1), "pushforward", scale);
  await expectTree(await pushforward(f, ad, x, w), jw, tolerance(1), "pushforward of one seed", scale);
  const [a, b] = [cotangents(y, random), cotangents(y, random)];
  const ct = mapNamed(y, (_, key) => (a[key] === null ? 0 : add(mul(alpha, a[key]!), mul(beta, b[key]!))));
  const seeds = Object.fromEntries(Object.entries(ct).map(([key, c]) => [key, a[key] === null ? null : c]));
  const [ja, jb, jct] = [await pullback(f, ad, x, a), await pullback(f, ad, x, b), await pullback(f, ad, x, seeds)] as [Named, Named, Named];
  await expectTree(jct, combined(alpha, ja, beta, jb), tolerance(1), "pullback", await largest(ja, jb, jct));
}

/** The derivative along v is the limit of differences. */
async function limit(subject: Subject): Promise<void> {
  const { engine: { ad }, f, x, random, tolerance } = subject;
  const v = directions(x, random);
  const dy = (await pushforward(f, ad, x, v)) as Named;
  await differences(subject, f, v, dy, tolerance(1)("float64"), rounded);
}

/** d(g ∘ f) = dg ∘ df, for g(y) = s sin(y/s): as far from linear as f's own scale s makes it. */
async function chain({ engine: { ad, samples }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [v, ct] = [directions(x, random), cotangents(y, random)];
  const dy = (await pushforward(f, ad, x, v)) as Named;
  // An engine that samples f goes along each axis, where f may be steeper than along v.
  const steepest = samples ? ((await pullback(f, ad, x, ones(y))) as Named) : dy;
  const s = 2 ** Math.ceil(Math.log2(await largest(y, dy, steepest)));
  const waves = (at: Named): Named => mapNamed(f(at), (value) => (carriesDerivative(value) ? mul(s, sin(mul(1 / s, value))) : value));
  const slope = mapNamed(y, (value) => (carriesDerivative(value) ? cos(mul(1 / s, value)) : value));
  const expected = mapNamed(dy, (d, key) => (carriesDerivative(y[key]!) ? mul(slope[key]!, d) : d));
  await expectTree(await pushforward(waves, ad, x, v), expected, tolerance(1), "pushforward", await largest(dy));
  const seed = Object.fromEntries(Object.entries(ct).map(([key, c]) => [key, c === null ? null : mul(c, slope[key]!)]));
  const dx = (await pullback(f, ad, x, seed)) as Named;
  await expectTree(await pullback(waves, ad, x, ct), dx, tolerance(1), "pullback", await largest(dx, dy));
}

/** A cotangent of 1 for each element of the floats among some values. */
function ones(ys: Named): Record<string, Value | null> {
  return Object.fromEntries(Object.entries(ys).map(([key, y]) => [key, carriesDerivative(y) ? (valueLike(y, numbersIn(y).map(() => 1)) as Value) : null]));
}

/** d/dt ⟨ct, f(x + t v)⟩ at 0 is ⟨ct, J v⟩. */
async function line({ engine: { ad }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [v, ct] = [directions(x, random), cotangents(y, random)];
  const along = (t: Value): Value => add(weighed(ct, f(mapNamed(x, (at, key) => add(at, mul(t, v[key]!))))), mul(0, t));
  const { product, magnitude } = await inner(ct, (await pushforward(f, ad, x, v)) as Named);
  const [slope] = await read(await derivative(along, ad, 0));
  expectProduct(slope!, product, tolerance(1)("float64"), magnitude, "derivative along a line");
}

/** ∇(g + h) = ∇g + ∇h. */
async function sumRule({ engine: { ad }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const [a, b] = [cotangents(y, random), cotangents(y, random)];
  const of = (...cts: (typeof a)[]) => (at: Named): Value => cts.map((ct) => weighed(ct, f(at))).reduce((s, t) => add(s, t));
  const [[g], [h], [both]] = [await gradient(of(a), ad, x), await gradient(of(b), ad, x), await gradient(of(a, b), ad, x)] as [[Named], [Named], [Named]];
  await expectTree(both, combined(1, g, 1, h), tolerance(1), "gradient of a sum", await largest(g, h));
}

/** Each leaf's gradient has its type, dtype and shape; unused leaves get zeros, inert ones null; trees may be reshaped. */
async function forms({ engine: { ad, samples }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const ct = cotangents(y, random);
  const loss = (at: Named): Value => weighed(ct, f(at));
  const [plain] = (await gradient(loss, ad, x)) as [Named];
  await expectTree(plain, valueLike(x, await numbersOf(plain)), () => 0, "form");
  // An engine that samples f must take any float32 argument for what its numbers may meet, so there it has a say.
  const unused = { matrix: tensor([[1, 2, 3]]), list: [1, [2]], half: samples ? new Float64Array(2) : new Float32Array(2) };
  const tree = { x, unused, text: "inert", ids: tensor(new Int32Array([1, 2])), none: null };
  const [g] = (await gradient((t: typeof tree) => loss(t.x), ad, tree as never)) as [unknown];
  await expectTree(g, { x: plain, unused: derivativeLike(unused, [0, 0, 0, 0, 0, 0, 0]), text: null, ids: null, none: null }, tolerance(1), "beside leaves that do not matter", await largest(plain));
  const keys = Object.keys(x);
  const spread = (...values: Value[]): Value => loss(Object.fromEntries(keys.map((key, i) => [key, values[i]!])));
  const values = keys.map((key) => x[key]!);
  const scale = await largest(plain);
  await expectTree(await Reflect.apply(gradient as Function, undefined, [spread, ad, ...values]), keys.map((key) => plain[key]), tolerance(1), "as arguments", scale);
  const map = new Map([["all", values.map((value) => [value])]]);
  const ofMap = (m: Map<string, Value[][]>): Value => spread(...m.get("all")!.map(([value]) => value!));
  await expectTree(await Reflect.apply(gradient as Function, undefined, [ofMap, ad, map]), [new Map([["all", keys.map((key) => [plain[key]])]])], tolerance(1), "as a Map of arrays", scale);
}

/** The same value in two places: one gradient per place, and their sum is the gradient of what they share. */
async function ties({ engine: { ad, samples }, f, x, y, random, tolerance }: Subject): Promise<void> {
  const ct = cotangents(y, random);
  const [first, ...rest] = Object.keys(x);
  // Two operands made equal may meet on a kink.
  const twin = samples ? undefined : rest.find((key) => kindOf(x[key]!) === kindOf(x[first!]!) && sameShape(shapeOf(x[key]!), shapeOf(x[first!]!)));
  if (first === undefined) return;
  const doubled = (a: Value, b: Value): Value => (twin === undefined ? add(weighed(ct, f({ ...x, [first]: a })), sum(mul(2, b))) : weighed(ct, f({ ...x, [first]: a, [twin]: b })));
  const shared = x[first]!;
  const [a, b] = (await gradient(doubled, ad, shared, shared)) as [Value, Value];
  const [both] = (await gradient((s: Value) => doubled(s, s), ad, shared)) as [Value];
  const total = add(a, b);
  await expectTree(both, total, tolerance(1), "sum over places", await largest({ a, b }));
}

/** H is symmetric, hvp is hessian times v, the Hessian is the Jacobian of the gradient, and the limit of its differences. */
async function secondOrder(subject: Subject): Promise<void> {
  const { engine, f, x, y, random, tolerance } = subject;
  const { ad } = engine;
  const [v, w, ct] = [directions(x, random), directions(x, random), cotangents(y, random)];
  const loss = (at: Named): Value => add(weighed(ct, mapNamed(f(at), (value) => (carriesDerivative(value) ? mul(value, value) : value))), 0);
  const [hv, hw] = (await hvp(loss, ad, x, [v, w])) as [Named, Named];
  const scale = await largest(hv, hw, { loss: loss(x) });
  await expectTree(await hvp(loss, ad, x, v), hv, tolerance(2), "hvp of one seed", scale);
  const [left, right] = [await inner(w, hv), await inner(v, hw)];
  expectProduct(left.product, right.product, tolerance(2)("float64"), left.magnitude + right.magnitude, "symmetry");
  const numbers = numbersIn(x);
  if (numbers.length > 12) return;
  const blocks = (await hessian(loss, ad, x)) as Readonly<Record<string, Named>>;
  const product: Record<string, Value> = {};
  for (const [i, at] of Object.entries(x)) product[i] = valueLike(at, await rowsTimes(blocks[i]!, v, numbersIn(at).length)) as Value;
  await expectTree(product, hv, tolerance(2), "hessian times v", scale);
  if (ad.adtype === "second-order" || ad.execution === "async") return; // f cannot await the gradient inside
  const gradientOf = (at: Named): Named => gradientAt(loss, ad, at) as Named;
  await expectTree(await jacobian(gradientOf, ad, x), blocks, tolerance(2), "Jacobian of the gradient", scale);
}

/** The gradient with respect to named values; a promise if the engine is asynchronous. */
function gradientAt(loss: (x: Named) => Value, ad: ADType, x: Named): MaybePromise<Named> {
  const grads = gradient(loss, ad, x) as MaybePromise<readonly [Named]>;
  return grads instanceof Promise ? grads.then(([g]) => g) : grads[0];
}

/** Σ over columns, of each of `count` rows, in numbers. */
async function rowsTimes(row: Named, v: Named, count: number): Promise<number[]> {
  const totals = new Array<number>(count).fill(0);
  for (const [key, block] of Object.entries(row)) {
    const [elements, by] = [await numbersOf(block), numbersIn(v[key])];
    totals.forEach((_, i) => by.forEach((d, j) => (totals[i]! += elements[i * by.length + j]! * d)));
  }
  return totals;
}

/** H v is the limit of differences of the gradient, which first order vouches for. */
async function curvature(subject: Subject): Promise<void> {
  const { engine: { ad }, f, x, y, random, tolerance } = subject;
  const [v, ct] = [directions(x, random), cotangents(y, random)];
  const loss = (at: Named): Value => weighed(ct, f(at));
  const inside = ad.adtype === "second-order" ? (ad as SecondOrder).inner : ad;
  const hv = (await hvp(loss, ad, x, v)) as Named;
  ensure(Object.keys(hv).length === Object.keys(x).length, () => "hvp is like x");
  await differences(subject, (at) => gradientAt(loss, inside, at), v, hv, tolerance(2)("float64"), tolerance(1)("float64"));
}

/** A subject in float32, and at the same numbers in float64. */
async function inBoth({ x, y, random }: Subject): Promise<{ narrow: Named; wide: Named; v: Named; ct: Cotangents; numbers: (ys: Named) => Promise<Named> }> {
  const cast = (at: Named, dtype: "float32" | "float64"): Named => mapNamed(at, (value) => (kindOf(value) === "number" ? value : tensorOf(numbersIn(value).map(Math.fround), shapeOf(value), dtype)));
  const narrow = cast(x, "float32");
  const numbers = async (ys: Named): Promise<Named> => Object.fromEntries(await Promise.all(Object.entries(ys).filter(([key]) => y[key] === undefined || carriesDerivative(y[key]!)).map(async ([key, value]) => [key, tensor(Float64Array.from(await read(value)))] as const)));
  return { narrow, wide: cast(x, "float64"), v: directions(narrow, random), ct: cotangents(y, random), numbers };
}

/** A tree of tangents or cotangents in the kinds of another; null stays. */
function seedsLike(seeds: Cotangents, like: Named): Record<string, Value | null> {
  return Object.fromEntries(Object.entries(seeds).map(([key, seed]) => [key, seed === null ? null : (valueLike(like[key], numbersIn(seed)) as Value)]));
}

/** J v and Jᵀ ct in float32 are those of the same numbers in float64. */
async function sameInFloat32(subject: Subject): Promise<void> {
  const { engine, f, condition } = subject;
  const { narrow, wide, v, ct, numbers } = await inBoth(subject);
  const tolerance = (): number => condition * engine.tolerance("float32", 1);
  const at = async (x: Named): Promise<readonly Named[]> => {
    const dy = (await pushforward(f, engine.ad, x, seedsLike(v, x))) as Named;
    const dx = (await pullback(f, engine.ad, x, seedsLike(ct, f(x)))) as Named;
    return [await numbers(dy), await numbers(dx)];
  };
  const [got, expected] = [await at(narrow), await at(wide)];
  for (const [i, what] of ["pushforward", "pullback"].entries()) await expectTree(got[i], expected[i], tolerance, what, await largest(expected[i]!));
}

/** H v in float32 is that of the same numbers in float64. */
async function sameCurvatureInFloat32(subject: Subject): Promise<void> {
  const { engine, f, condition } = subject;
  const { narrow, wide, v, ct, numbers } = await inBoth(subject);
  const at = async (x: Named): Promise<Named> => {
    const weights = seedsLike(ct, f(x));
    return numbers((await hvp((at: Named) => add(weighed(weights, mapNamed(f(at), (value) => (carriesDerivative(value) ? mul(value, value) : value))), 0), engine.ad, x, seedsLike(v, x))) as Named);
  };
  const [got, expected] = [await at(narrow), await at(wide)];
  await expectTree(got, expected, () => condition * engine.tolerance("float32", 2), "hvp", await largest(expected));
}

export const laws: readonly Law[] = [
  { name: "traced value = plain value", order: 0, at: "anywhere", check: tracedIsPlain },
  { name: "⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩", order: 1, at: "anywhere", check: adjoint },
  { name: "pushforward and pullback are linear", order: 1, at: "anywhere", check: linear },
  { name: "pushforward = limit of differences", order: 1, at: "smooth", except: ["stopGradient"], weight: 4, check: limit },
  { name: "chain rule", order: 1, at: "anywhere", check: chain },
  { name: "derivative along a line", order: 1, at: "anywhere", check: line },
  { name: "gradient of a sum = sum of gradients", order: 1, at: "anywhere", check: sumRule },
  { name: "gradients have their arguments' form, in any tree", order: 1, at: "anywhere", check: forms },
  { name: "gradient of a shared value = sum over its places", order: 1, at: "anywhere", check: ties },
  { name: "Hessian symmetric, = Jacobian of the gradient; hvp = Hessian times v", order: 2, at: "smooth", check: secondOrder },
  { name: "hvp = limit of differences of the gradient", order: 2, at: "smooth", precise: true, check: curvature },
  { name: "derivatives in float32 = those of the same numbers in float64", order: 1, at: "anywhere", weight: 0.5, narrow: true, check: sameInFloat32 },
  { name: "hvp in float32 = that of the same numbers in float64", order: 2, at: "smooth", weight: 0.5, narrow: true, check: sameCurvatureInFloat32 },
];
