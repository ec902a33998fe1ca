import { existsSync } from "node:fs";
import fastify from "fastify";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

if (existsSync(".env")) process.loadEnvFile();
const { HOST = "127.0.0.1", PORT = "8000" } = process.env;

const app = fastify();
for (const [path, { type, body }] of files) {
  app.get(path, (_request, reply) => reply.type(type).send(body));
}

const hangUp = await takeCalls(app.server);
await app.listen({ host: HOST, port: Number(PORT) });
console.log(`Open http://localhost:${PORT} and speak English`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await hangUp();
    await app.close();
  });
}
