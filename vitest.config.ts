import { defineConfig } from "vitest/config";

// Workspace packages resolve to their sources: tests need no build.
const conditions = ["@polyad/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    maxWorkers: "100%",
    testTimeout: 60_000, // a machine that is shared, or small, is slow and not wrong
    include: ["{packages/*,conformance,examples/*,benchmarks}/test/**/*.test.ts", "test/**/*.test.ts"],
  },
});
