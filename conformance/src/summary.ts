import type { DType } from "@polyad/core/extend";
import type { Result } from "./check.js";
import { marks, matrixOf, reasonsOf } from "./report.js";

/** What an engine was seen to do. */
export interface EngineSummary {
  readonly name: string;
  /** Those of which something passes, and nothing fails. */
  readonly dtypes: readonly DType[];
  /** Why checks were left out. */
  readonly reasons: readonly string[];
}

/** The outcome of a run as data, which is the same for every run in which the same passed. */
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
      const reasons = reasonsOf(own).map(({ reason }) => reason);
      return { name, dtypes: (["float64", "float32"] as const).filter((dtype) => isHeld(dtype, own)), reasons: [...new Set(reasons)].sort() };
    }),
    ops: Object.fromEntries(ops.map((op) => [op, Object.fromEntries(engines.map((engine) => [engine, orders.map((order) => marks[cell(engine, op, order).status]).join("")]))])),
  };
}

function isHeld(dtype: DType, results: readonly Result[]): boolean {
  const statuses = results.filter(({ check }) => check.needs.dtypes?.includes(dtype) === true).map(({ outcome }) => outcome.status);
  return statuses.includes("pass") && !statuses.includes("FAIL");
}
