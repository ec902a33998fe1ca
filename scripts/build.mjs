// npm run build: everything that ships, and only what is stale.
import { bundle, compile } from "./lib/build.mjs";
import { checkNode, install } from "./lib/install.mjs";

checkNode();
await install();
process.exitCode = (await compile()) || (await bundle());
