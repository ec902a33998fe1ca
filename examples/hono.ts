// Calls on a Hono server, beside its own routes. On Node: calls need a process that stays.
//
//   npm run example hono        then open the address it prints
//
// Try: call, and look at /calls meanwhile. It tells who is calling and what they said last.
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { RoomKit, voice } from "roomkit";

const { PORT = "8000" } = process.env;
const app = new Hono();
const server = createAdaptorServer({ fetch: app.fetch });
const kit = new RoomKit();

const calls = new Map<string, { since: Date; said?: string }>();
kit.hook("ON_SESSION_STARTED", ({ session }) => void calls.set(session.id, { since: new Date() }));
kit.hook("ON_SESSION_ENDED", ({ session }) => void calls.delete(session.id));
kit.hook("ON_TURN_COMPLETE", ({ session, text }) => void Object.assign(calls.get(session.id) ?? {}, { said: text }));

app.get("/", (context) => context.redirect(line.url));
app.get("/calls", (context) => context.json([...calls.values()]));

// Only this machine reaches it: give `auth` where that is not so, such as a check of your session's cookie.
const line = await voice(kit, { server, allowAnonymous: true, greeting: "Hello from Hono!" });
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Open http://localhost:${PORT}${line.url} and speak English`),
);

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
});
