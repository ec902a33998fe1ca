import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface ClientScript {
  /** Of its own, for the test's files too. */
  readonly folder: string;
  /** The file: `@roomkit/client` as the global `roomkit`. */
  readonly script: string;
  remove(): void;
}

/** The browser client in one file, as a page without a bundler loads it. */
export async function clientScript(): Promise<ClientScript> {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-client-"));
  const script = join(folder, "client.js");
  await build({
    entryPoints: [fileURLToPath(import.meta.resolve("@roomkit/client"))],
    conditions: ["@roomkit/source"],
    bundle: true,
    format: "iife",
    globalName: "roomkit",
    outfile: script,
    logLevel: "silent",
  });
  return { folder, script, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
