import { AutoRichardson } from "@polyad/example-custom-backend";
import { testBackend } from "@polyad/conformance";
import "@polyad/backend-tape"; // exact, for random programs to be compared with

// It declares what is beyond differences of samples; there is nothing else to skip.
testBackend(AutoRichardson(), { skip: [], runs: 2 });
