// npm test: everything that must hold, from a fresh clone. Ends with one line, `N passed, N failed`; a static check that
// fails counts as one failure. Arguments go to vitest: npm test -- packages/core
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, compile } from "./lib/build.mjs";
import { findChromium } from "./lib/chromium.mjs";
import { checkNode, install } from "./lib/install.mjs";
import { root, run } from "./lib/run.mjs";
import { summaryLine } from "./lib/summary.mjs";
import { installSqliteNode, installTestPrograms } from "./lib/test-programs.mjs";

checkNode();
await install();
await installTestPrograms();
await installSqliteNode();

const checks = [
  { name: "compile", check: compile },
  { name: "types of the tests", check: () => run("tsc", ["-p", "tsconfig.test.json"]) },
  { name: "bundle", check: bundle },
  { name: "lint and format", check: () => run("biome", ["check", "."]) },
  { name: "nothing unused", check: () => run("knip", ["--cache", "--no-progress", "--treat-config-hints-as-errors"]) },
];
let failedChecks = 0;
for (const { name, check } of checks) {
  const failed = (await check()) !== 0;
  if (failed) failedChecks++;
  console.log(`${failed ? "✗" : "✓"} ${name}`);
}

const counts = await runVitest(process.argv.slice(2));
counts.failed += failedChecks;
if (findChromium() === undefined) counts.skipped += countBrowserTests();
console.log(`\n${summaryLine(counts)}`);
process.exitCode = counts.failed > 0 ? 1 : 0;

/**
 * @param {string[]} args
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-test-"));
  const file = join(folder, "summary.json");
  try {
    const code = await run("vitest", ["run", ...args], { env: { ROOMKIT_TEST_SUMMARY: file } });
    const counts = JSON.parse(readFileSync(file, "utf8"));
    // For instance a coverage threshold: the run failed although no test did.
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } catch (error) {
    console.error(`The test run did not finish: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without a browser the browser tests are never collected, so they are counted in their files. */
function countBrowserTests() {
  let count = 0;
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) {
      for (const part of ["src", "test"]) count += countIn(join(root, group, name, part));
    }
  }
  return count;
}

/** @param {string} folder */
function countIn(folder) {
  let count = 0;
  try {
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".browser.test.ts")) continue;
      count += readFileSync(join(folder, file), "utf8").match(/^\s*(it|test)\(/gm)?.length ?? 0;
    }
  } catch {
    // This package has no such folder.
  }
  return count;
}
