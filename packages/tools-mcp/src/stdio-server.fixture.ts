import { appendFileSync } from "node:fs";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { mcpServer } from "./server.fixture.ts";

// The program a test starts; `FIXTURE` says how it behaves, `FIXTURE_LOG` where it tells what it does.
const { FIXTURE = "", FIXTURE_LOG } = process.env;
const log = (line: string): void => {
  if (FIXTURE_LOG) appendFileSync(FIXTURE_LOG, `${line}\n`);
};
log(`started ${process.pid}`);
if (FIXTURE === "stubborn") for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
if (FIXTURE === "stubborn") setInterval(() => {}, 1_000);
if (FIXTURE === "noisy") process.stdout.write("Welcome to the fixture!\n{}\n[1,2]\n");
const server = mcpServer(log);
if (FIXTURE === "slow-list") {
  const { setRequestHandler } = server.server;
  const set = setRequestHandler.bind(server.server) as (method: string, handler: () => Promise<unknown>) => void;
  set("tools/list", () => new Promise(() => {}));
}
await server.connect(new StdioServerTransport());
