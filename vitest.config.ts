import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/contract/**", "test/e2e/**"],
          testTimeout: 20_000,
        },
      },
      {
        // What waits, once more under a collector that takes at once what nobody holds.
        extends: true,
        test: {
          name: "collected",
          include: [
            "test/client/prism-client.test.ts",
            "test/runtime/channel/sidecar.test.ts",
            "test/runtime/control-plane/supervisor/{supervisor,attached,reload}.test.ts",
          ],
          execArgv: ["--gc-global", "--max-semi-space-size=1"],
          setupFiles: ["test/support/make-garbage.ts"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
