// npm start: from a fresh clone to a running demo server. The server runs in this process, so signals and the exit code
// are its own.
import { build } from "./lib/build.mjs";
import { endWithNpm } from "./lib/end-with-npm.mjs";
import { checkNode, install } from "./lib/install.mjs";

checkNode();
endWithNpm();
await install();
const code = await build();
if (code !== 0) process.exit(code);
const server = new URL("../apps/demo-server/dist/main.js", import.meta.url).href;
await import(server);
