import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { webrtcAec } from "@roomkit/aec-webrtc";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  type AudioFrame,
  ChannelCategory,
  RoomKit,
  roomPerCaller,
  type SttProvider,
  silentLogger,
  type TtsProvider,
} from "@roomkit/core";
import { echoGuard } from "@roomkit/echo-guard";
import { audioPipeline } from "@roomkit/pipeline";
import { mixed, type Room, RoomEcho, ScriptedAI, settle, VirtualClock, whiteNoise } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { FRAME, RATE, SpeakerphoneClient } from "./client.ts";

const FRAME_MS = 20;
/** RMS of what is heard in a room where nobody speaks. */
const ROOM_NOISE = 20;

/** Somebody says something, at a time of the call, ms. */
export interface Line {
  readonly atMs: number;
  readonly samples: Int16Array;
}

export interface SpeakerphoneOptions {
  /** Where loudspeaker and microphone are; absent: the caller has headphones. */
  readonly room?: Room | undefined;
  /** Whether the server takes the echo away. */
  readonly aec: boolean;
  /** Whether the server keeps back what is left of it. */
  readonly guard?: boolean | undefined;
  readonly seconds: number;
  /** What the caller says, in order. */
  readonly caller: readonly Line[];
  /** What of a text is heard, 16 kHz. */
  readonly voice: (text: string) => Promise<Int16Array>;
  /** What is understood of speech, 16 kHz. */
  readonly understand: (samples: Int16Array) => Promise<string>;
  /** The assistant's first words, and its answers to anything. */
  readonly greeting: string;
  readonly answer: string;
}

/** What became of a call. */
export interface SpeakerphoneResult {
  /** When the assistant was interrupted while the caller said nothing, ms of the call. */
  readonly selfInterruptions: readonly number[];
  /** What was taken for words of the caller's, while the caller said nothing; in the order it was understood. */
  readonly ownWords: readonly string[];
  /** The same of what the caller said. */
  readonly words: readonly string[];
  /** Lines of the caller's that began while the assistant spoke. */
  readonly attempts: number;
  /** How long after each of their beginnings the loudspeaker was told to be silent, ms; of those that were heard. */
  readonly bargeInMs: readonly number[];
  /** How long the assistant was heard, s. */
  readonly spokeSeconds: number;
}

/** A whole call over a real socket, in virtual time: what is computed takes none. */
export async function speakerphoneCall(options: SpeakerphoneOptions): Promise<SpeakerphoneResult> {
  const clock = new VirtualClock({ turns: 1 });
  const kit = new RoomKit({ clock, logger: silentLogger });
  const backend = new WebSocketBackend({
    codec: mulaw(),
    clock,
    logger: silentLogger,
    trafficLimits: { messagesPerSecond: 1_000, messageBurst: 1_000 },
  });
  const work = new Work();
  const pipeline = audioPipeline({
    vad: energyVad(),
    ...(options.aec && { aec: webrtcAec() }),
    ...(options.guard && { echoGuard: echoGuard() }),
    logger: silentLogger,
  });
  kit.registerChannel(
    new VoiceChannel("voice", {
      backend,
      pipeline,
      stt: recogniser(options.understand, work),
      tts: speaker(options.voice, work),
      greeting: options.greeting,
    }),
  );
  kit.registerChannel(new AIChannel("ai", { provider: new ScriptedAI(clock, Array(1_000).fill(options.answer)) }));
  const server = createServer();
  const channels = ["voice", { id: "ai", category: ChannelCategory.INTELLIGENCE }];
  mountVoice(server, backend, { allowAnonymous: true, sessionFactory: roomPerCaller(kit, { channels }) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new SpeakerphoneClient(
    `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`,
  );
  try {
    await client.connect();
    return await holdCall(options, { clock, kit, client, work });
  } finally {
    client.close();
    const closing = Promise.all([kit.close(), backend.close()]);
    await clock.advance(20_000);
    await closing;
    server.close();
  }
}

interface Parts {
  readonly clock: VirtualClock;
  readonly kit: RoomKit;
  readonly client: SpeakerphoneClient;
  readonly work: Work;
}

async function holdCall(
  options: SpeakerphoneOptions,
  { clock, kit, client, work }: Parts,
): Promise<SpeakerphoneResult> {
  const { room, seconds, caller } = options;
  const begin = clock.now();
  const mine = (at: number, slackMs: number): Line | undefined =>
    caller.find(({ atMs, samples }) => at >= atMs && at <= atMs + (samples.length * 1000) / RATE + slackMs);
  const [ownWords, words]: [string[], string[]] = [[], []];
  const [selfInterruptions, bargeInMs]: [number[], number[]] = [[], []];
  let spoken = 0;
  /** The caller's lines that began while the assistant spoke, and of these those that were heard. */
  const [attempted, heardLines] = [new Set<Line>(), new Set<Line>()];
  let speechFrom = 0;
  kit.hook("ON_SPEECH_START", () => {
    speechFrom = clock.now() - begin;
  });
  kit.hook("ON_TRANSCRIPTION", ({ text }) => {
    if (text.trim() === "") return;
    // What was heard from before until after the caller spoke is theirs, too.
    const theirs = caller.some(
      ({ atMs, samples }) => atMs <= clock.now() - begin && atMs + (samples.length * 1000) / RATE >= speechFrom,
    );
    (theirs ? words : ownWords).push(text);
  });
  const echo = room && new RoomEcho(RATE, room);
  const noise = whiteNoise(RATE, 4_000, ROOM_NOISE, 3);
  const frames = (seconds * 1000) / FRAME_MS;
  for (let i = 0; i < frames; i++) {
    const at = i * FRAME_MS;
    const clears = client.clears;
    for (const line of caller) if (line.atMs === at && client.plays) attempted.add(line);
    if (client.plays) spoken++;
    const played = client.play();
    const said = mixed(spokenAt(caller, at), echo?.hear(played) ?? new Int16Array(FRAME));
    const from = (i * FRAME) % (noise.length - FRAME);
    await clock.advance(FRAME_MS);
    await client.send(mixed(said, noise.subarray(from, from + FRAME)));
    await work.done();
    if (client.clears === clears) continue;
    const line = mine(at + FRAME_MS, 200);
    if (!line) selfInterruptions.push(at);
    else if (attempted.has(line) && !heardLines.has(line)) {
      heardLines.add(line);
      bargeInMs.push(at + FRAME_MS - line.atMs);
    }
  }
  return {
    selfInterruptions,
    ownWords,
    words,
    attempts: attempted.size,
    bargeInMs,
    spokeSeconds: (spoken * FRAME_MS) / 1000,
  };
}

/** What the caller says in the 20 ms from `at` on. */
function spokenAt(caller: readonly Line[], at: number): Int16Array {
  const frame = new Int16Array(FRAME);
  for (const { atMs, samples } of caller) {
    const from = ((at - atMs) * RATE) / 1000;
    if (from >= 0 && from < samples.length) frame.set(samples.subarray(from, from + FRAME));
  }
  return frame;
}

/** What is being computed: time stands still meanwhile. */
class Work {
  readonly #running = new Set<Promise<unknown>>();

  async do<T>(work: Promise<T>): Promise<T> {
    const running = work.catch(() => {}).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return await work;
  }

  async done(): Promise<void> {
    await settle(1);
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
      await settle(2);
    }
  }
}

/** Understands each stretch of speech when it is over. */
function recogniser(understand: SpeakerphoneOptions["understand"], work: Work): SttProvider {
  return {
    name: "whole-speech",
    capabilities: { streaming: false, turnDetection: false, wordTimings: false, sampleRate: RATE },
    async *transcribe(audio) {
      const parts: AudioFrame[] = [];
      for await (const frame of audio) parts.push(frame);
      const samples = Int16Array.from(parts.flatMap((frame) => [...frame.samples]));
      if (samples.length > 0) yield { type: "final", text: await work.do(understand(samples)) };
    },
  };
}

function speaker(voice: SpeakerphoneOptions["voice"], work: Work): TtsProvider {
  return {
    name: "prepared",
    capabilities: { streamingInput: true, wordTimings: false, sampleRate: RATE },
    async *synthesize(text) {
      for await (const piece of text) {
        const samples = await work.do(voice(piece));
        yield { type: "segment", text: piece };
        for (let at = 0; at < samples.length; at += FRAME) {
          const frame = {
            samples: samples.subarray(at, at + FRAME),
            sampleRate: RATE,
            channels: 1,
            timestamp: 0,
          } as const;
          yield { type: "audio", frame };
        }
      }
    },
  };
}
