// npm run release: publishes what the registry does not have. npm run release -- --dry-run does all of a release on this machine.
import { execFileSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../scripts/lib/run.mjs";
import { pendingChangesets } from "./changesets.ts";
import { dryRun } from "./dry-run.ts";
import { refusals } from "./refusals.ts";
import { build, foldersOf, manifestOf, publish, type Run } from "./steps.ts";

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
if (values["dry-run"]) await dryRun(console.log);
else release();

function release(): void {
  const found = refusals({
    env: process.env,
    changed: run("git", ["status", "--porcelain"]).split("\n").filter(Boolean),
    changesets: [...pendingChangesets(root).keys()],
    manifests: [...foldersOf(root).values()].map(manifestOf),
  });
  if (found.length > 0) {
    console.error(
      ["Nothing is published:", ...found, "To see what would be: npm run release -- --dry-run"].join("\n  "),
    );
    process.exitCode = 1;
    return;
  }
  build(run);
  const published = publish(root, run, { NPM_CONFIG_PROVENANCE: "true" });
  console.log(published.length === 0 ? "Everything was published before." : `Published:\n  ${published.join("\n  ")}`);
  console.log(run("changeset", ["tag"]));
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<Run> {
  const PATH = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  return execFileSync(program, args, {
    cwd: root,
    env: { ...process.env, PATH, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  });
}
