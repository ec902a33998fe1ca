import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { type AIProvider, RoomKit, roomPerCaller, silentLogger, type TtsProvider } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { energyVad } from "@roomkit/vad-energy";
import { serve } from "../measure/child.ts";
import { residentMb } from "../measure/cpu.ts";
import { type Kind, openStore } from "../stores/open.ts";
import { instantStt } from "../turn/providers.ts";

export type SoakRequest =
  /** Where conversations are kept: a kind of store, and its file. */
  | { readonly type: "open"; readonly kind: Kind; readonly file: string }
  /** Blocks the event loop so long. */
  | { readonly type: "stall"; readonly ms: number }
  | { readonly type: "look" };

/** What the process holds, after a collection. */
export interface SoakLook {
  readonly url?: string;
  readonly heapMb: number;
  readonly residentMb: number;
  /** Timers, sockets, pipes and the like that keep the process alive. */
  readonly handles: number;
  /** Listeners of the process and of the server. */
  readonly listeners: number;
  readonly sessions: number;
  readonly rooms: number;
  readonly turns: number;
  readonly interrupted: number;
}

const RATE = 24_000;
const WORDS = "It is noon, and there is more to be said of that than anybody wants to hear.";
/** How long an answer lasts, ms: long enough to be interrupted. */
const ANSWER_MS = 3_000;

const ai: AIProvider = {
  name: "one-answer",
  capabilities: { tools: false },
  async *generate() {
    yield { type: "text-delta", text: WORDS };
    yield { type: "finish", reason: "stop" };
  },
};
const samples = new Int16Array(RATE / 50).map((_, i) => Math.round(6_000 * Math.sin((2 * Math.PI * 440 * i) / RATE)));
const tts: TtsProvider = {
  name: "tone",
  capabilities: { streamingInput: true, wordTimings: false, sampleRate: RATE },
  async *synthesize(text) {
    for await (const piece of text) {
      yield { type: "segment", text: piece };
      for (let at = 0; at < ANSWER_MS; at += 20)
        yield { type: "audio", frame: { samples: samples.slice(), sampleRate: RATE, channels: 1, timestamp: at } };
    }
  },
};

let url: string | undefined;
let rooms = 0;
let turns = 0;
let interrupted = 0;
const backend = new WebSocketBackend({ codec: mulaw(), logger: silentLogger, resumeMs: 10_000 });
const server = createServer();

async function open(kind: Kind, file: string): Promise<string> {
  const kit = new RoomKit({ logger: silentLogger, store: await openStore(kind, file) });
  kit.on("room_created", () => rooms++);
  kit.on("room_closed", () => rooms--);
  kit.hook(
    "ON_TURN_METRICS",
    ({ metrics }) => {
      turns++;
      if (metrics.interrupted) interrupted++;
    },
    { execution: "async" },
  );
  const pipeline = audioPipeline({ vad: energyVad() });
  kit.registerChannel(new VoiceChannel("voice", { backend, pipeline, stt: instantStt, tts }));
  kit.registerChannel(new AIChannel("ai", { provider: ai }));
  mountVoice(server, backend, {
    ...{ allowAnonymous: true, concurrencyLimit: 10_000, perAddressLimit: 10_000 },
    sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`;
}

serve(async (request: SoakRequest): Promise<SoakLook> => {
  if (request.type === "open") url ??= await open(request.kind, request.file);
  if (request.type === "stall") {
    const until = performance.now() + request.ms;
    while (performance.now() < until);
  }
  // What one pass finds to be finished the next one frees.
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const listeners = [process, server].flatMap((emitter) =>
    emitter.eventNames().map((name) => emitter.listenerCount(name as "exit")),
  );
  return {
    ...(url !== undefined && { url }),
    ...{ heapMb: process.memoryUsage().heapUsed / 2 ** 20, residentMb: residentMb() },
    handles: process.getActiveResourcesInfo().length,
    listeners: listeners.reduce((sum, count) => sum + count, 0),
    ...{ sessions: backend.counts.sessions, rooms, turns, interrupted },
  };
});
