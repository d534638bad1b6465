import { testBackend } from "@polyad/conformance";
import { AutoForward } from "@polyad/backend-forward";

testBackend(AutoForward());
testBackend(AutoForward({ chunkSize: 2 }), { only: ({ group }) => group === "scenarios" });
