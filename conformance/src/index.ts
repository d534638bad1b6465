export { type Check, type Group, type Needs, type Outcome, type Result, type RunOptions, type Skip } from "./check.js";
export { Disagreement } from "./compare.js";
export { engineOf, type Engine } from "./engine.js";
export { htmlReport } from "./html.js";
export { checkPrograms, printProgram, program, type ProgramFailure, type ProgramsOptions } from "./programs/index.js";
export { matrixOf, printReport, reasonsOf, talliesOf, type Cell, type Matrix, type Tally } from "./report.js";
export { runSuite, type SuiteOptions } from "./run.js";
export { checks } from "./suite.js";
export { testBackend } from "./testBackend.js";
