import { add, applyMap, type Cotangents, type Value } from "@polyad/core/extend";
import { TapeTracer, type Entry, type TapeTrace } from "./tape.js";

/** The cotangent of each entry; of an entry with several outputs, one each. */
type Slot = Value | (Value | undefined)[] | undefined;

/** Walks the tape backwards from the cotangents of ys; the first entries are the inputs. */
export function reverse(trace: TapeTrace, tape: readonly Entry[], ys: readonly Value[], cts: readonly (Value | undefined)[]): Slot[] {
  const slots = new Array<Slot>(tape.length).fill(undefined);

  const accumulate = (to: Value, ct: Value): void => {
    if (!(to instanceof TapeTracer) || to.trace !== trace) return;
    const { index, output } = to;
    if (output < 0) {
      const seen = slots[index] as Value | undefined;
      slots[index] = seen === undefined ? ct : add(seen, ct);
    } else {
      const several = (slots[index] ??= new Array<undefined>((tape[index]!.out as readonly Value[]).length).fill(undefined)) as (Value | undefined)[];
      const seen = several[output];
      several[output] = seen === undefined ? ct : add(seen, ct);
    }
  };

  ys.forEach((y, i) => cts[i] !== undefined && accumulate(y, cts[i]));
  for (let at = tape.length - 1; at >= 0; at--) {
    const { primitive, out, inputs, attrs } = tape[at]!;
    const ct = slots[at];
    if (ct === undefined || primitive === null) continue;
    const maps = primitive.vjp!(out, trace.lowerAll(inputs), attrs);
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]!;
      if (!(x instanceof TapeTracer) || x.trace !== trace) continue;
      const contribution = applyMap(primitive, "vjp", maps, i, inputs.length, ct as Cotangents);
      if (contribution !== undefined) accumulate(x, contribution);
    }
    slots[at] = undefined; // what has been passed on is garbage
  }
  return slots;
}
