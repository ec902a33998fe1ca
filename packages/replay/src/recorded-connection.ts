import type {
  AudioFormat,
  AudioFrame,
  CloseReason,
  ConnectionInput,
  ConnectionMessage,
  DtmfPress,
  HeardReport,
  Metadata,
  PlaybackProgress,
  PlayOptions,
  Unsubscribe,
  UtteranceId,
  VoiceConnection,
} from "@roomkit/core";
import { maskedInput } from "./masked.ts";
import type { CallWriter } from "./writer.ts";

/** A caller's line, written down as it goes by. */
export class RecordedConnection implements VoiceConnection {
  /** What it is, of the transport. */
  readonly inner: VoiceConnection;
  readonly #writer: CallWriter;
  readonly #inside: <T>(work: () => T) => T;

  /** @param inside runs what a listener does as part of this call */
  constructor(inner: VoiceConnection, writer: CallWriter, inside: <T>(work: () => T) => T) {
    this.inner = inner;
    this.#writer = writer;
    this.#inside = inside;
  }

  get id(): string {
    return this.inner.id;
  }
  get label(): string {
    return this.inner.label;
  }
  get metadata(): Metadata {
    return this.inner.metadata;
  }
  get inbound(): AudioFormat {
    return this.inner.inbound;
  }
  get outbound(): AudioFormat {
    return this.inner.outbound;
  }
  get playback(): "reported" | "estimated" {
    return this.inner.playback;
  }
  get closed(): boolean {
    return this.inner.closed;
  }
  get queuedMs(): number {
    return this.inner.queuedMs;
  }
  get dtmfEvents(): string | undefined {
    return this.inner.dtmfEvents;
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.inner.onAudio((frame) => this.#inside(() => listener(frame)));
  }

  play(utterance: UtteranceId, frame: AudioFrame, options?: PlayOptions): void {
    this.#begins(utterance);
    this.inner.play(utterance, frame, options);
  }

  playDtmf(utterance: UtteranceId, press: DtmfPress): void {
    this.#begins(utterance);
    this.inner.playDtmf?.(utterance, press);
  }

  duck(db: number): void {
    this.inner.duck?.(db);
  }

  endUtterance(utterance: UtteranceId): void {
    this.inner.endUtterance(utterance);
  }

  writable(belowMs: number, signal: AbortSignal): Promise<void> {
    return this.inner.writable(belowMs, signal);
  }

  clear(): HeardReport {
    const report = this.inner.clear();
    for (const { utterance, playedMs: ms, done } of report.utterances) {
      const u = this.#writer.known(utterance);
      if (u !== undefined) this.#writer.add({ k: "cleared", u, ms, ...(done && { done }) });
    }
    return report;
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    return this.inner.onPlayback((progress) => this.#inside(() => listener(progress)));
  }

  onPlayed(listener: (frame: AudioFrame, startedAt?: number, utterance?: UtteranceId) => void): Unsubscribe {
    return this.inner.onPlayed((frame, startedAt, utterance) =>
      this.#inside(() => listener(frame, startedAt, utterance)),
    );
  }

  send(message: ConnectionMessage): void {
    const { mask, maskSaid } = this.#writer;
    if (message.type === "transcript" && message.final && message.role === "user")
      this.#writer.add({ k: "turn", text: mask(message.text) });
    if (message.type === "transcript" && message.final && message.role === "assistant") {
      const u = this.#writer.known(message.id);
      const { text, heard = text } = message;
      const unheard = text.slice(heard.length).trim();
      if (u !== undefined)
        this.#writer.add({
          k: "answer",
          u,
          heard: maskSaid(heard),
          unheard: maskSaid(unheard),
          interrupted: message.heard !== undefined,
        });
    }
    this.inner.send(message);
  }

  onInput(listener: (input: ConnectionInput) => void): Unsubscribe {
    return this.inner.onInput((input) => {
      this.#writer.add({ k: "input", input: maskedInput(input, this.#writer.mask) });
      this.#inside(() => listener(input));
    });
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.inner.onClose((reason) => this.#inside(() => listener(reason)));
  }

  close(reason?: CloseReason): Promise<void> {
    return this.inner.close(reason);
  }

  #begins(utterance: UtteranceId): void {
    const { u, first } = this.#writer.utterance(utterance);
    if (first) this.#writer.add({ k: "begin", u });
  }
}
