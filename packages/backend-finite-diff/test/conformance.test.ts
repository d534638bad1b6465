import { testBackend } from "@polyad/conformance";
import { AutoFiniteDiff } from "@polyad/backend-finite-diff";
import "@polyad/backend-tape"; // exact, for random programs to be compared with

testBackend(AutoFiniteDiff());
