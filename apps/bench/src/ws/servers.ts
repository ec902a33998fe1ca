import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { mulaw } from "@roomkit/codec-mulaw";
import { silentLogger } from "@roomkit/core";
import { audioPipeline, createResampler } from "@roomkit/pipeline";
import { energyVad } from "@roomkit/vad-energy";
import { WebSocketServer } from "ws";

const RATE = 8_000;
const INTERNAL = 16_000;
const LIVE = { live: { maxDelayMs: 120 } } as const;

/** An echo server under measurement. */
export interface EchoServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The whole path: mount, backend, pipeline with VAD in, pipeline out, playout queue. */
export async function roomkitServer(sessions: number): Promise<EchoServer> {
  const backend = new WebSocketBackend({
    codec: mulaw(),
    inputSampleRate: RATE,
    outputSampleRate: RATE,
    logger: silentLogger,
  });
  const pipeline = audioPipeline({ vad: energyVad(), internalSampleRate: INTERNAL, logger: silentLogger });
  backend.onSessionReady((session, connection) => {
    const { inbound, outbound } = connection;
    const stream = pipeline.open({ inbound, outbound, sessionId: session.id });
    stream.on("frame", ({ frame }) => connection.play("echo", stream.processOutbound(frame), LIVE));
    connection.onAudio((frame) => stream.processInbound(frame));
    connection.onClose(() => stream.close());
  });
  const server = createServer(voiceServerOptions);
  const unmount = mountVoice(server, backend, {
    allowAnonymous: true,
    concurrencyLimit: sessions + 1,
    perAddressLimit: sessions + 1,
    sessionFactory: (websocket_id) => backend.connect("room", "caller", "voice", { websocket_id }),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`,
    async close() {
      await backend.close();
      unmount();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Nothing but `ws`, JSON and the same signal processing called directly: no session, no queue, no check. */
export async function bareServer(): Promise<EchoServer> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  const codec = mulaw();
  server.on("connection", (socket) => {
    const vad = energyVad().open({ sampleRate: INTERNAL, channels: 1 });
    const up = createResampler(RATE, INTERNAL);
    const down = createResampler(INTERNAL, RATE);
    let rest = new Int16Array(0);
    let timestamp = 0;
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as {
        event?: string | undefined;
        media?: { payload: string } | undefined;
      };
      if (message.event !== "media" || !message.media) return;
      const samples = up.process(codec.decode(Buffer.from(message.media.payload, "base64")));
      vad.process({ samples, sampleRate: INTERNAL, channels: 1, timestamp });
      timestamp += (samples.length / INTERNAL) * 1000;
      const echo = down.process(samples);
      const whole = new Int16Array(rest.length + echo.length);
      whole.set(rest);
      whole.set(echo, rest.length);
      let at = 0;
      for (; at + RATE / 50 <= whole.length; at += RATE / 50) {
        const payload = Buffer.from(codec.encode(whole.subarray(at, at + RATE / 50))).toString("base64");
        socket.send(JSON.stringify({ event: "media", media: { payload } }));
      }
      rest = whole.slice(at);
    });
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
