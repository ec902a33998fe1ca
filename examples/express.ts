// Calls on an Express server, beside its own routes: anything with a Node server under it takes them the same way.
//
//   npm run example express        then open the address it prints
//
// Try: call, and look at /calls meanwhile. It tells who is calling and what they said last.
import { createServer } from "node:http";
import express from "express";
import { RoomKit, voice } from "roomkit";

const { PORT = "8000" } = process.env;
const app = express();
const server = createServer(app);
const kit = new RoomKit();

const calls = new Map<string, { since: Date; said?: string }>();
kit.hook("ON_SESSION_STARTED", ({ session }) => void calls.set(session.id, { since: new Date() }));
kit.hook("ON_SESSION_ENDED", ({ session }) => void calls.delete(session.id));
kit.hook("ON_TURN_COMPLETE", ({ session, text }) => void Object.assign(calls.get(session.id) ?? {}, { said: text }));

app.get("/", (_request, response) => response.redirect(line.url));
app.get("/calls", (_request, response) => void response.json([...calls.values()]));

// Only this machine reaches it: give `auth` where that is not so, such as a check of your session's cookie.
const line = await voice(kit, { server, allowAnonymous: true, greeting: "Hello from Express!" });
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Open http://localhost:${PORT}${line.url} and speak English`),
);

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  server.close();
  server.closeAllConnections();
});
