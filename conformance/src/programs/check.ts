import { backendOf, type ADType } from "@polyad/core/extend";
import { differences, isConclusive, outside } from "./differences.js";
import type { Engines } from "./evaluate.js";
import { depthOf, isSingle, orderOf, some, type Program } from "./program.js";
import { formOf, Subject, type Answer, type Entry, type Question } from "./subject.js";
import { sensitivity, toleranceOf } from "./tolerance.js";

/** An engine to be held to the others. */
export interface Engine {
  readonly ad: ADType;
  /** For an engine that is not exact to rounding: the relative error of its first derivatives. */
  readonly accuracy?: number;
}

export interface CheckOptions {
  /** The first one answers for all; it must be exact. */
  readonly engines: readonly Engine[];
  /** Outer and inner engine of second derivatives, and of derivatives inside a program. */
  readonly pairs: readonly (readonly [outer: ADType, inner: ADType])[];
  /**
   * For reports: numbers compared, programs of which differences say nothing, and the largest error of each comparison as a
   * part of what the rule of tolerance.ts allows, without and, where it decides, with κ.
   */
  readonly observe?: (what: "compared" | "inconclusive" | "error" | "error beside κ", amount: number, program: Program) => void;
}

/** An answer that is not what it should be. */
export interface Disagreement {
  readonly question: Question;
  /** What it was held against: another question, differences, or the program's plain value. */
  readonly against: Question | "differences" | "the plain value" | "its float64 twin" | "the argument's form" | "an error";
  /** Which leaf or result, and which element. */
  readonly where: string;
  readonly got: string;
  readonly expected: string;
  readonly tolerance: number;
}

/** Asks every engine and every pair; the first disagreement, or null. */
export function checkProgram(program: Program, options: CheckOptions): Disagreement | null {
  try {
    new Check(program, options).run();
    return null;
  } catch (error) {
    if (error instanceof Found) return error.disagreement;
    throw error;
  }
}

/** Whether all of these engines go as far as derivatives of an order. */
function reach(engines: readonly ADType[], order: number): boolean {
  return engines.every((ad) => backendOf(ad).capabilities.order >= order);
}

class Found extends Error {
  constructor(readonly disagreement: Disagreement) {
    super(disagreement.where);
  }
}

class Check {
  private readonly reference: ADType;
  private readonly subject: Subject;
  private readonly kappas = new Map<string, readonly number[]>();
  private readonly answers = new Map<string, Answer>();

  constructor(
    private readonly program: Program,
    private readonly options: CheckOptions,
  ) {
    const first = options.engines[0]!;
    this.reference = first.ad;
    const question = this.ask("value");
    this.subject = this.attempt(question, () => new Subject(program, question.nested));
  }

  run(): void {
    const { program, options } = this;
    const plain = this.answer(this.ask("value")).values!;
    plain.forEach(({ numbers, form }, k) => {
      if (!numbers.every(Number.isFinite)) this.fail(this.ask("value"), "an error", `result ${k}`, numbers.find((x) => !Number.isFinite(x))!, `a finite ${form}`);
    });
    for (const engine of options.engines) this.checkEngine(engine, plain);
    const [depth, order] = [depthOf(program.body), orderOf(program.body)];
    for (const [outer, inner] of options.pairs) {
      if (!reach([outer, inner], order + (depth < 2 ? 2 : 1))) continue;
      if (depth > 0) this.compare({ operator: "gradient", ad: outer, nested: [inner, outer] }, this.ask("gradient"));
      if (depth > 0) this.compare({ operator: "pushforward", ad: outer, nested: [inner, outer] }, this.ask("pushforward"));
      if (depth < 2) this.compare({ operator: "hvp", ad: outer, nested: [inner, outer] }, this.ask("hvp"));
    }
    this.checkTrace(plain);
    if (isSingle(program)) this.checkTwin();
    this.checkDifferences();
  }

  private checkEngine({ ad, accuracy }: Engine, plain: readonly Entry[]): void {
    const order = orderOf(this.program.body);
    if (!reach([ad], order + 1)) return;
    if (accuracy !== undefined && backendOf(ad).capabilities.samples === true) return this.checkSampled(ad, accuracy);
    const nested: Engines = [ad, ad];
    const inside: Question = { operator: "value", ad, nested };
    const own = order === 0 ? plain : this.answer(inside).values!;
    if (accuracy !== undefined && order > 0) this.like(inside, own, plain, accuracy);
    for (const operator of ["gradient", "prepared gradient", "pushforward", "pullback"] as const) {
      const question: Question = { operator, ad, nested };
      const { values, derivatives } = this.answer(question);
      if (operator === "pushforward" || operator === "pullback") {
        if (accuracy === undefined) this.same(question, values!, own, "the plain value");
        else this.like(question, values!, plain, accuracy);
      }
      if (operator === "pushforward") derivatives.forEach((d, k) => this.form(question, `result ${k}`, d, plain[k]!.form));
      else derivatives.forEach((d, k) => this.form(question, `leaf ${k}`, d, formOf(this.program.leaves[k]!)));
      this.compare(question, this.ask(operator === "pushforward" ? "pushforward" : "gradient"), accuracy);
    }
    if (accuracy !== undefined && reach([ad], order + 2)) this.compare({ operator: "hvp", ad, nested }, this.ask("hvp"), accuracy);
  }

  /** What samples of f can show: not where float32 rounded, nor what differentiates inside. */
  private checkSampled(ad: ADType, accuracy: number): void {
    if (isSingle(this.program) || depthOf(this.program.body) > 0 || this.stops()) return;
    for (const operator of ["gradient", "pushforward"] as const) {
      this.compare({ operator, ad, nested: [ad, ad] }, this.ask(operator), accuracy);
    }
    const pairs = backendOf(ad).capabilities.traceable ? ([[ad, this.reference], [this.reference, ad]] as const) : [];
    for (const [outer, inner] of pairs) this.compare({ operator: "hvp", ad: outer, nested: [inner, outer] }, this.ask("hvp"), accuracy);
  }

  /** A captured program, optimised, is the program; and its gradient's is the gradient. */
  private checkTrace(plain: readonly Entry[]): void {
    const question = this.ask("trace");
    this.same(question, this.answer(question).values!, plain, "the plain value");
    if (this.program.leaves.some((leaf) => leaf.constant === true)) return; // inside a capture there are no marks
    const gradient = this.ask("gradient of the trace");
    this.near(gradient, this.ask("gradient"), this.answer(gradient).derivatives, this.answer(this.ask("gradient")).derivatives);
  }

  /** float32 is float64, up to rounding. */
  private checkTwin(): void {
    const question = this.ask("gradient");
    const twin = this.attempt(question, () => new Subject(this.program, question.nested, { widen: true }).answer(question));
    this.near(question, question, this.answer(question).derivatives, twin.derivatives, { against: "its float64 twin" });
  }

  private checkDifferences(): void {
    const { program } = this;
    if (program.leaves.every((leaf) => leaf.constant === true) || this.stops()) return;
    const question = this.ask("pushforward");
    const subject = isSingle(program) ? new Subject(program, question.nested, { widen: true }) : this.subject;
    const { derivatives } = isSingle(program) ? subject.answer(question) : this.answer(question);
    const magnitude = derivatives.map(() => 0);
    for (const kappa of [() => magnitude, () => this.kappa(question, "values")]) {
      const estimates = differences(subject, question.nested, kappa());
      const wrong = estimates.findIndex((estimate, k) => isConclusive(estimate) && outside(estimate, derivatives[k]!) >= 0);
      if (wrong < 0) {
        if (!estimates.every(isConclusive)) this.options.observe?.("inconclusive", 1, program);
        return;
      }
      if (kappa() === magnitude) continue;
      const at = outside(estimates[wrong]!, derivatives[wrong]!);
      this.fail(question, "differences", `result ${wrong}, element ${at}`, derivatives[wrong]!.numbers[at]!, estimates[wrong]!.numbers[at]!, estimates[wrong]!.errors[at]!);
    }
  }

  /** Whether differences cannot tell the derivative: stopGradient changes it, and not the function. */
  private stops(): boolean {
    return some(this.program.body, (node) => node.kind === "call" && node.op === "stopGradient");
  }

  private compare(question: Question, against: Question, accuracy?: number): void {
    this.near(question, against, this.answer(question).derivatives, this.answer(against).derivatives, { accuracy });
  }

  /** Values that an engine computed in its own precision: the same form, and the same numbers to its accuracy. */
  private like(question: Question, got: readonly Entry[], plain: readonly Entry[], accuracy: number): void {
    plain.forEach(({ form }, k) => this.form(question, `result ${k}`, got[k]!, form));
    this.near(question, this.ask("value"), got, plain, { against: "the plain value", accuracy, part: "values" });
  }

  /** The rule of tolerance.ts: first without κ, which is measured only where it decides. */
  private near(
    question: Question,
    measured: Question,
    got: readonly Entry[],
    expected: readonly Entry[],
    { against = measured, accuracy, part = "derivatives" }: { against?: Disagreement["against"]; accuracy?: number | undefined; part?: "values" | "derivatives" } = {},
  ): void {
    const { observe } = this.options;
    const place = part === "values" || question.operator === "pushforward" ? "result" : "leaf";
    const unit = toleranceOf(this.program, accuracy);
    expected.forEach((want, k) => {
      const { numbers } = got[k]!;
      if (numbers.length !== want.numbers.length) this.fail(question, against, `${place} ${k}`, got[k]!.form, want.form);
      observe?.("compared", numbers.length, this.program);
      let magnitude = 1;
      for (const x of want.numbers) magnitude = Math.max(magnitude, Math.abs(x));
      let error = 0;
      numbers.forEach((x, i) => (error = Math.max(error, Math.abs(x - want.numbers[i]!)))); // NaN stays NaN
      if (error <= unit * magnitude) {
        if (accuracy === undefined) observe?.("error", error / (unit * magnitude), this.program);
        return;
      }
      const tolerance = unit * (magnitude + this.kappa(measured.operator === "gradient of the trace" ? this.ask("gradient") : measured, part)[k]!);
      if (accuracy === undefined) observe?.("error beside κ", error / tolerance, this.program);
      if (error <= tolerance) return;
      const at = numbers.findIndex((x, i) => !(Math.abs(x - want.numbers[i]!) <= tolerance));
      this.fail(question, against, `${place} ${k}, element ${at}`, numbers[at]!, want.numbers[at]!, tolerance);
    });
  }

  /** The same form, and the same numbers to the last bit. */
  private same(question: Question, got: readonly Entry[], expected: readonly Entry[], against: Disagreement["against"]): void {
    expected.forEach((want, k) => {
      this.form(question, `result ${k}`, got[k]!, want.form);
      const at = want.numbers.findIndex((x, i) => !Object.is(x, got[k]!.numbers[i]));
      if (at >= 0) this.fail(question, against, `result ${k}, element ${at}`, got[k]!.numbers[at]!, want.numbers[at]!, 0);
    });
  }

  private form(question: Question, where: string, { form }: Entry, expected: string): void {
    if (form !== expected) this.fail(question, "the argument's form", where, form, expected);
  }

  private kappa(question: Question, part: "values" | "derivatives"): readonly number[] {
    const key = `${part} ${question.operator}`;
    const known = this.kappas.get(key);
    if (known !== undefined) return known;
    const measured = this.attempt(question, () => sensitivity(this.program, question, (answer) => answer[part]!));
    this.kappas.set(key, measured);
    return measured;
  }

  /** The reference engine's question. */
  private ask(operator: Question["operator"]): Question {
    return { operator, ad: this.reference, nested: [this.reference, this.reference] };
  }

  private answer(question: Question): Answer {
    const key = JSON.stringify(question);
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answer = this.attempt(question, () => this.subject.answer(question));
    this.answers.set(key, answer);
    return answer;
  }

  private attempt<T>(question: Question, f: () => T): T {
    try {
      return f();
    } catch (error) {
      throw new Found({ question, against: "an error", where: "", got: error instanceof Error ? error.message : String(error), expected: "no error", tolerance: 0 });
    }
  }

  private fail(question: Question, against: Disagreement["against"], where: string, got: number | string, expected: number | string, tolerance = 0): never {
    throw new Found({ question, against, where, got: String(got), expected: String(expected), tolerance });
  }
}
