import { existsSync } from "node:fs";
import { createServer } from "node:http";
import express from "express";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

if (existsSync(".env")) process.loadEnvFile();
const { HOST = "127.0.0.1", PORT = "8000" } = process.env;

const app = express();
for (const [path, { type, body }] of files) {
  app.get(path, (_request, response) => {
    response.type(type).send(body);
  });
}

const server = createServer(app);
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
