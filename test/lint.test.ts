import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the linter rejects a Value or a Tensor as a condition, and nothing else", () => {
  const fixture = "test/lint-fixtures/truthyValue.ts";
  const marked = readFileSync(root + fixture, "utf8").split("\n").flatMap((line, i) => (line.includes("// error") ? [i + 1] : []));
  const oxlint = ["node_modules/oxlint/bin/oxlint", "-c", "test/lint-fixtures/oxlint.json", "-f", "json", fixture];
  const { stdout } = spawnSync(process.execPath, oxlint, { cwd: root, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; labels: { span: { line: number } }[] }[] };
  const lines = diagnostics.filter(({ code }) => code.includes("strict-boolean-expressions")).map(({ labels }) => labels[0]!.span.line);
  expect([...new Set(lines)].sort((a, b) => a - b)).toEqual(marked);
});
