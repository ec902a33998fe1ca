// One of several processes: `node node-process.fixture.ts <PostgreSQL's URL> <port> [<URL of the Redis that has the leases>]`. Says its port when it takes calls, and each run of a tool.
import { openRedisBus } from "@roomkit/bus-redis";
import { openPostgresStore } from "@roomkit/store-postgres";
import { startNode } from "./node.fixture.ts";

const [url, port, redis] = process.argv.slice(2);
const said = (level: string) => (fields: object, message: string) =>
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const logger = { debug: () => {}, info: () => {}, warn: said("warn"), error: said("error") };
const store = await openPostgresStore({ url: url as string, logger });
const bus = redis === undefined ? undefined : await openRedisBus({ url: redis, logger });
const node = await startNode({
  ...{ store, leases: (bus ?? store).leases, logger, port: Number(port) },
  onTool: (name) => process.stdout.write(`tool ${name}\n`),
});
process.stdout.write(`ready ${node.port}\n`);
process.once("SIGTERM", async () => {
  await node.kit.drain({ timeoutMs: 500, handOverMs: 3_000 });
  await node.close();
  await bus?.close();
  await store.close();
  process.exit(0);
});
