import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import {
  type Channel,
  type ChannelHost,
  type HeardRecord,
  RoomKit,
  RoomKitError,
  silentLogger,
  type TurnMetrics,
  type VoiceSession,
} from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { logCalls } from "./logs/log-calls.ts";
import { type TraceOptions, traceCalls } from "./traces/trace-calls.ts";

/** A real kit of which a test says what it tells, in whichever order. */
export class ToldKit {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kit: RoomKit = new RoomKit({ clock: this.clock, logger: silentLogger });
  readonly lines: Readonly<Record<string, unknown>>[] = [];
  readonly spans: SpanRecorder = new SpanRecorder();
  #host: ChannelHost | undefined;

  constructor(options: TraceOptions = {}) {
    const { clock, lines } = this;
    const channel: Channel = {
      ...{ id: "voice", kind: "told", category: "transport" },
      register: (host) => {
        this.#host = host;
      },
      close: async () => {},
    };
    this.kit.registerChannel(channel);
    traceCalls(this.kit, { clock, tracerProvider: this.spans.provider, ...options });
    logCalls(this.kit, { info: (fields, message) => lines.push({ ...fields, message }) }, { clock });
  }

  get host(): ChannelHost {
    return this.#host as ChannelHost;
  }

  start(id = "s1", roomId = "room", providers: object = { stt: "ears", tts: "mouth" }): VoiceSession {
    const session = sessionOf(id, roomId);
    this.host.emit("voice_session_started", { session, transport: "fake", providers });
    return session;
  }

  end(id = "s1", reason = "client_closed"): void {
    this.host.emit("voice_session_ended", { session: sessionOf(id, "room"), reason });
  }

  said(turnId: string, text = "Where is my parcel?"): void {
    this.host.notifyHooks("ON_TURN_COMPLETE", { ...inRoom, text, turnId });
  }

  metrics(turnId: string, more: Partial<TurnMetrics> = {}): void {
    const metrics = { turnId, interrupted: false, ...MARKS, ...more };
    this.host.notifyHooks("ON_TURN_METRICS", { ...inRoom, metrics });
  }

  reply(turnId: string | undefined, status: "completed" | "aborted" | "failed" = "completed"): void {
    const usage = { inputTokens: 100, outputTokens: 20 };
    const told = { channelId: "ai", text: "In Bonn, it is.", status, usage, provider: "brain", durationMs: 400 };
    this.host.notifyHooks("ON_AI_RESPONSE", { roomId: "room", turnId, ...told });
  }

  tool(turnId: string | undefined, isError = false): void {
    const call = { id: "c1", name: "find", arguments: { parcel: "secret-7" } };
    const told = { channelId: "ai", call, result: "in Bonn", isError, durationMs: 90 };
    this.host.notifyHooks("ON_TOOL_CALL", { roomId: "room", turnId, ...told });
  }

  played(turnId: string | undefined): void {
    this.host.notifyHooks("AFTER_TTS", { ...inRoom, text: "In Bonn, it is.", utterance: "u", record: HEARD, turnId });
  }

  cut(turnId: string | undefined): void {
    const told = { utterance: "u", heard: "In Bonn", record: { ...HEARD, interrupted: true }, turnId };
    this.host.notifyHooks("ON_TTS_CANCELLED", { ...inRoom, ...told, reason: "barge_in" });
  }

  fails(where: "stt_error" | "tts_error" | "ai_error"): void {
    const error = new RoomKitError("vendor_down", "the vendor said: secret-7");
    if (where === "ai_error") this.host.emit(where, { roomId: "room", channelId: "ai", error });
    else this.host.emit(where, { session: sessionOf("s1", "room"), error });
  }

  async close(): Promise<void> {
    const closing = this.kit.close();
    await this.clock.advance(60_000);
    await closing;
  }
}

const MARKS = {
  endpointMs: 200,
  transcriptMs: 260,
  firstTokenMs: 500,
  firstAudioMs: 580,
  replyMs: 600,
  speechMs: 1_000,
};
const HEARD: HeardRecord = { interrupted: false, unheard: "", playedMs: 900, confidence: "reported" };
const sessions = new Map<string, VoiceSession>();
const sessionOf = (id: string, roomId: string): VoiceSession => {
  const known = sessions.get(id);
  if (known?.roomId === roomId) return known;
  const session: VoiceSession = {
    ...{ id, roomId, participantId: "caller", channelId: "voice", state: "active", metadata: {} },
  };
  sessions.set(id, session);
  return session;
};
const inRoom = { roomId: "room", session: sessionOf("s1", "room") };

/** The real SDK, with what it was given in memory. */
export class SpanRecorder {
  readonly exporter: InMemorySpanExporter = new InMemorySpanExporter();
  begun = 0;
  readonly provider: BasicTracerProvider;

  constructor() {
    const counting: SpanProcessor = {
      onStart: () => {
        this.begun++;
      },
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    this.provider = new BasicTracerProvider({ spanProcessors: [counting, new SimpleSpanProcessor(this.exporter)] });
  }

  get ended(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): readonly ReadableSpan[] {
    return this.ended.filter((span) => span.name === name);
  }

  /** All traces as text: each span under its parent, with its times after the beginning of its trace. */
  text(attributes: (span: ReadableSpan) => string = () => ""): string {
    const children = (of: string | undefined): ReadableSpan[] =>
      this.ended
        .filter(({ parentSpanContext }) => parentSpanContext?.spanId === of)
        .sort((a, b) => millis(a.startTime) - millis(b.startTime));
    const rows: string[] = [];
    const show = (span: ReadableSpan, depth: number, origin: number): void => {
      const [start, end] = [millis(span.startTime) - origin, millis(span.endTime) - origin];
      rows.push(`${"  ".repeat(depth)}${span.name} ${start}-${end}${attributes(span)}`);
      for (const child of children(span.spanContext().spanId)) show(child, depth + 1, origin);
    };
    for (const root of children(undefined)) show(root, 0, millis(root.startTime));
    return rows.join("\n");
  }
}

export const millis = ([seconds, nanos]: readonly [number, number]): number =>
  Math.round(seconds * 1_000 + nanos / 1_000_000);
