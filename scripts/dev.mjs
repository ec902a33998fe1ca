// npm run dev: the demo server restarting on every change, and Vite serving its page.
import { checkNode, install } from "./lib/install.mjs";
import { run } from "./lib/run.mjs";

checkNode();
// Workers run from source too.
process.env.ROOMKIT_SOURCE_LOADER = new URL("../tools/source.mjs", import.meta.url).href;
await install();
const codes = await Promise.all([
  run("tsx", ["watch", "--conditions=@roomkit/source", "apps/demo-server/src/main.ts", ...process.argv.slice(2)]),
  run("vite", ["apps/browser-client"]),
]);
process.exitCode = codes.find((code) => code !== 0) ?? 0;
