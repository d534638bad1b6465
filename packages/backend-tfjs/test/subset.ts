import { checks, type Check } from "@polyad/conformance";

/**
 * A bounded part of the conformance suite, for devices on which every read takes milliseconds: one check in `every`, the
 * same ones each time, none of those that run thousands of times.
 */
export function subset(every: number): (check: Check) => boolean {
  const chosen = new Set(checks.filter(({ group }) => group !== "resources").filter((_, i) => i % every === 0));
  return (check) => chosen.has(check);
}

/** What webgpu cannot be held to, and why. */
export const beyondWebGpu = [
  {
    reason: "the host computes it elsewhere, and cannot read from webgpu at once",
    ops: ["lgamma", "digamma", "polygamma"],
  },
  {
    reason: "the host factors matrices elsewhere, and cannot read from webgpu at once",
    ops: ["cholesky", "cofactor", "det", "eigh", "inv", "logdet", "lstsq", "qr", "slogdet", "solve", "svd", "svdvals", "triangularSolve"],
  },
];
