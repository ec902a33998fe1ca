// npm run create:matrix: all that `npm create roomkit` can make, and by each package manager: made, installed, checked, started and
// called. Takes some 5 minutes.
import { build } from "./lib/build.mjs";
import { run } from "./lib/run.mjs";

process.exitCode = await build();
process.exitCode ||= await run("vitest", ["run", "--project", "node", "packages/create-roomkit"], {
  env: { CREATE_MATRIX: "1" },
});
