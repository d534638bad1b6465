import { testBackend } from "@polyad/conformance";
import { AutoFiniteDiff } from "@polyad/backend-finite-diff";

testBackend(AutoFiniteDiff());
