import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { chromiumArguments, findChromium } from "./scripts/lib/chromium.mjs";

// Tests run from source: the condition makes every @roomkit import resolve to src/index.ts, so nothing needs building.
const source = "@roomkit/source";
const chromium = findChromium();

export default defineConfig({
  test: {
    // Calls take place in real time, so tests wait more than they compute: three files at once also where there are two cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    reporters: ["default", "./tools/summary-reporter.ts"],
    coverage: { include: ["packages/*/src/**/*.ts"], exclude: ["**/*.test.ts", "**/*.d.ts"] },
    projects: [
      {
        resolve: { conditions: [source, ...defaultServerConditions] },
        ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
        test: {
          name: "node",
          globalSetup: "./tools/schemas.ts",
          // Real sockets, threads and processes: seconds on a machine that is busy with other things. What a test
          // has to say of time it says on a clock of its own.
          testTimeout: 90_000,
          hookTimeout: 90_000,
          // Workers that tests start run from source too.
          env: { ROOMKIT_SOURCE_LOADER: new URL("tools/source.mjs", import.meta.url).href },
          include: [
            "packages/*/src/**/*.test.ts",
            "packages/*/network/**/*.test.ts",
            "apps/*/{src,test}/**/*.test.ts",
            "tools/**/*.test.ts",
            "scripts/**/*.test.mjs",
            "examples/test/**/*.test.ts",
          ],
          exclude: ["**/*.browser.test.ts", "**/node_modules/**", "**/dist/**"],
        },
      },
      // Without a browser on the machine this project is left out; `npm test` counts its tests as skipped.
      ...(chromium === undefined
        ? []
        : [
            {
              resolve: { conditions: [source, ...defaultClientConditions] },
              test: {
                name: "browser",
                include: ["packages/*/src/**/*.browser.test.ts", "apps/*/{src,test}/**/*.browser.test.ts"],
                browser: {
                  enabled: true,
                  headless: true,
                  screenshotFailures: false,
                  provider: playwright({ launchOptions: { executablePath: chromium, args: [...chromiumArguments] } }),
                  instances: [{ browser: "chromium" as const }],
                },
              },
            },
          ]),
    ],
  },
});
