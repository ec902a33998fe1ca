import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

if (existsSync(".env")) process.loadEnvFile();
const { HOST = "127.0.0.1", PORT = "8000" } = process.env;

const app = new Hono();
for (const [path, { type, body }] of files) {
  app.get(path, (context) => context.body(body, 200, { "content-type": type }));
}

const server = createServer(getRequestListener(app.fetch));
const hangUp = await takeCalls(server);
server.listen(Number(PORT), HOST, () => {
  console.log(`Open http://localhost:${PORT} and speak English`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await hangUp();
    server.close();
  });
}
