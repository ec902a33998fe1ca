// npm start: from a fresh clone to a running demo server. The server runs in this process, so signals and the exit code
// are its own.
import { bundle, compile } from "./lib/build.mjs";
import { checkNode, install } from "./lib/install.mjs";

checkNode();
endWithNpm();
await install();
const code = (await compile()) || (await bundle());
if (code !== 0) process.exit(code);
const server = new URL("../apps/demo-server/dist/main.js", import.meta.url).href;
await import(server);

/** npm hands a signal only to the shell between it and this process, and the shell ends without passing it on. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 200);
  watch.unref();
}
