import { coreOps, corePrimitives, loadedBackends } from "@polyad/core/extend";
import type { Check, Group, Result } from "./check.js";
import { titleOf } from "./replay.js";
import { checks } from "./suite.js";

/** What an engine does with an op at an order of derivative. */
export interface Cell {
  readonly status: "pass" | "unsupported" | "skipped" | "FAIL" | "none";
  readonly passed: number;
  /** Why not, or what went wrong: each once. */
  readonly notes: readonly string[];
}

/** Engines × ops × orders, as data. */
export interface Matrix {
  readonly engines: readonly string[];
  readonly ops: readonly string[];
  readonly orders: readonly number[];
  cell(engine: string, op: string, order: number): Cell;
}

/** Results of one engine in one group. */
export interface Tally {
  readonly engine: string;
  readonly group: Group;
  readonly passed: number;
  readonly unsupported: number;
  readonly skipped: number;
  readonly failed: number;
  readonly seconds: number;
}

const none: Cell = { status: "none", passed: 0, notes: [] };

export function matrixOf(results: readonly Result[]): Matrix {
  const cells = new Map<string, Result[]>();
  const key = (engine: string, op: string, order: number): string => [engine, op, order].join("\n");
  for (const result of results) {
    for (const op of result.check.ops) {
      const at = key(result.engine, op, result.check.needs.order);
      cells.set(at, [...(cells.get(at) ?? []), result]);
    }
  }
  const orders = [...new Set(results.filter(({ check }) => check.ops.length > 0).map(({ check }) => check.needs.order))];
  return {
    engines: [...new Set(results.map(({ engine }) => engine))],
    ops: [...Object.keys(corePrimitives), ...Object.keys(coreOps)].sort((a, b) => a.localeCompare(b)),
    orders: orders.sort((a, b) => a - b),
    cell: (engine, op, order) => cellOf(cells.get(key(engine, op, order))),
  };
}

/** One failure fails a cell; it passes where anything does, and says what was left out. */
function cellOf(results: readonly Result[] | undefined): Cell {
  if (results === undefined) return none;
  const failures = results.flatMap(({ check, outcome }) => (outcome.status === "FAIL" ? [`${check.name}: ${outcome.error.message}`] : []));
  const reasons = results.flatMap(({ outcome }) => ("reason" in outcome ? [outcome.reason] : []));
  const passed = results.filter(({ outcome }) => outcome.status === "pass").length;
  if (failures.length > 0) return { status: "FAIL", passed, notes: failures };
  const status = passed > 0 ? "pass" : results.some(({ outcome }) => outcome.status === "skipped") ? "skipped" : "unsupported";
  return { status, passed, notes: [...new Set(reasons)] };
}

export function talliesOf(results: readonly Result[]): Tally[] {
  const engines = [...new Set(results.map(({ engine }) => engine))];
  const groups = [...new Set(results.map(({ check }) => check.group))];
  return engines.flatMap((engine) =>
    groups.map((group) => {
      const own = results.filter((result) => result.engine === engine && result.check.group === group);
      const count = (status: string): number => own.filter(({ outcome }) => outcome.status === status).length;
      const seconds = own.reduce((total, { milliseconds }) => total + milliseconds / 1000, 0);
      return { engine, group, passed: count("pass"), unsupported: count("unsupported"), skipped: count("skipped"), failed: count("FAIL"), seconds };
    }),
  );
}

/** What was not held, by reason: how many checks, and one of them. */
export function reasonsOf(results: readonly Result[]): { engine: string; status: string; reason: string; count: number; example: string }[] {
  const found = new Map<string, { engine: string; status: string; reason: string; count: number; example: string }>();
  for (const { engine, check, outcome } of results) {
    if (!("reason" in outcome)) continue;
    const at = [engine, outcome.status, outcome.reason].join("\n");
    const entry = found.get(at) ?? { engine, status: outcome.status, reason: outcome.reason, count: 0, example: titleOf(check) };
    entry.count++;
    found.set(at, entry);
  }
  return [...found.values()];
}

/** To what engines are held by their own account, in words. */
export function accuraciesOf(results: readonly Result[]): string[] {
  return [...new Set(results.flatMap(({ engine, accuracy }) => (accuracy === undefined || accuracy === null ? [] : [`${engine}: ${accuracy}`])))];
}

/** How many checks were left out, if any, in words. */
export function leftOutOf(chosen: ReadonlySet<Check>): string[] {
  const left = checks.filter((check) => !chosen.has(check)).length;
  return left === 0 ? [] : [`Only a part: ${left} of ${checks.length} checks were left out`];
}

export function checksOf(results: readonly Result[]): ReadonlySet<Check> {
  return new Set(results.map(({ check }) => check));
}

export const marks: Readonly<Record<Cell["status"], string>> = { pass: "✓", unsupported: "–", skipped: "s", FAIL: "✗", none: "·" };

export function messageOf({ outcome }: Result): string {
  return outcome.status === "FAIL" ? outcome.error.message : "";
}

/** What many failures have in common: the message at the bottom of each, the commonest first. */
export function causesOf(failures: readonly Result[]): string[] {
  const counts = new Map<string, number>();
  for (const { outcome } of failures) {
    let error: unknown = outcome.status === "FAIL" ? outcome.error : undefined;
    while (error instanceof Error && error.cause instanceof Error) error = error.cause;
    const [message = ""] = error instanceof Error ? error.message.split("\n") : [];
    counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  const common = [...counts].filter(([, count]) => count > 2).sort(([, a], [, b]) => b - a);
  return common.slice(0, 20).map(([message, count]) => `${count} × ${message}`);
}

/** What no check could ask of an engine that is loaded alone, in words. */
export function aloneOf(): string[] {
  return loadedBackends().length > 1 ? [] : ["No other engine is loaded: what this one gives under and around others, and whether random programs agree, was not asked. Name them beside it, as in --engine tape,forward,./mine.js"];
}

/** The report for a terminal; `alone` is the command that runs a failure again. */
export function printReport(results: readonly Result[], alone?: (result: Result) => string): string {
  const { engines, orders, cell, ...all } = matrixOf(results);
  const ops = all.ops.filter((op) => engines.some((engine) => orders.some((order) => cell(engine, op, order).status !== "none")));
  const width = Math.max("order".length, ...ops.map((op) => op.length)) + 2;
  const columns = engines.map((engine) => Math.max(engine.length, 2 * orders.length) + 2);
  const line = (name: string, parts: readonly string[]): string => (name.padEnd(width) + parts.map((part, i) => part.padEnd(columns[i]!)).join("")).trimEnd();
  const failures = results.filter(({ outcome }) => outcome.status === "FAIL");
  const total = (status: string): number => results.filter(({ outcome }) => outcome.status === status).length;
  return [
    line("", engines),
    line("order", engines.map(() => orders.join(" "))),
    ...ops.map((op) => line(op, engines.map((engine) => orders.map((order) => marks[cell(engine, op, order).status]).join(" ")))),
    "",
    "✓ pass   – unsupported   s skipped   ✗ FAIL   · no scenario at this order",
    "",
    ...talliesOf(results).map((t) => `${t.engine}: ${t.group}: ${t.passed} passed, ${t.unsupported} unsupported, ${t.skipped} skipped, ${t.failed} FAILED in ${t.seconds.toFixed(1)} s`),
    "",
    ...accuraciesOf(results),
    ...reasonsOf(results).map(({ engine, status, reason, count, example }) => `${engine}: ${count} ${status}: ${reason} (such as ${example})`),
    ...failures.flatMap((result) => ["", `FAIL ${result.engine}: ${titleOf(result.check)}`, messageOf(result), ...(alone === undefined ? [] : [`Alone: ${alone(result)}`])]),
    "",
    ...causesOf(failures),
    ...leftOutOf(checksOf(results)),
    ...aloneOf(),
    `${total("pass")} passed, ${total("unsupported") + total("skipped")} unsupported or skipped, ${failures.length} FAILED`,
  ].join("\n");
}
