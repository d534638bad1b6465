export { testBackend, type TestOptions } from "./testBackend.js";
