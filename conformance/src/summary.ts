import type { DType } from "@polyad/core/extend";
import type { Group, Outcome, Result } from "./check.js";
import { marks, matrixOf, reasonsOf } from "./report.js";

/** What became of checks, by how many. */
export type Counts = Readonly<Record<Outcome["status"], number>>;

/** What an engine was seen to do. */
export interface EngineSummary {
  readonly name: string;
  readonly groups: Readonly<Partial<Record<Group, Counts>>>;
  /** Checks by order of derivative, and those that need a dtype. */
  readonly orders: Readonly<Partial<Record<string, Counts>>>;
  readonly dtypes: Readonly<Partial<Record<DType, Counts>>>;
  /** Why checks were left out, and how many. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** The outcome of a run as data that is the same for every run in which the same passed. */
export interface Summary {
  readonly orders: readonly number[];
  readonly engines: readonly EngineSummary[];
  /** For each op and engine one mark per order: `✓` pass, `–` unsupported, `s` skipped, `✗` FAIL, `·` no check. */
  readonly ops: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function summaryOf(results: readonly Result[]): Summary {
  const { engines, ops, orders, cell } = matrixOf(results);
  return {
    orders,
    engines: engines.map((name) => {
      const own = results.filter((result) => result.engine === name);
      return {
        name,
        groups: countsBy(own, ({ check }) => [check.group]),
        orders: countsBy(own, ({ check }) => [String(check.needs.order)]),
        dtypes: countsBy(own, ({ check }) => check.needs.dtypes ?? []),
        reasons: Object.fromEntries(reasonsOf(own).map(({ reason, count }) => [reason, count])),
      };
    }),
    ops: Object.fromEntries(ops.map((op) => [op, Object.fromEntries(engines.map((engine) => [engine, orders.map((order) => marks[cell(engine, op, order).status]).join("")]))])),
  };
}

function countsBy<K extends string>(results: readonly Result[], keysOf: (result: Result) => readonly K[]): Partial<Record<K, Counts>> {
  const counts: Partial<Record<K, Record<Outcome["status"], number>>> = {};
  for (const result of results) {
    for (const key of keysOf(result)) (counts[key] ??= { pass: 0, unsupported: 0, skipped: 0, FAIL: 0 })[result.outcome.status]++;
  }
  return counts;
}
