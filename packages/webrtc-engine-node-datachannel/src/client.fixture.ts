import { isRtcp } from "@roomkit/core";
import type { WebRTCEngineClient } from "@roomkit/testing";
import { parseOffer } from "@roomkit/transport-webrtc";
import { Audio, type DataChannel, PeerConnection, type Track } from "node-datachannel";

export interface NativeClientOptions {
  /** What it does with audio. Default: both; `none` offers no audio section. */
  readonly audio?: "SendRecv" | "RecvOnly" | "none" | undefined;
  /** Opens a data channel named `text`. Default true. */
  readonly channel?: boolean | undefined;
  /** Answers requests for a sender report at once, as browsers do. Default false. */
  readonly reports?: boolean | undefined;
}

export interface NativeClient extends WebRTCEngineClient {
  /** Its audio section can be sent on: some time after the server's can. */
  readonly opened: Promise<void>;
  /** RTCP packets received. */
  readonly rtcp: readonly Buffer[];
  sendRtcp(packet: Uint8Array): void;
  /** Sends an RTP packet with the SSRC it has. */
  sendSource(packet: Buffer): void;
}

const SSRC = 77;
let count = 0;

/** A sender report that says nothing but that there is a sender. */
export function senderReport(ssrc = SSRC, time = 0): Buffer {
  const data = Buffer.alloc(28);
  data.set([0x80, 200, 0, 6]);
  data.writeUInt32BE(ssrc, 4);
  data.writeUInt32BE(time, 10);
  return data;
}

/** A client for the conformance suite, on the same library. */
export function nativeClient(options: NativeClientOptions = {}): NativeClient {
  const { audio: direction = "SendRecv", channel: withChannel = true, reports = false } = options;
  const pc = new PeerConnection(`client-${++count}`, {
    iceServers: [],
    bindAddress: "127.0.0.1",
    disableAutoNegotiation: true,
  });
  const rtp: Uint8Array[] = [];
  const rtcp: Buffer[] = [];
  let track: Track | undefined;
  let opened = Promise.resolve();
  if (direction !== "none") {
    const audio = new Audio("0", direction);
    audio.addOpusCodec(111);
    if (direction === "SendRecv") audio.addSSRC(SSRC, "client", "client", "mic");
    const added = pc.addTrack(audio);
    track = added;
    opened = new Promise((resolve) => added.onOpen(resolve));
    track.onMessage((data) => {
      if (!isRtcp(data)) rtp.push(Uint8Array.from(data));
      else {
        rtcp.push(Buffer.from(data));
        if (reports && data[8] === 0x85 && data[9] === 205) track?.sendMessageBinary(senderReport());
      }
    });
  }
  const channel: DataChannel | undefined = withChannel ? pc.createDataChannel("text") : undefined;
  const others: DataChannel[] = [];
  const messages: (string | Uint8Array)[] = [];
  channel?.onMessage((m) => messages.push(typeof m === "string" ? m : new Uint8Array(m)));
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
      data.writeUInt32BE(SSRC, 8);
      track?.sendMessageBinary(data);
    },
    sendSource: (packet) => void track?.sendMessageBinary(packet),
    sendRtcp: (packet) => void track?.sendMessageBinary(Buffer.from(packet)),
    opened,
    rtp,
    rtcp,
    send(message) {
      if (typeof message === "string") channel?.sendMessage(message);
      else channel?.sendMessageBinary(message);
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
