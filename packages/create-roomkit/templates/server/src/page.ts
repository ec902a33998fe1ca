import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const folder = fileURLToPath(new URL("../page/", import.meta.url));

/** The page's program with what it imports, bundled when the server starts. */
function script(): string {
  const { outputFiles } = buildSync({
    entryPoints: [`${folder}main.ts`],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

function read(name: string): string {
  return readFileSync(folder + name, "utf8");
}

/** What a browser gets, by path: its type and its text. */
export const files: ReadonlyMap<string, { type: string; body: string }> =
  new Map([
    ["/", { type: "text/html; charset=utf-8", body: read("index.html") }],
    [
      "/style.css",
      { type: "text/css; charset=utf-8", body: read("style.css") },
    ],
    ["/main.js", { type: "text/javascript; charset=utf-8", body: script() }],
  ]);
