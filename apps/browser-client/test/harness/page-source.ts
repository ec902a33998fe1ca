import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createServer } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = join(root, "vite.config.ts");

/** Where a server gets the page from. */
export interface Page {
  /** Where the page is on its server. */
  readonly path: string;
  serve(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** The page from source, for development. */
export async function sourcePage(): Promise<Page> {
  const vite = await createServer({
    root,
    configFile,
    logLevel: "error",
    appType: "spa",
    server: { middlewareMode: true, hmr: false, ws: false },
  });
  return { path: "/", serve: (request, response) => vite.middlewares(request, response), close: () => vite.close() };
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wav": "audio/wav",
};

/** As strict as a host may be. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** The page as it is shipped, built anew, below a mount and under a strict content security policy. */
export async function builtPage(): Promise<Page> {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-page-"));
  await build({ root, configFile, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  const path = "/voice/ui/";
  return {
    path,
    serve: (request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const file = join(folder, pathname.slice(path.length - 1) === "/" ? "index.html" : pathname.slice(path.length));
      try {
        if (!pathname.startsWith(path) || !file.startsWith(folder) || !statSync(file).isFile())
          throw new Error("not here");
        const type = types[extname(file)] ?? "application/octet-stream";
        response.writeHead(200, { "content-type": type, "content-security-policy": policy });
        response.end(readFileSync(file));
      } catch {
        response.writeHead(404).end();
      }
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
