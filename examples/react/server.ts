// A page of your own in React, with Vite, and the calls on the same port.
//
//   npm run example react        then open the address it prints; a change in src/ shows at once
//
// Try: change the style while a call is under way. It goes on.
// For production build the page (`npx vite build`), serve its `dist` with anything, and mount the calls as here.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { RoomKit, voice } from "roomkit";
import { createServer as createVite } from "vite";

const { PORT = "8000" } = process.env;
const server = createServer();
const vite = await createVite({
  root: fileURLToPath(new URL(".", import.meta.url)),
  appType: "spa",
  server: { middlewareMode: { server }, hmr: { server } },
});
server.on("request", vite.middlewares);

const kit = new RoomKit();
// Only this machine reaches it: give `auth` where that is not so.
const line = await voice(kit, { server, allowAnonymous: true, greeting: "Hello from React!" });
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open http://localhost:${PORT} and speak English`));

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  await vite.close();
  server.close();
  server.closeAllConnections();
});
