import { AutoRichardson } from "@polyad/example-custom-backend";
import { testBackend } from "@polyad/conformance";
import "@polyad/backend-tape"; // exact, for random programs to be compared with

testBackend(AutoRichardson(), { runs: 3 });
