import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { summaryLine } from "../scripts/lib/summary.mjs";

/**
 * Ends a run with one line, `N passed, N failed` (and `, N skipped` when any are), for people and programs that read only the
 * last line. When `ROOMKIT_TEST_SUMMARY` names a file, the counts go there instead and `scripts/test.mjs` prints the line.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that does not load, or a hook that throws, fails without any test having failed.
      if (module.errors().length > 0) counts.failed++;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") counts[state]++;
      }
    }
    const file = process.env.ROOMKIT_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`\n${summaryLine(counts)}\n`);
  }
}
