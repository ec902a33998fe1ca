import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { operate } from "./operate.ts";

// A server as an application makes one, whose calls are greeted for ten seconds: no pause until then.
const kit = new RoomKit({ logger: silentLogger });
const backend = new WebSocketBackend({ codec: mulaw(), logger: silentLogger });
const samples = new Int16Array(16_000).fill(1_000);
kit.registerChannel(
  new VoiceChannel("voice", {
    backend,
    pipeline: audioPipeline({}),
    turnDetection: "manual",
    greeting: process.argv[2] === "greets" ? "Hello." : undefined,
    stt: {
      name: "none",
      capabilities: { streaming: false, turnDetection: false, wordTimings: false },
      async *transcribe() {},
    },
    tts: {
      name: "tone",
      capabilities: { streamingInput: true, wordTimings: false, sampleRate: 16_000 },
      async *synthesize() {
        for (let second = 0; second < 10; second++)
          yield {
            type: "audio" as const,
            frame: { samples, sampleRate: 16_000, channels: 1, timestamp: second * 1_000 },
          };
      },
    },
  }),
);
const server = createServer((request, response) => {
  if (!operation.handle(request, response)) response.writeHead(404).end();
});
mountVoice(server, backend, { allowAnonymous: true, sessionFactory: roomPerCaller(kit, { channels: ["voice"] }) });
const operation = operate({
  kit,
  transports: [backend],
  server,
  drainTimeoutMs: 300,
  handOverMs: process.argv[2] === "greets" ? 60_000 : 5_000,
  logger: silentLogger,
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
