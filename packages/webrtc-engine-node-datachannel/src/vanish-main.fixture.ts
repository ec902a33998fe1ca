import type { WebRTCOffer } from "@roomkit/core";
import { type NativeClient, type NativeClientOptions, nativeClient } from "./client.fixture.ts";

/** To the process: make a client; then what it was answered. */
export type Request =
  | { readonly id: string; readonly options: NativeClientOptions; readonly speakMs: number }
  | { readonly id: string; readonly answer: string };
/** From the process: it listens; then each client's offer. */
export type Reply = "ready" | { readonly id: string; readonly offer: WebRTCOffer };

const clients = new Map<string, NativeClient>();
const say = (reply: Reply): void => void process.send?.(reply);

/** Packets of audio for a while, then none: a microphone that is given away. */
function speak(client: NativeClient, ms: number): void {
  let sequence = 0;
  const timer = setInterval(() => {
    const packet = Buffer.alloc(16);
    packet.set([0x80, 111]);
    packet.writeUInt16BE(++sequence, 2);
    packet.writeUInt32BE(sequence * 960, 4);
    try {
      client.sendRtp(packet);
    } catch {
      // Not connected yet.
    }
    if (sequence * 20 >= ms) clearInterval(timer);
  }, 20);
}

process.on("message", (request: Request) => {
  void (async () => {
    const { id } = request;
    if ("answer" in request) return await clients.get(id)?.accept(request.answer);
    const client = nativeClient(request.options);
    clients.set(id, client);
    say({ id, offer: await client.offer() });
    if (request.speakMs > 0) speak(client, request.speakMs);
  })();
});
process.on("disconnect", () => process.exit());
say("ready");
