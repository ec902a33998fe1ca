import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
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

/**
 * Finds out whether a server could listen there, by one that lets nobody in.
 *
 * @throws RoomKitError `port_in_use`, `listen_failed`
 */
export async function probe(port: number, host: string): Promise<void> {
  const server = createTcpServer((socket) => socket.destroy());
  await listen(server, port, host);
  const closed = once(server, "close");
  server.close();
  await closed;
}

/** @throws RoomKitError `port_in_use`, `listen_failed` */
export async function listen(server: TcpServer, port: number, host: string): Promise<AddressInfo> {
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
