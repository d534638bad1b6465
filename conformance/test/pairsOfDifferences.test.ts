import { AutoFiniteDiff, AutoForward, AutoTape, SecondOrder } from "polyad";
import { testBackend } from "@polyad/conformance";
import type { Check } from "@polyad/conformance";

// Differences outside, inside and both: to their accuracy, and on fewer inputs, for each costs many runs of f.
const only = ({ needs }: Check): boolean => needs.order === 2;

testBackend(SecondOrder(AutoFiniteDiff(), AutoTape()), { only, runs: 2 });
testBackend(SecondOrder(AutoForward(), AutoFiniteDiff()), { only, runs: 2 });
testBackend(SecondOrder(AutoFiniteDiff(), AutoFiniteDiff()), { only, runs: 2 });
