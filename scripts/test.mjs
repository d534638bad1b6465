// Everything a newcomer needs to know that the tree is sound: build, types, lint, tests, packages.
// The last line is `N passed, N failed`: vitest's tests plus one for each other step.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "polyad-test-"));
const vitestReport = join(scratch, "vitest.json");

const steps = [
  ["build", "scripts/build.mjs"],
  ["types of examples", "node_modules/typescript/bin/tsc", "-b"],
  ["types of tests", "node_modules/typescript/bin/tsc", "-p", "tsconfig.test.json"],
  ["lint", "node_modules/oxlint/bin/oxlint"],
  ["boundaries", "scripts/check-boundaries.mjs"],
  ["tables", "scripts/tables.mjs", "--check"],
  ["wasm", "packages/core/scripts/build-wasm.mjs", "--check"],
  ["tests", "node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`],
  ["packages", "scripts/check-package.mjs"],
];

let passed = 0;
let failed = 0;

for (const [name, ...command] of steps) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const ok = spawnSync(process.execPath, command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
  console.log(`== ${name}: ${ok ? "ok" : "FAILED"} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const counts = name === "tests" ? vitestCounts(ok) : [Number(ok), Number(!ok)];
  passed += counts[0];
  failed += counts[1];
  if (name === "build" && !ok) break; // everything after it reads what it wrote
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Tests that passed and failed; a file that did not load, or a run that died, is a failure of its own. */
function vitestCounts(ok) {
  try {
    const report = JSON.parse(readFileSync(vitestReport, "utf8"));
    const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
    const failures = report.numFailedTests + broken;
    return [report.numPassedTests, failures === 0 && !ok ? 1 : failures];
  } catch {
    return [0, 1];
  }
}
