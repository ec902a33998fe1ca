import fastify from "fastify";
import { host, port, sayWhere, sayWhyNot } from "./address.ts";
import { takeCalls } from "./assistant.ts";
import { files } from "./page.ts";

const app = fastify({ forceCloseConnections: true });
for (const [path, { type, body }] of files) {
  app.get(path, (_request, reply) => reply.type(type).send(body));
}

const hangUp = await takeCalls(app.server);
await app.listen({ host, port }).catch(sayWhyNot);
sayWhere();

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await hangUp();
    await app.close();
  });
}
