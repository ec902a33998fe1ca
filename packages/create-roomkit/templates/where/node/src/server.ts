import { createServer } from "node:http";
import { host, port, sayWhere, sayWhyNot } from "./address.ts";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

const server = createServer((request, response) => {
  const file = files.get(request.url?.split("?")[0] ?? "");
  const { type, body } = file ?? { type: "text/plain", body: "Not found\n" };
  response.writeHead(file ? 200 : 404, { "content-type": type });
  response.end(body);
});

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
