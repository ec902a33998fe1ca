import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Serves a request that asked for an upgrade nobody offers (`Upgrade: h2c`, which some clients put into every request) as the plain
 * request it also is. Node does so by itself as long as nobody listens for upgrades, and a mount must listen: its owner's endpoints
 * must not be lost to such clients by that. The connection ends with the answer.
 *
 * @returns false for what cannot be served so: a WebSocket handshake, or a request with a body, which Node has given up on.
 */
export function servePlain(server: Server, request: IncomingMessage, socket: Duplex): boolean {
  const { upgrade = "", "transfer-encoding": coding, "content-length": length = "0" } = request.headers;
  if (/\bwebsocket\b/i.test(upgrade) || coding !== undefined || Number(length) !== 0) return false;
  socket.on("error", () => {});
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => {
    response.detachSocket(socket as Socket);
    socket.end();
  });
  // So that its end is seen.
  socket.resume();
  server.emit("request", request, response);
  return true;
}
