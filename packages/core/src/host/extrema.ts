import type { TypedArray } from "../dtype.js";
import { perType } from "./loops.js";
import type { Middle } from "./reduce.js";

type Loop = (x: TypedArray, out: TypedArray, outer: number, length: number, inner: number) => void;
type Reduction = (out: TypedArray, m: Middle) => void;

/** The largest along the middle, NaN first. The middle is not empty unless the result is. */
export const maxMiddle: Reduction = along((x, out, outer, length, inner) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++) {
      let best = x[at++]!;
      for (let k = 1; k < length; k++) {
        const v = x[at++]!;
        if (v > best || v !== v) best = v;
      }
      out[o] = best;
    }
    return;
  }
  for (let o = 0, at = 0; o < outer; o++) {
    const to = o * inner;
    for (let i = 0; i < inner; i++) out[to + i] = x[at++]!;
    for (let k = 1; k < length; k++) {
      for (let i = 0; i < inner; i++) {
        const v = x[at++]!;
        if (v > out[to + i]! || v !== v) out[to + i] = v;
      }
    }
  }
});

/** The smallest along the middle, NaN first. */
export const minMiddle: Reduction = along((x, out, outer, length, inner) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++) {
      let best = x[at++]!;
      for (let k = 1; k < length; k++) {
        const v = x[at++]!;
        if (v < best || v !== v) best = v;
      }
      out[o] = best;
    }
    return;
  }
  for (let o = 0, at = 0; o < outer; o++) {
    const to = o * inner;
    for (let i = 0; i < inner; i++) out[to + i] = x[at++]!;
    for (let k = 1; k < length; k++) {
      for (let i = 0; i < inner; i++) {
        const v = x[at++]!;
        if (v < out[to + i]! || v !== v) out[to + i] = v;
      }
    }
  }
});

/** Where the largest is along the middle: the first of equals, or the first NaN. */
export const argmaxMiddle: Reduction = along((x, out, outer, length, inner) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++) {
      let best = x[at++]!;
      for (let k = 1; k < length; k++) {
        const v = x[at++]!;
        if (v > best || (v !== v && best === best)) {
          best = v;
          out[o] = k;
        }
      }
    }
    return;
  }
  const best = new Float64Array(inner);
  for (let o = 0, at = 0; o < outer; o++) {
    const to = o * inner;
    for (let i = 0; i < inner; i++) best[i] = x[at++]!;
    for (let k = 1; k < length; k++) {
      for (let i = 0; i < inner; i++) {
        const v = x[at++]!;
        const b = best[i]!;
        if (v > b || (v !== v && b === b)) {
          best[i] = v;
          out[to + i] = k;
        }
      }
    }
  }
});

/** Where the smallest is along the middle. */
export const argminMiddle: Reduction = along((x, out, outer, length, inner) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++) {
      let best = x[at++]!;
      for (let k = 1; k < length; k++) {
        const v = x[at++]!;
        if (v < best || (v !== v && best === best)) {
          best = v;
          out[o] = k;
        }
      }
    }
    return;
  }
  const best = new Float64Array(inner);
  for (let o = 0, at = 0; o < outer; o++) {
    const to = o * inner;
    for (let i = 0; i < inner; i++) best[i] = x[at++]!;
    for (let k = 1; k < length; k++) {
      for (let i = 0; i < inner; i++) {
        const v = x[at++]!;
        const b = best[i]!;
        if (v < b || (v !== v && b === b)) {
          best[i] = v;
          out[to + i] = k;
        }
      }
    }
  }
});

function along(loop: Loop): Reduction {
  const run = perType(loop);
  return (out, { elements, outer, length, inner }) => {
    if (out.length > 0) run(elements, out, outer, length, inner);
  };
}
