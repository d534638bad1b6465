import { testBackend } from "@polyad/conformance";
import { AutoTape } from "@polyad/backend-tape";

testBackend(AutoTape());
