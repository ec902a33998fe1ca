import type { WebRTCEngineClient } from "@roomkit/testing";
import { parseOffer } from "@roomkit/transport-webrtc";
import { Audio, type DataChannel, PeerConnection, type Track } from "node-datachannel";

let count = 0;

/** A client for the conformance suite, on the same library. */
export function nativeClient(): WebRTCEngineClient {
  const pc = new PeerConnection(`client-${++count}`, {
    iceServers: [],
    bindAddress: "127.0.0.1",
    disableAutoNegotiation: true,
  });
  const audio = new Audio("0", "SendRecv");
  audio.addOpusCodec(111);
  audio.addSSRC(77, "client", "client", "mic");
  const track: Track = pc.addTrack(audio);
  const rtp: Uint8Array[] = [];
  track.onMessage((data) => {
    const type = (data[1] as number) & 0x7f;
    if (type < 64 || type > 95) rtp.push(Uint8Array.from(data));
  });
  const channel: DataChannel = pc.createDataChannel("text");
  const others: DataChannel[] = [];
  const messages: (string | Uint8Array)[] = [];
  channel.onMessage((m) => messages.push(typeof m === "string" ? m : new Uint8Array(m)));
  const gathered = new Promise<void>((resolve) => {
    pc.onGatheringStateChange((state) => state === "complete" && resolve());
  });
  let offered = false;
  let closed = false;
  return {
    async offer() {
      if (!offered) pc.setLocalDescription("offer");
      offered = true;
      await gathered;
      // Without its candidates. A server that checks them at once can make it begin DTLS before it has stored the fingerprint of
      // the answer it is being given, and then it gives up.
      return parseOffer(pc.localDescription()?.sdp ?? "", () => false, 0);
    },
    async accept(answer) {
      // It takes candidates in an answer only sometimes; after it, always.
      const lines = answer.split("\r\n");
      pc.setRemoteDescription(
        lines.filter((l) => !l.startsWith("a=candidate") && !l.startsWith("a=end-of")).join("\r\n"),
        "answer",
      );
      for (const line of new Set(lines.filter((l) => l.startsWith("a=candidate"))))
        pc.addRemoteCandidate(line.slice(2), "0");
    },
    sendRtp(packet) {
      const data = Buffer.from(packet);
      data.writeUInt32BE(77, 8);
      track.sendMessageBinary(data);
    },
    rtp,
    send(message) {
      if (typeof message === "string") channel.sendMessage(message);
      else channel.sendMessageBinary(message);
    },
    messages,
    open: (label) => void others.push(pc.createDataChannel(label)),
    async close() {
      if (closed) return;
      closed = true;
      pc.close();
    },
  };
}
