import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, RoomKit, roomPerCaller, silentLogger, systemClock } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { decodeAudioFrame, defaultLimits, encodeAudioFrame, pcm16ToSamples, samplesToPcm16 } from "@roomkit/protocol";
import { inSequence, quiet, ScriptedAI, ScriptedStt, ScriptedTts, speechLike } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import WebSocket from "ws";
import { ANSWER } from "./lab-call.fixture.ts";
import { recordCall } from "./record.ts";

const RATE = 16_000;
const FRAME = RATE / 50;

/** Calls at once over real sockets and in real time: each asks, breaks in on the answer and is answered again. Gives their files. */
export async function recordedWebSocketCalls(callers: number): Promise<string[]> {
  const files: string[] = [];
  const backend = new WebSocketBackend({ logger: silentLogger });
  const parts = recordCall(
    {
      backend,
      pipeline: audioPipeline({ vad: energyVad(), logger: silentLogger }),
      stt: new ScriptedStt(
        systemClock,
        Array.from({ length: 20 }, () => ({ partials: ["Tell me"], finals: ["Tell me about rivers."], delayMs: 60 })),
      ),
      tts: new ScriptedTts(systemClock, { wordTimings: true, msPerChar: 40, delayMs: 30 }),
      ai: new ScriptedAI(systemClock, Array(20).fill(ANSWER), 15),
    },
    { transcripts: true, onCall: (file) => files.push(file) },
  );
  const { ai, ...voice } = parts;
  const kit = new RoomKit({ logger: silentLogger });
  kit.registerChannel(new VoiceChannel("voice", voice));
  kit.registerChannel(new AIChannel("ai", { provider: ai }));
  const server = createServer();
  const channels = ["voice", { id: "ai", category: ChannelCategory.INTELLIGENCE }];
  mountVoice(server, backend, { allowAnonymous: true, sessionFactory: roomPerCaller(kit, { channels }) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`;
  try {
    await Promise.all(Array.from({ length: callers }, (_, i) => call(url, i + 1)));
    // A file is given a second after its call.
    for (let i = 0; i < 100 && files.length < callers; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await kit.close();
    await backend.close();
    server.close();
  }
  return files;
}

async function call(url: string, seed: number): Promise<void> {
  const socket = new WebSocket(url);
  const say = (message: object): void => socket.send(JSON.stringify(message));
  let queue: { readonly utterance: number; samples: number }[] = [];
  const played = new Map<number, number>();
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  socket.on("message", (data, binary) => {
    if (binary) {
      const decoded = decodeAudioFrame(data as Buffer, defaultLimits);
      const samples = decoded.ok ? (pcm16ToSamples(decoded.frame.audio)?.length ?? 0) : 0;
      if (decoded.ok && samples > 0) queue.push({ utterance: decoded.frame.utterance, samples });
      return;
    }
    const message = JSON.parse(String(data)) as { event?: string; type?: string };
    if (message.event === "ready") ready();
    if (message.type !== "clear") return;
    queue = [];
    for (const [utterance, playedSamples] of played) say({ event: "playback", utterance, playedSamples, done: true });
    played.clear();
  });
  await once(socket, "open");
  const audio = { codec: "pcm16", sampleRate: RATE };
  say({ event: "start", protocol: 1, audio: { send: audio, receive: audio } });
  await isReady;
  const speech = (ms: number): Int16Array => speechLike(RATE, ms, 4_000, seed);
  const microphone = inSequence(
    quiet(RATE, 400),
    speech(900),
    quiet(RATE, 2_000 + 150 * seed),
    speech(900),
    quiet(RATE, 3_000),
  );
  const begun = performance.now();
  for (let at = 0; at + FRAME <= microphone.length; at += FRAME) {
    const late = begun + (at * 1000) / RATE - performance.now();
    if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
    const samples = microphone.subarray(at, at + FRAME);
    socket.send(encodeAudioFrame({ utterance: 0, offset: at, end: false, audio: samplesToPcm16(samples) }));
    for (let left = FRAME; left > 0 && queue[0]; ) {
      const now = Math.min(left, queue[0].samples);
      left -= now;
      queue[0].samples -= now;
      played.set(queue[0].utterance, (played.get(queue[0].utterance) ?? 0) + now);
      if (queue[0].samples === 0) queue.shift();
    }
    if (at % (5 * FRAME) === 0)
      for (const [utterance, playedSamples] of played) say({ event: "playback", utterance, playedSamples });
  }
  socket.close();
  await once(socket, "close");
}
