// npm run new -- provider NAME [--kind stt|tts|ai|realtime], npm run new -- stage KIND-NAME: a package that compiles and passes its tests.
import { parseArgs } from "node:util";
import { root, run } from "../../scripts/lib/run.mjs";
import { createPackage, kinds, newPackage } from "./create.ts";

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { kind: { type: "string" } } });
  const made = newPackage(positionals[0], positionals[1], values.kind);
  createPackage(root, made);
  const path = `packages/${made.folder}`;
  const failed =
    (await run("biome", ["check", "--write", path, "README.md", "tsconfig.json"], { quiet: true })) ||
    (await run("pnpm", ["install", "--prefer-offline", "--no-frozen-lockfile"], { quiet: true }));
  if (failed) process.exitCode = 1;
  else
    console.log(
      [
        `${path} is there, in the build, in README.md and as a changeset. Its tests: npm test -- ${path}`,
        made.template === "stage"
          ? "Replace what process() does, then the options and the README, until no test is left to do."
          : `Replace ${made.template === "realtime" ? "src/protocol.ts and the vendor of the tests" : "src/vendor.ts"}, then the README, until no test is left to do.`,
        "What it exports is in api.md: npm run api",
      ].join("\n"),
    );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`npm run new -- provider NAME [--kind ${kinds.join("|")}]\nnpm run new -- stage KIND-NAME`);
  process.exitCode = 1;
}
