import { opus } from "@roomkit/codec-opus";
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS } from "werift";
import { type EchoServer, RATE } from "./echo-server.ts";
import { listen, offerServer, stop } from "./http.ts";
import type { OpusBinding } from "./opus-bindings.ts";
import { Ears } from "./sounds.ts";

/** Nothing but werift and the codec: each packet is decoded, coded again and sent at once. */
export async function bareWerift(codec: OpusBinding): Promise<EchoServer> {
  const closers: (() => Promise<void>)[] = [];
  const ears = new Ears();
  const server = offerServer(async (sdp, caller) => {
    const pc = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv6: false,
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      iceAdditionalHostAddresses: ["127.0.0.1"],
      codecs: { audio: [useOPUS({ parameters: "minptime=10;useinbandfec=1" })], video: [] },
    });
    const decoder = await opus({ binding: codec }).createDecoder({ sampleRate: RATE });
    // No FEC: nothing is lost, and ours leaves it out once it is told so.
    const encoder = await opus({ binding: codec, expectedLossPercent: 0 }).createEncoder({ sampleRate: RATE });
    closers.push(async () => {
      await pc.close();
      decoder.close();
      encoder.close();
    });
    const out = new MediaStreamTrack({ kind: "audio" });
    let sequenceNumber = 0;
    let ssrc = 0;
    pc.onTrack.subscribe((track) =>
      track.onReceiveRtp.subscribe(({ payload }) => {
        if (payload.length === 0) return;
        const samples = decoder.decode(payload);
        ears.hear(caller, samples, RATE);
        const packet = encoder.encode(samples);
        if (!packet) return;
        const at = sequenceNumber++;
        const header = { payloadType: 111, sequenceNumber: at & 0xffff, timestamp: (at * 960) >>> 0, ssrc };
        out.writeRtp(new RtpPacket(new RtpHeader(header), Buffer.from(packet)));
      }),
    );
    await pc.setRemoteDescription({ type: "offer", sdp });
    for (const { connection } of pc.iceTransports) Object.assign(connection, { stunServer: undefined });
    const transceiver = pc.getTransceivers().find(({ kind }) => kind === "audio");
    if (transceiver) {
      await transceiver.sender.replaceTrack(out);
      transceiver.setDirection("sendrecv");
      ssrc = transceiver.sender.ssrc;
    }
    await pc.setLocalDescription(await pc.createAnswer());
    return pc.localDescription?.sdp ?? "";
  });
  return {
    url: await listen(server),
    ears,
    processes: [],
    madeUp: () => ({ ms: 0, packets: 0 }),
    async close() {
      for (const close of closers) await close();
      await stop(server);
    },
  };
}
