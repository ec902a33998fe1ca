import { createServer } from "node:http";
import express from "express";
import { host, port, sayWhere, sayWhyNot } from "./address.ts";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

const app = express();
for (const [path, { type, body }] of files) {
  app.get(path, (_request, response) => {
    response.type(type).send(body);
  });
}

const server = createServer(app);
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
