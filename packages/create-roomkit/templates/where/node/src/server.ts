import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

if (existsSync(".env")) process.loadEnvFile();
const { HOST = "127.0.0.1", PORT = "8000" } = process.env;

const server = createServer((request, response) => {
  const file = files.get(request.url?.split("?")[0] ?? "");
  const { type, body } = file ?? { type: "text/plain", body: "Not found\n" };
  response.writeHead(file ? 200 : 404, { "content-type": type });
  response.end(body);
});

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
