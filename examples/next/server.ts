// Next.js with a server of its own: pages, route handlers and calls on one port. Calls need a process that stays, so this is for
// a server or a container, not for functions.
//
//   CALL_SECRET=any npm run example next        in development; with NODE_ENV=production after `next build`
//
// Try: open the address, press "Start call". The page asks a route handler for a token, which the call shows.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import next from "next";
import { RoomKit, tokenAuth, voice } from "roomkit";
import { readToken } from "./lib/token.ts";

const { PORT = "8000", NODE_ENV } = process.env;
const port = Number(PORT);
const server = createServer();
const app = next({
  dev: NODE_ENV !== "production",
  dir: fileURLToPath(new URL(".", import.meta.url)),
  hostname: "localhost",
  port,
  httpServer: server,
});
await app.prepare();
const handle = app.getRequestHandler();
server.on("request", (request, response) => void handle(request, response));

const kit = new RoomKit();
const line = await voice(kit, {
  server,
  auth: tokenAuth(readToken),
  greeting: "Hello from Next!",
});
server.listen(port, "127.0.0.1", () => console.log(`Open http://localhost:${PORT} and speak English`));

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  await app.close();
  // In development pages hold connections on which they wait for changes.
  process.exit(0);
});
