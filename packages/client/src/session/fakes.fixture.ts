import type { ClientMessage, ReadyMessage } from "@roomkit/protocol";
import { VirtualClock } from "@roomkit/testing";
import type { AudioIO, AudioIOHandlers, AudioRates, MicrophoneOptions } from "../browser/audio-io.ts";
import { VoiceClient } from "../client.ts";
import { VoiceClientError } from "../errors.ts";
import type { VoiceClientEvents } from "../events.ts";
import type { VoiceClientOptions } from "../options.ts";
import { ready } from "../transport/scripted-socket.fixture.ts";
import type { ReceivedAudio, Transport, TransportContext } from "../transport/transport.ts";
import type { Page } from "./page.ts";

export class FakeAudio implements AudioIO {
  handlers: AudioIOHandlers;
  hasMicrophone = false;
  microphoneError: VoiceClientError | undefined;
  /** Opening the microphone waits for this: a person who has not answered the browser's question. */
  microphoneGate: Promise<void> = Promise.resolve();
  /** Devices that were unplugged. */
  readonly gone: string[] = [];
  outputError: VoiceClientError | undefined;
  startError: VoiceClientError | undefined;
  readonly log: string[] = [];
  readonly played: ReceivedAudio[] = [];
  readonly outgoing: MediaStream = {} as MediaStream;

  constructor(handlers: AudioIOHandlers) {
    this.handlers = handlers;
  }

  async start(): Promise<void> {
    this.log.push("start");
    if (this.startError) throw this.startError;
  }

  async openMicrophone(options: MicrophoneOptions): Promise<void> {
    this.log.push(`microphone ${options.deviceId ?? "default"}`);
    await this.microphoneGate;
    if (this.microphoneError) throw this.microphoneError;
    if (this.gone.includes(options.deviceId ?? "")) throw new VoiceClientError("microphone_not_found", "gone");
    this.hasMicrophone = true;
  }

  setRates({ send, receive }: AudioRates, fresh: boolean): void {
    this.log.push(`rates ${send} ${receive}${fresh ? " fresh" : ""}`);
  }

  setMuted(muted: boolean): void {
    this.log.push(muted ? "mute" : "unmute");
  }

  play(audio: ReceivedAudio): void {
    this.played.push(audio);
  }

  clear(upTo: number | undefined): void {
    this.log.push(`clear ${upTo ?? "all"}`);
  }

  outgoingStream(): MediaStream {
    return this.outgoing;
  }

  playStream(stream: MediaStream): void {
    this.log.push(stream === this.outgoing ? "play own stream" : "play stream");
  }

  async playRecording(recording: AudioBuffer | Int16Array, rate: number): Promise<void> {
    this.log.push(`recording ${recording.length} ${rate}`);
  }

  async setOutputDevice(deviceId: string): Promise<void> {
    this.log.push(`output ${deviceId}`);
    if (this.outputError) throw this.outputError;
  }

  async resume(): Promise<void> {
    this.log.push("resume");
  }

  async close(): Promise<void> {
    this.hasMicrophone = false;
    this.log.push("close");
  }
}

/** What the server does with one attempt to connect; the default is to be ready. */
export type Attempt = (transport: FakeTransport, signal: AbortSignal) => Promise<ReadyMessage>;

class FakeTransport implements Transport {
  readonly name = "fake";
  media: "frames" | "stream" = "frames";
  readonly context: TransportContext;
  readonly sent: ClientMessage[] = [];
  readonly audio: { offset: number; samples: Int16Array }[] = [];
  accepting = true;
  closed = false;
  streams: MediaStream[] = [];
  readonly #attempt: Attempt;

  constructor(context: TransportContext, attempt: Attempt) {
    this.context = context;
    this.#attempt = attempt;
  }

  connect(signal: AbortSignal): Promise<ReadyMessage> {
    return this.#attempt(this, signal);
  }

  send(message: ClientMessage): void {
    this.sent.push(message);
    if (message.event === "ping" && this.accepting) {
      queueMicrotask(() => this.context.handlers.onMessage({ type: "pong", t: message.t }));
    }
  }

  sendAudio(offset: number, samples: Int16Array): boolean {
    if (this.accepting) this.audio.push({ offset, samples });
    return this.accepting;
  }

  async sendStream(stream: MediaStream): Promise<void> {
    this.streams.push(stream);
  }

  close(): void {
    this.closed = true;
  }

  /** The connection breaks. */
  break(code = "connection_lost", retryable = true): void {
    this.context.handlers.onClose({ code, message: "it broke", retryable });
  }
}

class FakePage implements Page {
  online = true;
  readonly changes = new Set<() => void>();
  readonly leaves = new Set<() => void>();

  onChange(handler: () => void): () => void {
    this.changes.add(handler);
    return () => this.changes.delete(handler);
  }

  onLeave(handler: () => void): () => void {
    this.leaves.add(handler);
    return () => this.leaves.delete(handler);
  }

  change(online: boolean): void {
    this.online = online;
    for (const handler of this.changes) handler();
  }
}

type Logged = { [K in keyof VoiceClientEvents]: readonly [K, VoiceClientEvents[K]] }[keyof VoiceClientEvents];

export interface Bench {
  readonly client: VoiceClient;
  readonly clock: VirtualClock;
  readonly page: FakePage;
  readonly transports: FakeTransport[];
  readonly audios: FakeAudio[];
  readonly events: Logged[];
  /** What happens at the next attempts, in order; afterwards the server is ready. */
  readonly attempts: Attempt[];
  transport(): FakeTransport;
  audio(): FakeAudio;
  states(): string[];
  of<K extends keyof VoiceClientEvents>(event: K): VoiceClientEvents[K][];
}

const names: readonly (keyof VoiceClientEvents)[] = [
  "state",
  "session",
  "transcript",
  "utterance",
  "interrupted",
  "dismissed",
  "level",
  "metrics",
  "data",
  "error",
  "stats",
  "muted",
  "devices",
  "autoplay-blocked",
];

/** A client whose time, page, ears, mouth and server are all in the test's hands. */
export function makeBench(
  options: Partial<VoiceClientOptions> = {},
  prepare: (audio: FakeAudio, count: number) => void = () => {},
): Bench {
  const clock = new VirtualClock();
  const page = new FakePage();
  const transports: FakeTransport[] = [];
  const audios: FakeAudio[] = [];
  const attempts: Attempt[] = [];
  const events: Logged[] = [];
  let sessions = 0;
  const accept: Attempt = async ({ context }) => {
    const resumed = context.resume !== undefined;
    if (!resumed) sessions++;
    return { ...ready, session: `session_${sessions}`, resume: `token_${transports.length}`, resumed };
  };
  const client = new VoiceClient({
    url: "/voice",
    transport: (context) => {
      const transport = new FakeTransport(context, attempts.shift() ?? accept);
      transports.push(transport);
      return transport;
    },
    ...options,
    environment: {
      clock,
      page,
      random: () => 1,
      baseUrl: "https://example.com/demo/",
      audio: (handlers) => {
        const audio = new FakeAudio(handlers);
        prepare(audio, audios.length);
        audios.push(audio);
        return audio;
      },
    },
  });
  for (const name of names) client.on(name, (payload) => events.push([name, payload] as unknown as Logged));
  return {
    client,
    clock,
    page,
    transports,
    audios,
    events,
    attempts,
    transport: () => transports.at(-1) as FakeTransport,
    audio: () => audios.at(-1) as FakeAudio,
    states: () => events.flatMap(([name, payload]) => (name === "state" ? [payload.state] : [])),
    of: (event) => events.filter(([name]) => name === event).map(([, payload]) => payload) as never,
  };
}
