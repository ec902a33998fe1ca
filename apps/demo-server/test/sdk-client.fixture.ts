import { type AudioIO, type AudioIOHandlers, type Transcript, type TurnMetrics, VoiceClient } from "@roomkit/client";
import WebSocket from "ws";
import { Microphone, Speaker } from "./speaker.fixture.ts";

/** Hz: what the SDK asks for by itself. */
const SEND_RATE = 16_000;
const RECEIVE_RATE = 24_000;
const REPORT_MS = 200;

/** Ears and mouth in Node: a microphone that is always open, and a loudspeaker that reports what it has played. */
class NodeAudio implements AudioIO {
  readonly speaker = new Speaker(RECEIVE_RATE);
  readonly hasMicrophone = true;
  clears = 0;
  readonly #handlers: AudioIOHandlers;
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new Map<number, number>();
  readonly #over = new Set<number>();
  #microphone: Microphone | undefined;

  constructor(handlers: AudioIOHandlers) {
    this.#handlers = handlers;
    this.#timer = setInterval(() => this.#report(), REPORT_MS);
  }

  async start(): Promise<void> {}
  async openMicrophone(): Promise<void> {}
  setMuted(): void {}
  outgoingStream = (): MediaStream => ({}) as MediaStream;
  playStream(): void {}
  async setOutputDevice(): Promise<void> {}
  async resume(): Promise<void> {}

  setRates({ send, receive }: { readonly send?: number; readonly receive?: number }): void {
    if (send !== SEND_RATE || receive !== RECEIVE_RATE) throw new Error(`not asked for: ${send} and ${receive} Hz`);
    this.#microphone ??= new Microphone(send, (samples, offset) => this.#handlers.onFrame(offset, samples)).start();
  }

  play({ utterance, samples, end }: Parameters<AudioIO["play"]>[0]): void {
    if (this.#over.has(utterance)) return;
    this.speaker.push(utterance, samples);
    if (end) this.speaker.mark(() => this.#done(utterance));
  }

  clear(upTo = Number.POSITIVE_INFINITY): void {
    this.clears++;
    this.speaker.clear();
    for (const utterance of this.speaker.played.keys()) if (utterance <= upTo) this.#done(utterance, true);
  }

  async playRecording(recording: AudioBuffer | Int16Array): Promise<void> {
    this.#microphone?.say(recording as Int16Array);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#microphone?.close();
    this.speaker.close();
  }

  #done(utterance: number, cleared = false): void {
    if (this.#over.has(utterance)) return;
    this.#over.add(utterance);
    const playedSamples = this.speaker.played.get(utterance) ?? 0;
    this.#handlers.onReport({ utterance, playedSamples, done: true, cleared }, 0);
  }

  #report(): void {
    for (const [utterance, playedSamples] of this.speaker.played) {
      if (this.#over.has(utterance) || this.#reported.get(utterance) === playedSamples) continue;
      this.#reported.set(utterance, playedSamples);
      this.#handlers.onReport({ utterance, playedSamples, done: false, cleared: false }, 0);
    }
  }
}

const shown = ({ role, text, heard = text }: Transcript): string => `${role}: ${heard}`;

/** The browser SDK on a WebSocket, in Node. */
export class SdkClient {
  readonly client: VoiceClient;
  readonly metrics: TurnMetrics[] = [];
  /** What the page left behind when it is closed. */
  readonly listeners = new Set<() => void>();
  readonly #transcripts = new Map<string, Transcript>();
  #audio: NodeAudio | undefined;

  private constructor(url: string, reconnect: boolean, token: string | undefined) {
    const listen = (handler: () => void): (() => void) => {
      this.listeners.add(handler);
      return () => this.listeners.delete(handler);
    };
    this.client = new VoiceClient({
      url,
      ...(token !== undefined && { token }),
      reconnect: reconnect ? {} : false,
      environment: {
        page: { online: true, onChange: listen, onLeave: listen },
        audio: (handlers) => {
          this.#audio = new NodeAudio(handlers);
          return this.#audio;
        },
      },
    });
    this.client.on("transcript", (transcript) => this.#transcripts.set(transcript.id, transcript));
    this.client.on("metrics", (turn) => this.metrics.push(turn));
  }

  static async call(
    url: string,
    {
      reconnect = false,
      socket = WebSocket,
      path = "/voice",
      token,
    }: {
      readonly reconnect?: boolean;
      readonly socket?: unknown;
      readonly path?: string;
      readonly token?: string;
    } = {},
  ): Promise<SdkClient> {
    Object.defineProperty(globalThis, "WebSocket", { value: socket, configurable: true, writable: true });
    const caller = new SdkClient(url + path, reconnect, token);
    await caller.client.connect();
    return caller;
  }

  get speaker(): Speaker {
    return (this.#audio as NodeAudio).speaker;
  }

  get clears(): number {
    return this.#audio?.clears ?? 0;
  }

  /** As a page shows them: of what was cut off, what was heard. */
  get lines(): string[] {
    return [...this.#transcripts.values()].map(shown);
  }

  /** Those that are complete. */
  get finals(): string[] {
    return [...this.#transcripts.values()].filter(({ final }) => final).map(shown);
  }

  say(samples: Int16Array): void {
    void this.client.sendSample(samples, { sampleRate: SEND_RATE });
  }

  async hangUp(): Promise<void> {
    await this.client.disconnect();
  }
}
