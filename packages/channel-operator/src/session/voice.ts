import { Dictation } from "@roomkit/call";
import {
  type AudioFrame,
  afterSilence,
  type Cancel,
  type Clock,
  type PipelineStream,
  type RoomKitError,
  type Unsubscribe,
  type VoiceConnection,
} from "@roomkit/core";
import type { OperatorSettings } from "../options.ts";

export interface OperatorVoiceOptions {
  readonly settings: OperatorSettings;
  readonly sessionId: string;
  readonly connection: VoiceConnection;
  readonly clock: Clock;
  /** What is to be heard of them. */
  readonly onAudio: (frame: AudioFrame) => void;
  readonly onText: (text: string) => void;
  readonly onError: (error: RoomKitError) => void;
  /** No audio comes of them, although they are not muted. */
  readonly onAway: () => void;
}

/** The voice of an operator from when they begin to speak with the caller until they have given the call back: cleaned, and written down. */
export class OperatorVoice {
  readonly #options: OperatorVoiceOptions;
  readonly #stream: PipelineStream | undefined;
  readonly #dictation: Dictation | undefined;
  readonly #stop: readonly Unsubscribe[];
  #muted: boolean;
  #heardAt: number;
  #stopWatch: Cancel = () => {};

  constructor(options: OperatorVoiceOptions, muted: boolean) {
    const { settings, sessionId, connection, clock, onAudio, onText, onError } = options;
    const { pipeline, backend, stt, language, sttTimeoutMs: finalTimeoutMs, maxSpeechMs } = settings;
    const { inbound, outbound } = connection;
    this.#options = options;
    this.#muted = muted;
    this.#heardAt = clock.now();
    this.#watch();
    const stream = pipeline?.open({ inbound, outbound, sessionId, native: backend.capabilities, clock });
    this.#stream = stream;
    this.#stop = stream
      ? [
          stream.on("frame", ({ frame }) => onAudio(frame)),
          connection.onPlayed((frame, startedAt) => stream.played(frame, startedAt)),
        ]
      : [];
    this.#dictation =
      stream && stt
        ? new Dictation({
            stt,
            pipeline: stream,
            inbound,
            clock,
            language,
            finalTimeoutMs,
            maxSpeechMs,
            onText,
            onError,
          })
        : undefined;
  }

  hear(frame: AudioFrame): void {
    this.#heardAt = this.#options.clock.now();
    if (this.#muted) return;
    if (this.#stream) this.#stream.processInbound(frame);
    else this.#options.onAudio(frame);
  }

  /** Their microphone is switched off, or on again. */
  mute(muted: boolean): void {
    this.#muted = muted;
    this.#heardAt = this.#options.clock.now();
    if (muted) this.#dictation?.pause();
  }

  /** They say nothing more. Resolves when their last words are told. */
  async finish(): Promise<void> {
    this.#stopWatch();
    for (const stop of this.#stop) stop();
    await this.#dictation?.finish();
    this.#stream?.close();
  }

  #watch(): void {
    const { clock, settings, onAway } = this.#options;
    const silentMs = clock.now() - this.#heardAt;
    const away = !this.#muted && silentMs >= settings.awayMs;
    if (away) onAway();
    else {
      const waitMs = this.#muted ? settings.awayMs : settings.awayMs - silentMs;
      this.#stopWatch = afterSilence(clock, waitMs, () => this.#watch());
    }
  }
}
