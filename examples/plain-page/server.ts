// One HTML file that talks to RoomKit without a package: index.html speaks the plain JSON wire format over a WebSocket, draws a
// level meter and shows the transcript. Nothing is built, and any language could do what its script does.
//
//   npm run example plain-page        then open the address it prints
//
// Try: read index.html, it is short. docs/protocol.md has the format, under "Compat".
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { RoomKit, voice } from "roomkit";

const { PORT = "8000" } = process.env;
const page = readFileSync(new URL("index.html", import.meta.url));
const server = createServer((request, response) => {
  const found = request.url === "/";
  response.writeHead(found ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
  response.end(found ? page : "Not found.");
});

const kit = new RoomKit();
// Only this machine reaches it: give `auth` where that is not so.
const line = await voice(kit, { server, allowAnonymous: true, greeting: "Hello from a plain page!" });
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open http://localhost:${PORT} and speak English`));

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  server.close();
  server.closeAllConnections();
});
