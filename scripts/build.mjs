// turbo run build, without telemetry or update checks, the same on every system.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const turbo = fileURLToPath(new URL("../node_modules/turbo/bin/turbo", import.meta.url));
const env = { ...process.env, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
const args = ["run", "build", "--output-logs=errors-only", ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, [turbo, ...args], { cwd: root, env, stdio: "inherit" }).status ?? 1;
