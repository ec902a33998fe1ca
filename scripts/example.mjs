// npm run example NAME: a program of examples/, from a fresh clone: `npm run example tools`, `npm run example react/server.ts`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./lib/build.mjs";
import { endWithNpm } from "./lib/end-with-npm.mjs";
import { checkNode, install } from "./lib/install.mjs";
import { root } from "./lib/run.mjs";

const examples = join(root, "examples");
const name = process.argv[2] ?? "";
const file = [name, `${name}.ts`, join(name, "server.ts")].find(
  (each) => /\.ts$/.test(each) && existsSync(join(examples, each)),
);
if (file === undefined) {
  const names = readdirSync(examples, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isFile()) return entry.name.endsWith(".ts") ? [entry.name.slice(0, -3)] : [];
    return existsSync(join(examples, entry.name, "server.ts")) ? [entry.name] : [];
  });
  console.error(`There is no example ${name || "without a name"}. There are: ${names.sort().join(", ")}.`);
  process.exit(1);
}
checkNode();
endWithNpm();
await install();
const code = await build();
if (code !== 0) process.exit(code);
// Node from 22.18 on runs TypeScript by itself.
if (!("typescript" in process.features) || !process.features.typescript) (await import("tsx/esm/api")).register();
await import(pathToFileURL(join(examples, file)).href);
