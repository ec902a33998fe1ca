import { existsSync } from "node:fs";
import { createServer } from "node:http";
import next from "next";
import { takeCalls } from "./assistant.ts";

if (existsSync(".env")) process.loadEnvFile();
const { HOST = "127.0.0.1", PORT = "8000" } = process.env;

const app = next({ dev: process.argv.includes("--dev") });
await app.prepare();
const handle = app.getRequestHandler();

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
const hangUp = await takeCalls(server);
server.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen(Number(PORT), HOST, () => {
  console.log(`Open http://localhost:${PORT} and speak English`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    try {
      await hangUp();
      await app.close();
    } finally {
      // What Next watches in development does not end by itself.
      process.exit();
    }
  });
}
