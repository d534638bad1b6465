import type { Shape } from "@polyad/core";

export function elements(shape: Shape): number {
  return shape.reduce((n, m) => n * m, 1);
}

/** The shape that two broadcast to, null if they do not. */
export function together(a: Shape, b: Shape): Shape | null {
  const out: number[] = [];
  for (let k = 1; k <= Math.max(a.length, b.length); k++) {
    const m = a.at(-k) ?? 1;
    const n = b.at(-k) ?? 1;
    if (m !== n && m !== 1 && n !== 1) return null;
    out.unshift(m === 1 ? n : m);
  }
  return out;
}
