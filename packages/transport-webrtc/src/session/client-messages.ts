import type { AudioCodec, AudioFrame, ConnectionInput } from "@roomkit/core";
import {
  type ClientMessage,
  decodeAudioFrame,
  type PlayoutMessage,
  parseClientMessage,
  type ServerMessage,
  type StartMessage,
} from "@roomkit/protocol";
import { connectionInput, type TrafficGuard, type Verdict } from "@roomkit/transport-utils";

export interface ClientMessagesOptions {
  readonly guard: TrafficGuard;
  readonly messageBytes: number;
  /** The client speaks v1 by now. */
  readonly v1: () => boolean;
  /** Hz of audio on the data channel; undefined: a track brings the caller's audio, and nothing else does. */
  readonly audioRate: number | undefined;
  readonly mulaw: AudioCodec | undefined;
  readonly onStart: (message: StartMessage) => void;
  readonly onPlayback: (utterance: number, playedSamples: number, done: boolean, underruns: number) => void;
  /** How far the track has been played. */
  readonly onPlayout: (message: PlayoutMessage) => void;
  readonly onInput: (input: ConnectionInput) => void;
  readonly onAudio: (frame: AudioFrame) => void;
  readonly reply: (message: ServerMessage) => void;
  /** The client ended the session, or has to be ended. */
  readonly onEnd: (code: string, message: string) => void;
}

/** What a client sends on its data channels, read within limits. */
export class ClientMessages {
  readonly #options: ClientMessagesOptions;
  #samples = 0;
  #unknown = 0;

  constructor(options: ClientMessagesOptions) {
    this.#options = options;
  }

  /** Messages of kinds this version does not know. */
  get unknown(): number {
    return this.#unknown;
  }

  receive(message: string | Uint8Array): void {
    const { guard, messageBytes } = this.#options;
    const verdict = guard.message();
    this.#enforce(verdict, "too many messages");
    if (verdict !== "pass") return;
    if (typeof message !== "string") {
      this.#binary(message);
      return;
    }
    const parsed = parseClientMessage(message, { maxMessageBytes: messageBytes, maxDepth: 16, maxTextLength: 8_192 });
    if (parsed.ok) this.#handle(parsed.message);
    else if (parsed.code === "unknown_event") this.#unknown++;
    else this.#malformed(parsed.message);
  }

  /** The client's track brings more than it may. */
  excessAudio(verdict: Verdict): void {
    this.#enforce(verdict, "audio came faster than real time");
  }

  #enforce(verdict: Verdict, message: string): void {
    const { v1, reply, onEnd } = this.#options;
    if (verdict === "close") onEnd("rate_limited", message);
    else if (verdict === "warn" && v1()) reply({ type: "error", code: "rate_limited", message, retryable: true });
  }

  #malformed(message: string): void {
    const { guard, v1, reply, onEnd } = this.#options;
    if (guard.malformed() === "close") onEnd("protocol_error", "too many malformed messages");
    else if (v1()) reply({ type: "error", code: "bad_message", message, retryable: false });
  }

  #handle(message: ClientMessage): void {
    const { v1, reply, onStart, onEnd, onPlayback, onPlayout, onInput } = this.#options;
    switch (message.event) {
      case "start":
        onStart(message);
        return;
      case "ping":
        if (!v1()) reply({ event: "pong" });
        else reply({ type: "pong", t: message.t });
        return;
      case "stop":
        onEnd("client_closed", "the client ended the session");
        return;
      case "playback":
        onPlayback(message.utterance, message.playedSamples, message.done ?? false, message.underruns);
        return;
      case "playout":
        onPlayout(message);
        return;
      case "media":
        this.#audio(message.audio);
        return;
      default: {
        const input = connectionInput(message);
        if (input) onInput(input);
      }
    }
  }

  #binary(data: Uint8Array): void {
    const decoded = decodeAudioFrame(data, { maxMessageBytes: this.#options.messageBytes });
    if (decoded.ok && this.#options.v1()) this.#audio(decoded.frame.audio);
    else this.#malformed("binary messages are audio frames of v1");
  }

  #audio(bytes: Uint8Array): void {
    const { audioRate: sampleRate, guard, mulaw, v1, onAudio } = this.#options;
    if (sampleRate === undefined) {
      this.#unknown++;
      return;
    }
    if (v1() && bytes.length % 2 !== 0) {
      this.#malformed("16-bit samples have two bytes each");
      return;
    }
    // A copy: samples must stand at even addresses, and belong to whoever is given them.
    const samples = v1() ? new Int16Array(Uint8Array.from(bytes).buffer) : mulaw?.decode(bytes);
    if (!samples || samples.length === 0) return;
    const verdict = guard.audio((samples.length * 1000) / sampleRate);
    this.excessAudio(verdict);
    if (verdict !== "pass") return;
    const timestamp = (this.#samples * 1000) / sampleRate;
    this.#samples += samples.length;
    onAudio({ samples, sampleRate, channels: 1, timestamp });
  }
}
