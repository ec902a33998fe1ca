// npm run build: everything that ships, and only what is stale.
import { build } from "./lib/build.mjs";
import { checkNode, install } from "./lib/install.mjs";

checkNode();
await install();
process.exitCode = await build();
