import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { host, port, sayWhere, sayWhyNot } from "./address.ts";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

const app = new Hono();
for (const [path, { type, body }] of files) {
  app.get(path, (context) => context.body(body, 200, { "content-type": type }));
}

const server = createServer(getRequestListener(app.fetch));
const hangUp = await takeCalls(server);
server.once("error", sayWhyNot);
server.listen(port, host, sayWhere);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await hangUp();
    server.close();
    server.closeAllConnections();
  });
}
