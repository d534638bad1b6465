import { AutodiffError, describe, PreparationMismatchError, type DType } from "@polyad/core/extend";
import type { Check } from "./check.js";
import { Disagreement, ensure, expectTree, type Tolerance } from "./compare.js";
import { exactTolerance, type Engine } from "./engine.js";
import { apply, argumentsOf, at, bareArguments, operators, type Operator } from "./operators.js";
import { misfits, plainValue, type Problem } from "./problem.js";
import { kindOfLeaf, mirror, narrowest, numbersIn, valueLike } from "./tree.js";

/** What an operator as prepared offers, whatever its types. */
type PreparedOperator = ((...args: readonly unknown[]) => unknown) & {
  into(buffers: unknown, ...args: readonly unknown[]): unknown;
  buffers(): unknown;
  dispose(): void;
};

/** Every operator that applies to a problem, called and prepared; and the plain value. */
export function scenariosOf(problem: Problem): Check[] {
  const fitting = operators.filter((operator) => operator.applies(problem));
  return [
    check(problem, "plain value", 0, (engine) => plainIsClosedForm(engine, problem)),
    ...fitting.map((operator) => check(problem, operator.name, operator.order, (engine) => calledTwice(engine, problem, operator))),
    ...fitting.filter(({ prepare }) => prepare).map((operator) => check(problem, `prepared ${operator.name}`, operator.order, (engine) => prepared(engine, problem, operator))),
  ];
}

function check(problem: Problem, what: string, order: number, run: (engine: Engine) => Promise<void>): Check {
  return {
    group: "scenarios",
    name: `${problem.name}: ${what}`,
    subject: problem.name,
    ops: problem.ops,
    needs: { order, single: order === 1, dtypes: dtypesOf(problem), rules: problem.kink && order > 0, precise: problem.precise },
    run,
  };
}

/** The dtypes of what is differentiated. */
function dtypesOf(problem: Problem): DType[] {
  const found = new Set<DType>();
  mirror(problem.x, (leaf) => {
    const kind = kindOfLeaf(leaf);
    found.add(kind === "number" ? "float64" : kind);
  });
  return [...found];
}

/** Accuracy of the narrowest dtype that f meets. */
function toleranceOf(engine: Engine, problem: Problem, order: number): Tolerance {
  const narrow = narrowest(problem.x, problem.consts, plainValue(problem, problem.x));
  return () => problem.condition * (order === 0 ? exactTolerance(narrow, 1) : engine.tolerance(narrow, order));
}

/** f itself, outside of any engine, is what the closed form says. */
async function plainIsClosedForm(engine: Engine, problem: Problem): Promise<void> {
  for (const x of [problem.x, problem.elsewhere]) {
    const { y, numbers } = at(problem, x);
    await expectTree(y, valueLike(y, problem.value(numbers)), toleranceOf(engine, problem, 0), "f(x)");
  }
}

/** The answer at two points; the same answer the second time; nothing that was given or returned before is touched. */
async function calledTwice(engine: Engine, problem: Problem, operator: Operator): Promise<void> {
  const tolerance = toleranceOf(engine, problem, operator.order);
  const points = [problem.x, problem.elsewhere].map((x) => at(problem, x));
  const args = points.map((point) => argumentsOf(operator, point));
  const before = args.map(numbersIn);
  const first: unknown[] = [];
  for (const again of [false, true]) {
    for (const [i, point] of points.entries()) {
      const result = await apply(operator.call, problem.f, engine.ad, args[i]!);
      await expectTree(result, operator.expected(point), tolerance, `${where(i)}${again ? ", called again" : ""}`);
      if (!again) first.push(result);
    }
  }
  for (const [i, point] of points.entries()) await expectTree(first[i], operator.expected(point), tolerance, `${where(i)}, after later calls`);
  args.forEach((given, i) => ensure(numbersIn(given).every((x, k) => Object.is(x, before[i]![k])), () => `${where(i)}: an argument was written to`));
}

function where(i: number): string {
  return i === 0 ? "at x" : "elsewhere";
}

/** Prepared at one point, used at another, into buffers, refused with another size, rank or tree, refused when disposed. */
async function prepared(engine: Engine, problem: Problem, operator: Operator): Promise<void> {
  const tolerance = toleranceOf(engine, problem, operator.order);
  const [here, there] = [at(problem, problem.x), at(problem, problem.elsewhere)];
  const step = (await apply(operator.prepare!, problem.f, engine.ad, argumentsOf(operator, there))) as PreparedOperator;
  for (const point of [here, here, there]) {
    await expectTree(await step(...bareArguments(operator, point)), operator.expected(point), tolerance, "prepared elsewhere");
  }
  const buffers = await step.buffers();
  for (const point of [here, there, here]) {
    const filled = await step.into(buffers, ...bareArguments(operator, point));
    ensure(filled === buffers, () => "into() must return the buffers that it was given");
    const [got, expected] = [numbersIn(filled), numbersIn(operator.expected(point))];
    await expectTree(Float64Array.from(got), Float64Array.from(expected), tolerance, "into buffers");
  }
  const [, ...rest] = bareArguments(operator, here);
  for (const [what, other] of Object.entries(misfits(here.x))) await expectThrows(() => step(other, ...rest), PreparationMismatchError, `prepared, then given ${what}`);
  await expectTree(await step(...bareArguments(operator, there)), operator.expected(there), tolerance, "prepared, after it refused");
  step.dispose();
  await expectThrows(() => step(here.x, ...rest), AutodiffError, "after dispose()");
}

/** That a call is refused with an error of this class, whose message holds every part. */
export async function expectThrows(call: () => unknown, kind: abstract new (...args: never[]) => Error, where: string, ...parts: readonly string[]): Promise<void> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    ensure(error instanceof kind, () => `${where}: expected ${kind.name}, got ${String(error)}`);
    const { message } = error as Error;
    for (const part of parts) ensure(message.includes(part), () => `${where}: expected an error with "${part}", got "${message}"`);
    return;
  }
  throw new Disagreement(`${where}: expected ${kind.name}, but it returned ${describe(result)}`);
}
