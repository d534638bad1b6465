// Nothing grows over thousands of calls, whether they return or throw.
import { AutoTape, gradient } from "polyad";
import { currentTrace } from "@polyad/core/extend";
import { bytesInUse } from "../clock.mjs";
import { rosenbrockPoint } from "../data.mjs";
import { rosenbrock } from "../engines/polyad.mjs";

const calls = 10_000;
const allowed = 64 * 1024; // compiled code and caches settle; a leak of ten bytes a call is found

export default { name: "leaks", title: "Memory after garbage collection, before and after 10,000 gradients" };

const ad = AutoTape();

export function measure() {
  const x = rosenbrockPoint();
  const failing = (y) => {
    rosenbrock(y);
    throw new Error("on purpose");
  };
  const returns = () => gradient(rosenbrock, ad, x);
  const throws = () => {
    try {
      gradient(failing, ad, x);
    } catch (e) {
      if (e.message === "on purpose") return;
      throw e;
    }
    throw new Error("the error was swallowed");
  };
  return [grows("calls that return", returns), grows("calls whose function throws", throws)].flat();
}

function grows(what, call) {
  for (let i = 0; i < 3000; i++) call();
  const before = bytesInUse();
  for (let i = 0; i < calls; i++) call();
  const bytes = bytesInUse() - before;
  const trace = currentTrace();
  return [
    { what: `${what}: growth`, text: `${(bytes / 1024).toFixed(1)} KiB`, value: bytes, bar: { atMost: allowed } },
    { what: `${what}: traces left on the stack`, text: trace === null ? "none" : `depth ${trace.depth}`, value: trace?.depth ?? 0, bar: { atMost: 0 } },
  ];
}
