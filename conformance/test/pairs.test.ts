import { AutoForward, AutoTape, SecondOrder } from "polyad";
import { testBackend } from "@polyad/conformance";
import type { Check } from "@polyad/conformance";

/** What two engines do together: the rest is each one's own. */
const only = ({ needs }: Check): boolean => needs.order === 2;

testBackend(SecondOrder(AutoForward(), AutoTape()), { only });
testBackend(SecondOrder(AutoTape(), AutoForward()), { only });
