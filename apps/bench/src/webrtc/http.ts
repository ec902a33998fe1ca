import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on loopback. @returns its base address. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The least signalling a bare server can do: takes `{ sdp, webrtc_id }` on any path and gives `{ sdp, type }`. */
export function offerServer(answer: (sdp: string, caller: string) => Promise<string>): Server {
  return createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { sdp, webrtc_id } = JSON.parse(Buffer.concat(parts).toString()) as { sdp: string; webrtc_id: string };
      answer(sdp, webrtc_id).then(
        (text) => response.end(JSON.stringify({ sdp: text, type: "answer" })),
        (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
      );
    });
  });
}
