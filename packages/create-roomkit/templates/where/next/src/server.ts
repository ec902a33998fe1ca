import { createServer } from "node:http";
import next from "next";
import { host, port, sayWhere, sayWhyNot } from "./address.ts";
import { takeCalls } from "./assistant.ts";

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
server.once("error", sayWhyNot);
server.listen(port, host, sayWhere);

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
