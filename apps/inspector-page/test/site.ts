import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { playground } from "@roomkit/playground";
import { build } from "vite";
import type { Processes } from "./calls.ts";

export interface Site {
  readonly url: string;
  /** Breaks every connection, as a network would. */
  cut(): void;
  close(): Promise<void>;
}

/** The page as it is shipped, built anew, in front of the inspector of the first process. */
export async function serve(processes: Processes): Promise<Site> {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "roomkit-inspector-"));
  await build({ root, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  const page = playground({ folder });
  const server = createServer((request, response) => {
    void page.fetch(new Request(`http://${request.headers.host}${request.url}`), "/inspect").then(async (answer) => {
      if (!answer) return void processes.inspectors[0]?.handle(request, response);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/inspect/ui/`,
    cut: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await processes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
