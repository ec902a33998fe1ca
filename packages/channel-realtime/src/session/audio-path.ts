import type {
  AudioFrame,
  PipelineStream,
  RateConverter,
  RateConverterFactory,
  RealtimeSession,
  Unsubscribe,
  VoiceConnection,
} from "@roomkit/core";
import { InboundAudio } from "./inbound.ts";

export interface AudioPathOptions {
  readonly connection: VoiceConnection;
  /** The audio path in front of the provider, if there is one. */
  readonly pipeline: PipelineStream | undefined;
  readonly createResampler: RateConverterFactory | undefined;
  /** The caller's audio kept while the provider shakes hands, ms. */
  readonly handshakeBufferMs: number;
}

/** The caller's audio to the provider and the provider's to the listener, through the pipeline where there is one. */
export class AudioPath {
  readonly pipeline: PipelineStream | undefined;
  readonly #options: AudioPathOptions;
  readonly #inbound: InboundAudio;
  readonly #stop: () => void;
  readonly #listeners = new Set<(frame: AudioFrame) => void>();
  #withheld = false;

  constructor(options: AudioPathOptions) {
    const { pipeline, handshakeBufferMs, createResampler } = options;
    this.#options = options;
    this.pipeline = pipeline;
    this.#inbound = new InboundAudio(handshakeBufferMs, createResampler);
    this.#stop = pipeline?.on("frame", ({ frame }) => this.#push(frame)) ?? (() => {});
  }

  /** A frame of the caller. */
  hear(frame: AudioFrame): void {
    if (this.pipeline) this.pipeline.processInbound(frame);
    else this.#push(frame);
  }

  /** What the caller says, as it would go to the provider. */
  onCaller(listener: (frame: AudioFrame) => void): Unsubscribe {
    const entry = (frame: AudioFrame): void => listener(frame);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** The provider hears silence instead of the caller. */
  withhold(withheld: boolean): void {
    this.#withheld = withheld;
  }

  /** Whether audio can go both ways between these formats. */
  fits(provider: RealtimeSession): boolean {
    const { connection, createResampler } = this.#options;
    if (createResampler) return true;
    const inward = this.#rate === provider.inbound.sampleRate;
    return inward && (this.pipeline !== undefined || connection.outbound.sampleRate === provider.outbound.sampleRate);
  }

  /** The provider takes audio from now on: first what waited, then what comes. */
  open(provider: RealtimeSession): void {
    this.#inbound.open(provider, this.#rate);
  }

  /** From the provider's format to the listener's; undefined when they are equal. */
  outbound(provider: RealtimeSession): RateConverter | undefined {
    const { connection, createResampler } = this.#options;
    const { pipeline } = this;
    const from = provider.outbound.sampleRate;
    const to = connection.outbound.sampleRate;
    if (!pipeline) return from === to ? undefined : createResampler?.(from, to);
    return {
      process: (samples) => pipeline.processOutbound({ samples, sampleRate: from, channels: 1, timestamp: 0 }).samples,
      flush: () => pipeline.flushOutbound().samples,
      reset: () => pipeline.clearOutbound(),
    };
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
    this.#inbound.close();
    this.pipeline?.close();
  }

  #push(frame: AudioFrame): void {
    for (const listener of this.#listeners) listener(frame);
    this.#inbound.push(this.#withheld ? { ...frame, samples: new Int16Array(frame.samples.length) } : frame);
  }

  /** Hz of what goes to the provider. */
  get #rate(): number {
    return (this.pipeline?.internal ?? this.#options.connection.inbound).sampleRate;
  }
}
