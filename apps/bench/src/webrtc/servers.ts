import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { opus } from "@roomkit/codec-opus";
import { silentLogger, type WebRTCEngine } from "@roomkit/core";
import { mountRealtime, WebRTCTransport, WeriftEngine } from "@roomkit/transport-webrtc";
import { NodeDataChannelEngine } from "@roomkit/webrtc-engine-node-datachannel";
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS } from "werift";

const RATE = 24_000;

/** An echo server under measurement. */
export interface EchoServer {
  readonly url: string;
  /** What the audio receivers of all sessions made up for lost packets so far. */
  madeUp(): { readonly ms: number; readonly packets: number };
  close(): Promise<void>;
}

export const engines: Readonly<Record<string, () => WebRTCEngine>> = {
  werift: () => new WeriftEngine({ listenAddresses: ["127.0.0.1"], logger: silentLogger }),
  "node-datachannel": () => new NodeDataChannelEngine({ listenAddress: "127.0.0.1", logger: silentLogger }),
};

/** The whole path: mount, signalling, engine, jitter buffer, decoder, playout queue, encoder. */
export async function roomkitServer(engine: WebRTCEngine, sessions: number): Promise<EchoServer> {
  const transport = new WebRTCTransport({
    opus: opus(),
    engine,
    inputSampleRate: RATE,
    outputSampleRate: RATE,
    logger: silentLogger,
  });
  const ids: string[] = [];
  transport.onClientConnected(async (id) => {
    ids.push(id);
    const base = { roomId: "room", participantId: "caller", channelId: "voice", state: "connecting" } as const;
    const connection = await transport.accept({ ...base, id: `session-${id}`, metadata: {} }, id);
    connection.onAudio((frame) => connection.play("echo", frame));
  });
  const server = createServer((_request, response) => response.writeHead(404).end());
  const limits = { concurrencyLimit: sessions + 1, perAddressLimit: sessions + 1 };
  const unmount = mountRealtime(server, transport, { allowAnonymous: true, ...limits });
  await transport.warmUp();
  const url = `${await listen(server)}/rtc-realtime/webrtc/offer`;
  return {
    url,
    madeUp() {
      const audio = ids.map((id) => transport.statsOf(id)?.audio);
      return {
        ms: audio.reduce((sum, stats) => sum + (stats?.concealedMs ?? 0), 0),
        packets: audio.reduce((sum, stats) => sum + (stats?.lost ?? 0), 0),
      };
    },
    async close() {
      unmount();
      await transport.close();
      await stop(server);
    },
  };
}

/** Nothing but werift and the codec: each packet is decoded, coded again and sent at once. */
export async function bareServer(): Promise<EchoServer> {
  const closers: (() => Promise<void>)[] = [];
  const answer = async (sdp: string): Promise<string> => {
    const pc = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv6: false,
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      iceAdditionalHostAddresses: ["127.0.0.1"],
      codecs: { audio: [useOPUS({ parameters: "minptime=10;useinbandfec=1" })], video: [] },
    });
    const decoder = await opus().createDecoder({ sampleRate: RATE });
    const encoder = await opus().createEncoder({ sampleRate: RATE });
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
        const packet = encoder.encode(decoder.decode(payload));
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
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { sdp } = JSON.parse(Buffer.concat(parts).toString()) as { sdp: string };
      answer(sdp).then(
        (text) => response.end(JSON.stringify({ sdp: text, type: "answer" })),
        (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
      );
    });
  });
  const url = await listen(server);
  return {
    url,
    madeUp: () => ({ ms: 0, packets: 0 }),
    async close() {
      for (const close of closers) await close();
      await stop(server);
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
