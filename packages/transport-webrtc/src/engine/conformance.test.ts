import { silentLogger } from "@roomkit/core";
import { type WebRTCEngineClient, webrtcEngineConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { RtpHeader, RtpPacket } from "werift";
import { TestClient } from "../client.fixture.ts";
import { parseOffer, WeriftEngine } from "../index.ts";

/** werift's own peer connection as the suite's client. */
function weriftClient(): WebRTCEngineClient {
  const client = new TestClient({ url: "" });
  const messages: (string | Uint8Array)[] = [];
  client.channel?.onMessage.subscribe((m) => messages.push(typeof m === "string" ? m : Uint8Array.from(m)));
  let offered: Promise<string> | undefined;
  return {
    async offer() {
      offered ??= client.offer();
      return parseOffer(await offered, () => true, 20);
    },
    accept: (sdp) => client.pc.setRemoteDescription({ type: "answer", sdp }),
    sendRtp(packet) {
      const parsed = RtpPacket.deSerialize(Buffer.from(packet));
      client.track.writeRtp(new RtpPacket(new RtpHeader({ ...parsed.header }), parsed.payload));
    },
    get rtp() {
      return client.packets.map((packet) => packet.serialize());
    },
    send: (message) => client.channel?.send(typeof message === "string" ? message : Buffer.from(message)),
    messages,
    open: (label) => void client.pc.createDataChannel(label),
    close: () => client.close(),
  };
}

describe("WeriftEngine as a WebRTC engine", () => {
  const open = (): WeriftEngine => new WeriftEngine({ listenAddresses: ["127.0.0.1"], logger: silentLogger });
  for (const { name, run } of webrtcEngineConformance({ open, client: weriftClient })) it(name, run, 40_000);
});
