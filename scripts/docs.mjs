// npm run docs: the documentation as a site, as it is written. With `build`: its files, in apps/docs/dist.
import { checkNode, install } from "./lib/install.mjs";
import { run } from "./lib/run.mjs";

checkNode();
await install();
const source = ["--import", "./tools/source.mjs", "--conditions=@roomkit/source"];
process.exitCode =
  (await run("node", [...source, "apps/docs/scripts/reference.ts"])) ||
  (await run("node", ["apps/docs/node_modules/vitepress/bin/vitepress.js", process.argv[2] ?? "dev", "apps/docs"]));
