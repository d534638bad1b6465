// turbo run build, the same on every system: no telemetry, no update checks, and silent unless something fails.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const turbo = join(root, "node_modules/turbo/bin/turbo");
const env = { ...process.env, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
const { status, stdout, stderr } = spawnSync(process.execPath, [turbo, "run", "build", ...process.argv.slice(2)], { cwd: root, env, encoding: "utf8" });
if (status !== 0) process.stderr.write(stdout + stderr);
process.exitCode = status ?? 1;
