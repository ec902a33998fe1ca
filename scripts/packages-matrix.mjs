// npm run packages:matrix: the packages as users get them, by every package manager, compiler and Node; `npm test` has a part of it.
import { build } from "./lib/build.mjs";
import { nodeOf } from "./lib/node-versions.mjs";
import { run } from "./lib/run.mjs";

const others = (await Promise.all([22, 24].map(nodeOf))).filter((node) => node !== process.execPath);
process.exitCode = await build();
process.exitCode ||= await run("vitest", ["run", "--project", "node", "tools/published", ...process.argv.slice(2)], {
  env: { ROOMKIT_MATRIX: "1", ROOMKIT_NODES: others.join() },
});
