// Calls on a Fastify server, beside its own routes.
//
//   npm run example fastify        then open the address it prints
//
// Try: call, and look at /calls meanwhile. It tells who is calling and what they said last.
import fastify from "fastify";
import { RoomKit, voice } from "roomkit";

const { PORT = "8000" } = process.env;
const app = fastify({ forceCloseConnections: true });
const kit = new RoomKit();

const calls = new Map<string, { since: Date; said?: string }>();
kit.hook("ON_SESSION_STARTED", ({ session }) => void calls.set(session.id, { since: new Date() }));
kit.hook("ON_SESSION_ENDED", ({ session }) => void calls.delete(session.id));
kit.hook("ON_TURN_COMPLETE", ({ session, text }) => void Object.assign(calls.get(session.id) ?? {}, { said: text }));

app.get("/", (_request, reply) => reply.redirect(line.url));
app.get("/calls", () => [...calls.values()]);

// Only this machine reaches it: give `auth` where that is not so, such as a check of your session's cookie.
const line = await voice(kit, { server: app.server, allowAnonymous: true, greeting: "Hello from Fastify!" });
await app.listen({ port: Number(PORT), host: "127.0.0.1" });
console.log(`Open http://localhost:${PORT}${line.url} and speak English`);

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  await app.close();
});
