import { AIChannel, type AIChannelOptions } from "@roomkit/channel-ai";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { VoiceChannel, type VoiceChannelOptions } from "@roomkit/channel-voice";
import {
  type AudioFormat,
  type AudioFrame,
  type AudioPipeline,
  type Channel,
  eventText,
  type FrameworkEvents,
  type Logger,
  RoomKit,
  sequentialIds,
  type VoiceSession,
} from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  type FakePipelineStream,
  ScriptedAI,
  ScriptedRealtime,
  type ScriptedRealtimeSession,
  ScriptedStt,
  ScriptedTts,
  type SttScript,
  VirtualClock,
} from "@roomkit/testing";
import { afterEach } from "vitest";
import { OperatorChannel } from "./operator-channel.ts";
import type { OperatorChannelOptions } from "./options.ts";

export interface RigOptions {
  /** The caller's audio path; default a scripted one, with a VAD. */
  readonly pipeline?: AudioPipeline | undefined;
  /** Hears the caller. */
  readonly stt?: readonly SttScript[] | undefined;
  /** Hears operators, and a speech-to-speech model's caller. Default: nobody does. */
  readonly operatorStt?: readonly SttScript[] | undefined;
  readonly answers?: ConstructorParameters<typeof ScriptedAI>[1] | undefined;
  readonly msPerWord?: number | undefined;
  readonly ai?: Partial<AIChannelOptions> | undefined;
  readonly voice?: Partial<VoiceChannelOptions> | undefined;
  readonly operator?: Partial<OperatorChannelOptions> | undefined;
  readonly caller?: { readonly inbound?: AudioFormat; readonly outbound?: AudioFormat } | undefined;
  readonly playback?: "reported" | "estimated" | undefined;
  /** Made by a speech-to-speech model instead of recogniser, model and voice. */
  readonly realtime?: boolean | undefined;
  readonly manual?: boolean | undefined;
}

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** What came out of somebody's speaker. */
class Speaker {
  readonly format: AudioFormat;
  readonly #parts: Int16Array[] = [];

  constructor(connection: FakeConnection) {
    this.format = connection.outbound;
    connection.onPlayed(({ samples }) => this.#parts.push(samples));
  }

  get length(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  since(from: number): Int16Array {
    const all = new Int16Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all.subarray(from);
  }
}

export interface Person {
  readonly session: VoiceSession;
  readonly connection: FakeConnection;
  readonly speaker: Speaker;
}

/** A call and people who attend it, in virtual time: real rooms and channels, clients without sockets. */
export async function rig(options: RigOptions = {}) {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const logged: unknown[] = [];
  const note = (...line: unknown[]): void => void logged.push(line);
  const logger: Logger = { debug: () => {}, info: () => {}, warn: note, error: note };
  const kit = new RoomKit({ clock, ids, logger });
  const [backend, desk] = [new FakeBackend(ids), new FakeBackend(ids)];
  const [pipeline, operatorPipeline] = [new FakePipeline(true), new FakePipeline(true)];
  const stt = new ScriptedStt(clock, options.stt ?? []);
  const operatorStt = new ScriptedStt(clock, options.operatorStt ?? []);
  const tts = new ScriptedTts(clock);
  const model = new ScriptedAI(clock, options.answers ?? [], options.msPerWord);
  const provider = new ScriptedRealtime({ clock });
  const path = options.pipeline ?? pipeline;
  const voice = options.realtime
    ? new RealtimeVoiceChannel("voice", {
        ...{ transport: backend, provider, pipeline: path, createResampler },
        ...(options.manual && { turnDetection: "manual" }),
      })
    : new VoiceChannel("voice", { backend, stt, tts, pipeline: path, ...options.voice });
  const operators = new OperatorChannel("operator", {
    // Nobody's microphone sends anything while time is only let pass.
    ...{ backend: desk, calls: voice, awayMs: 600_000 },
    ...(options.operatorStt && { stt: operatorStt, pipeline: operatorPipeline }),
    ...options.operator,
  });
  const channels: Channel[] = [voice, new AIChannel("ai", { provider: model, ...options.ai }), operators];
  for (const channel of channels) kit.registerChannel(channel);
  const room = await kit.createRoom();
  for (const { id } of channels.filter(({ kind }) => !options.realtime || kind !== "ai"))
    await kit.attachChannel(room.id, id);
  const events: string[] = [];
  const names = ["call_taken_over", "call_given_back"] as const satisfies (keyof FrameworkEvents)[];
  for (const event of names)
    kit.on(
      event,
      (of) => void events.push("reason" in of ? `${event}: ${of.reason}` : `${event}: ${of.by.participantId}`),
    );

  const person = async (
    name: string,
    channelId: string,
    formats: RigOptions["caller"] = {},
    metadata = {},
  ): Promise<Person> => {
    const transport = channelId === "voice" ? backend : desk;
    const session = await transport.connect(room.id, name, channelId, metadata);
    await kit.join(room.id, channelId, { session });
    const connection = new FakeConnection({ clock, id: name, playback: options.playback ?? "reported", ...formats });
    const speaker = new Speaker(connection);
    transport.bind(session, connection);
    await clock.advance(0);
    return { session, connection, speaker };
  };
  const caller = await person("caller", "voice", options.caller);
  running.push(async () => {
    const closing = kit.close();
    await clock.advance(30_000);
    await closing;
  });

  const at = new Map<FakeConnection, number>();
  /** Some of them speak for so long, each what is given for them (their own rate); nothing is silence. */
  const speak = async (ms: number, voices: readonly (readonly [Person, Int16Array | undefined])[]): Promise<void> => {
    for (let from = 0; from < ms; from += 20) {
      for (const [{ connection }, samples] of voices) {
        const { sampleRate } = connection.inbound;
        const size = sampleRate / 50;
        const begin = (from / 20) * size;
        const piece = samples?.slice(begin, begin + size) ?? new Int16Array(0);
        const whole = new Int16Array(size);
        whole.set(piece);
        const timestamp = at.get(connection) ?? 0;
        at.set(connection, timestamp + 20);
        const frame: AudioFrame = { samples: whole, sampleRate, channels: 1, timestamp };
        connection.hear(frame);
      }
      await clock.advance(20);
    }
  };
  /** Somebody says what the script says next: by the VAD, which has heard it. */
  const says = async (who: Person, stream: FakePipelineStream, ms = 600): Promise<void> => {
    await speak(80, [[who, undefined]]);
    stream.speechStart(60);
    await speak(ms + 500, [[who, undefined]]);
    stream.speechEnd(500);
    await clock.advance(40);
  };
  const log = async (): Promise<string[]> =>
    (await kit.timeline(room.id)).flatMap((event) =>
      event.content.type === "text" ? [`${event.source.participantId ?? event.source.role}: ${eventText(event)}`] : [],
    );
  return {
    ...{ clock, kit, room, backend, desk, voice, operators, model, stt, operatorStt, tts, provider, events, logged },
    ...{ caller, person, speak, says, log },
    /** An operator comes. */
    operator: (name: string, formats?: RigOptions["caller"], metadata?: object) =>
      person(name, "operator", formats, metadata),
    /** The caller's audio path. */
    stream: pipeline.streams[0] as FakePipelineStream,
    /** The audio path of who has begun to speak with a caller last. */
    operatorStream: () => operatorPipeline.streams.at(-1) as FakePipelineStream,
    vendor: provider.sessions[0] as ScriptedRealtimeSession,
    callerSays: (ms?: number) => says(caller, pipeline.streams[0] as FakePipelineStream, ms),
    /** Nothing is left of it. */
    left: () => ({
      timers: clock.pendingTimers,
      streams: [stt.open, operatorStt.open, tts.open, model.open],
      pipelines: [...pipeline.streams, ...operatorPipeline.streams].map((stream) => [stream.closed, stream.listeners]),
      sessions: [backend.bound, desk.bound],
    }),
  };
}

/** How loud a frequency is in samples: the amplitude of that sine, by Goertzel. */
export function loudness(samples: Int16Array, sampleRate: number, hz: number): number {
  const w = (2 * Math.PI * hz) / sampleRate;
  let [re, im] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    re += (samples[i] as number) * Math.cos(w * i);
    im += (samples[i] as number) * Math.sin(w * i);
  }
  return (2 * Math.hypot(re, im)) / Math.max(1, samples.length);
}
