import { opus } from "@roomkit/codec-opus";
import { Audio, type DataChannel, PeerConnection, RtcpReceivingSession } from "node-datachannel";
import { type EchoServer, RATE } from "./echo-server.ts";
import { listen, offerServer, stop } from "./http.ts";
import type { OpusBinding } from "./opus-bindings.ts";
import { writeRtp } from "./rtp.ts";
import { Ears } from "./sounds.ts";

const SSRC = 99;

/** Nothing but libdatachannel and the codec: each packet is decoded, coded again and sent at once. */
export async function bareNodeDataChannel(codec: OpusBinding): Promise<EchoServer> {
  const closers: (() => void)[] = [];
  const ears = new Ears();
  const server = offerServer(async (sdp, caller) => {
    const payloadType = Number(/a=rtpmap:(\d+) opus\//i.exec(sdp)?.[1]);
    const decoder = await opus({ binding: codec }).createDecoder({ sampleRate: RATE });
    // No FEC: nothing is lost, and ours leaves it out once it is told so.
    const encoder = await opus({ binding: codec, expectedLossPercent: 0 }).createEncoder({ sampleRate: RATE });
    const config = { iceServers: [], bindAddress: "127.0.0.1", disableAutoNegotiation: true };
    const pc = new PeerConnection(`bare ${caller}`, config);
    const audio = new Audio(/^m=audio.*?^a=mid:(\S+)/ms.exec(sdp)?.[1] ?? "0", "SendRecv");
    audio.addAudioCodec(payloadType, "opus/48000/2", "minptime=10;useinbandfec=1");
    audio.addSSRC(SSRC, "echo", "echo", "echo");
    const track = pc.addTrack(audio);
    track.setMediaHandler(new RtcpReceivingSession());
    let at = 0;
    let closed = false;
    track.onMessage(
      guarded((data: Buffer) => {
        // The callers' packets have no extensions. Others are RTCP, or nothing but padding.
        if (closed || ((data[1] ?? 0) & 0x7f) !== payloadType || data.length <= 12) return;
        const samples = decoder.decode(data.subarray(12));
        ears.hear(caller, samples, RATE);
        const packet = encoder.encode(samples);
        if (packet && track.isOpen()) track.sendMessageBinary(writeRtp({ payloadType, ssrc: SSRC, at: at++ }, packet));
      }),
    );
    // One that nothing refers to is collected, and closed with that.
    const channels: DataChannel[] = [];
    pc.onDataChannel(guarded((channel: DataChannel) => channels.push(channel)));
    closers.push(() => {
      closed = true;
      channels.length = 0;
      track.close();
      pc.close();
      decoder.close();
      encoder.close();
    });
    const gathered = new Promise<void>((resolve) => {
      pc.onGatheringStateChange(guarded((state: string) => state === "complete" && resolve()));
    });
    const lines = sdp.split("\r\n");
    const isCandidate = (line: string): boolean => line.startsWith("a=candidate");
    const offer = lines.filter((line) => !isCandidate(line) && !line.startsWith("a=end-of"));
    // So that it answers `passive`: a handshake of its own may come before the caller listens for one.
    pc.setRemoteDescription(offer.join("\r\n").replaceAll("a=setup:actpass", "a=setup:active"), "offer");
    pc.setLocalDescription("answer");
    await gathered;
    for (const line of new Set(lines.filter(isCandidate))) {
      // Candidates of kinds or addresses it cannot use are refused; there are others.
      guarded(() => pc.addRemoteCandidate(line.slice(2), "0"))();
    }
    return pc.localDescription()?.sdp ?? "";
  });
  return {
    url: await listen(server),
    ears,
    processes: [],
    madeUp: () => ({ ms: 0, packets: 0 }),
    async close() {
      for (const close of closers) close();
      await stop(server);
    },
  };
}

/** An exception that gets back into the library ends the process. */
function guarded<Args extends unknown[]>(callback: (...args: Args) => unknown): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      console.error("bare node-datachannel:", error);
    }
  };
}
