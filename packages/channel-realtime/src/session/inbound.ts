import { type AudioFrame, frameDurationMs, type RateConverterFactory, type RealtimeSession } from "@roomkit/core";

/**
 * The caller's audio on its way to the provider: kept in order while the provider still shakes hands (the first words of a call
 * are spoken then), converted to the rate the provider takes.
 */
export class InboundAudio {
  readonly #maxMs: number;
  readonly #createResampler: RateConverterFactory | undefined;
  #waiting: AudioFrame[] = [];
  #waitingMs = 0;
  #dropped = 0;
  #session: RealtimeSession | undefined;
  #convert: ((samples: Int16Array) => Int16Array) | undefined;
  #closed = false;

  constructor(maxMs: number, createResampler: RateConverterFactory | undefined) {
    this.#maxMs = maxMs;
    this.#createResampler = createResampler;
  }

  /** Frames given up because the handshake took too long. */
  get dropped(): number {
    return this.#dropped;
  }

  push(frame: AudioFrame): void {
    if (this.#closed) return;
    if (this.#session) {
      this.#send(frame);
      return;
    }
    this.#waiting.push(frame);
    this.#waitingMs += frameDurationMs(frame);
    while (this.#waitingMs > this.#maxMs && this.#waiting.length > 1) {
      this.#waitingMs -= frameDurationMs(this.#waiting.shift() as AudioFrame);
      this.#dropped++;
    }
  }

  /** The provider takes audio from now on: first what waited, then what comes. */
  open(session: RealtimeSession, fromRate: number): void {
    const toRate = session.inbound.sampleRate;
    if (fromRate !== toRate) {
      const resampler = this.#createResampler?.(fromRate, toRate);
      this.#convert = resampler && ((samples) => resampler.process(samples));
    }
    this.#session = session;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingMs = 0;
    for (const frame of waiting) this.#send(frame);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#session = undefined;
  }

  #send(frame: AudioFrame): void {
    const session = this.#session;
    if (!session) return;
    if (!this.#convert) {
      session.sendAudio(frame);
      return;
    }
    const samples = this.#convert(frame.samples);
    if (samples.length === 0) return;
    session.sendAudio({ samples, sampleRate: session.inbound.sampleRate, channels: 1, timestamp: frame.timestamp });
  }
}
