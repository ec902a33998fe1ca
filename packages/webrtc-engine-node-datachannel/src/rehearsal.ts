import { type WebRTCOffer, type WebRTCPeerLimits, withTimeout } from "@roomkit/core";
import { Audio, PeerConnection } from "node-datachannel";
import { NodeDataChannelPeer } from "./peer.ts";

/** Connecting takes a fifth of a second when nothing is loaded yet, ms; a machine too busy for so long has no use for it. */
const REHEARSAL_MS = 5_000;
const ADDRESS = "127.0.0.1";
const OPUS = { payloadType: 111, name: "opus", clockRate: 48_000, channels: 2 } as const;
const LIMITS: WebRTCPeerLimits = {
  dataChannels: 1,
  messageBytes: 1_024,
  bufferedBytes: 1_024,
  remoteAddresses: 2,
  streams: 1,
};

/**
 * A call of this library with itself, on ports of loopback that the system chooses, and its end: what the first call of a process takes
 * longer is then behind us. @throws what goes wrong, `timeout`, or the signal's reason
 */
export async function rehearse(signal: AbortSignal): Promise<void> {
  const caller = new PeerConnection("rehearsal-caller", {
    iceServers: [],
    bindAddress: ADDRESS,
    disableAutoNegotiation: true,
  });
  let callee: NodeDataChannelPeer | undefined;
  try {
    const audio = new Audio("0", "SendRecv");
    audio.addAudioCodec(OPUS.payloadType, `${OPUS.name}/${OPUS.clockRate}/${OPUS.channels}`);
    audio.addSSRC(1, "rehearsal", "rehearsal", "audio");
    caller.addTrack(audio);
    const channel = caller.createDataChannel("text");
    const opened = new Promise<void>((resolve) => channel.onOpen(resolve));
    const gathered = new Promise<void>((resolve) =>
      caller.onGatheringStateChange((state) => state === "complete" && resolve()),
    );
    const wait = (what: Promise<void>): Promise<void> =>
      withTimeout(what, REHEARSAL_MS, { what: "a call with itself", signal });
    caller.setLocalDescription("offer");
    await wait(gathered);
    callee = new NodeDataChannelPeer({
      name: "rehearsal",
      offer: offerOf(caller.localDescription()?.sdp ?? ""),
      accept: { audio: { direction: "sendrecv", codecs: [OPUS], ssrc: 2 }, loopback: false, limits: LIMITS },
      config: {
        iceServers: [],
        bindAddress: ADDRESS,
        disableAutoNegotiation: true,
        maxMessageSize: LIMITS.messageBytes,
      },
      loopback: false,
      announcedAddress: undefined,
      onListenerError() {},
    });
    const called = callee;
    const met = new Promise<void>((resolve) => called.onConnected(resolve));
    await wait(called.negotiate());
    // It takes candidates in an answer only sometimes; after it, always.
    caller.setRemoteDescription(withoutCandidates(called.answer), "answer");
    for (const [line] of called.answer.matchAll(/candidate:.*/g)) caller.addRemoteCandidate(line.trim(), "0");
    await wait(Promise.all([opened, met]).then(() => {}));
  } finally {
    await callee?.close();
    caller.close();
  }
}

/** Of an offer this library uses the text. */
function offerOf(sdp: string): WebRTCOffer {
  return {
    sdp: withoutCandidates(sdp),
    media: ["audio", "data"],
    audio: { mid: "0", direction: "sendrecv", codecs: [OPUS] },
    data: { mid: "1", sctpPort: 5000, maxMessageSize: LIMITS.messageBytes },
    ice: { usernameFragment: "", password: "", lite: false },
    fingerprints: [],
    setup: "actpass",
    candidates: [],
  };
}

const withoutCandidates = (sdp: string): string => sdp.replaceAll(/^a=(candidate|end-of-candidates).*\r?\n/gm, "");
