// Nothing grows over thousands of calls, whether they return or throw.
import { AutoTape, gradient } from "polyad";
import { currentTrace } from "@polyad/core/extend";
import { bytesInUse } from "../clock.mjs";
import { rosenbrockPoint } from "../data.mjs";
import { rosenbrock } from "../engines/polyad.mjs";

const calls = 10_000;
const rounds = 5; // what leaks grows in each of them; compiled code and caches settle in some
const allowed = 64 * 1024; // so that a leak of seven bytes a call is found

export default { name: "leaks", title: "Memory after garbage collection, before and after 10,000 gradients: the least growth of five rounds" };

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
  let bytes = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = bytesInUse();
    for (let i = 0; i < calls; i++) call();
    bytes = Math.min(bytes, bytesInUse() - before);
  }
  const trace = currentTrace();
  return [
    { what: `${what}: growth`, text: `${(bytes / 1024).toFixed(1)} KiB`, value: bytes, bar: { atMost: allowed } },
    { what: `${what}: traces left on the stack`, text: trace === null ? "none" : `depth ${trace.depth}`, value: trace?.depth ?? 0, bar: { atMost: 0 } },
  ];
}
