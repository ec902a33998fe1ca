import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { voiceServerOptions } from "@roomkit/backend-ws";
import { RoomKitError } from "@roomkit/core";

/** A server that leads from `/` to the page, and answers 404 to what nobody has mounted. */
export function pageServer(page: string): Server {
  return createServer(voiceServerOptions, (request, response) => {
    const home = /^\/(\?|$)/.test(request.url ?? "");
    response.writeHead(home ? 302 : 404, home ? { location: page } : { "content-type": "text/plain" });
    response.end(home ? undefined : `Not found. The page is at ${page}\n`);
  });
}

/** @throws RoomKitError `port_in_use`, `listen_failed` */
export async function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const details = { host, port };
    if (code !== "EADDRINUSE")
      throw new RoomKitError("listen_failed", `cannot listen on ${host}, port ${port}: ${message}`, { cause, details });
    throw new RoomKitError(
      "port_in_use",
      `port ${port} of ${host} is in use by another program: stop that, or choose another \`port\` (0: any that is free)`,
      { cause, details },
    );
  }
  return server.address() as AddressInfo;
}

export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
