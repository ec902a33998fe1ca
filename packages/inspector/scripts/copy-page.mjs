// npm run bundle: takes the built page of apps/inspector-page into this package, so that what is published has it.
import { cpSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../../../apps/inspector-page/bundle/", import.meta.url));
const to = fileURLToPath(new URL("../bundle/", import.meta.url));
if (!existsSync(`${from}index.html`)) {
  console.error("The page has not been built: run `npm run bundle` in apps/inspector-page first.");
  process.exit(1);
}
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
