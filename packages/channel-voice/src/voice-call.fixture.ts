import { AIChannel, type AIChannelOptions } from "@roomkit/channel-ai";
import {
  type AudioPipeline,
  ChannelCategory,
  eventText,
  type Logger,
  RoomKit,
  type SessionStatus,
  type SttProvider,
  sequentialIds,
  silence,
} from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  type FakePipelineStream,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  type ScriptedTtsOptions,
  type SttScript,
  VirtualClock,
} from "@roomkit/testing";
import { afterEach } from "vitest";
import type { VoiceChannelOptions } from "./options.ts";
import { VoiceChannel } from "./voice-channel.ts";

interface Setup {
  /** Another recogniser than the scripted one. */
  readonly recogniser?: ((clock: VirtualClock) => SttProvider) | undefined;
  /** Another audio path than the scripted one, whose `stream` is then of no use. */
  readonly pipeline?: AudioPipeline | undefined;
  /** Whether the scripted audio path has a VAD. Default true. */
  readonly vad?: boolean | undefined;
  readonly stt?: readonly SttScript[] | undefined;
  readonly answers?: ConstructorParameters<typeof ScriptedAI>[1] | undefined;
  readonly msPerWord?: number | undefined;
  /** What else the AI channel is made with. */
  readonly ai?: Partial<AIChannelOptions> | undefined;
  readonly tts?: ScriptedTtsOptions | undefined;
  readonly voice?: Partial<VoiceChannelOptions> | undefined;
  readonly playback?: "reported" | "estimated" | undefined;
  /** Keys the caller's client takes as events. */
  readonly dtmfEvents?: string | undefined;
  readonly logger?: Logger | undefined;
}

const mono = { sampleRate: 16_000, channels: 1 } as const;

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** A whole call without sockets, in virtual time: real room, real AI channel, real voice channel. */
export async function call(setup: Setup = {}) {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids, ...(setup.logger && { logger: setup.logger }) });
  const backend = new FakeBackend(ids);
  const pipeline = new FakePipeline(setup.vad ?? true);
  const stt = new ScriptedStt(clock, setup.stt ?? []);
  const tts = new ScriptedTts(clock, setup.tts);
  const model = new ScriptedAI(clock, setup.answers ?? [], setup.msPerWord);
  const voice = new VoiceChannel("voice", {
    backend,
    stt: setup.recogniser?.(clock) ?? stt,
    tts,
    pipeline: setup.pipeline ?? pipeline,
    ...setup.voice,
  });
  let status: (() => SessionStatus) | undefined;
  kit.on("voice_session_started", (started) => {
    status = started.status;
  });
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: model, ...setup.ai }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const { playback = "reported", dtmfEvents } = setup;
  const connection = new FakeConnection({ clock, playback, dtmfEvents });
  backend.bind(session, connection);
  const stream = pipeline.streams[0] as FakePipelineStream;
  let position = 0;
  running.push(async () => {
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
  });

  /** Audio from the caller's microphone, frame by frame in time. */
  const microphone = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 20) {
      connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, position));
      position += 20;
      await clock.advance(20);
    }
  };
  /** The same with sound in it, mono at 16,000 Hz. */
  const sound = async (samples: Int16Array): Promise<void> => {
    for (let at = 0; at < samples.length; at += 320) {
      connection.hear({ ...mono, samples: samples.slice(at, at + 320), timestamp: position });
      position += 20;
      await clock.advance(20);
    }
  };
  /** Until something of the assistant is audible. */
  const audible = (): Promise<number> => clock.advanceUntil(() => connection.messages("utterance").length > 0);
  /** The caller speaks for so long, and is then silent for the VAD's 500 ms. */
  const speak = async (ms: number): Promise<void> => {
    await microphone(60);
    stream.speechStart(60);
    await microphone(ms);
    await microphone(500);
    stream.speechEnd(500);
    await clock.advance(20);
  };
  const log = async (): Promise<string[]> =>
    (await kit.timeline(room.id))
      .filter((e) => e.content.type === "text")
      .map((e) => `${e.source.role}: ${eventText(e)}`);
  return {
    clock,
    kit,
    backend,
    connection,
    pipeline,
    stream,
    stt,
    tts,
    model,
    voice,
    room,
    session,
    status: () => status?.(),
    microphone,
    sound,
    audible,
    speak,
    log,
  };
}
