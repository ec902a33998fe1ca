import { Dictation } from "@roomkit/call";
import {
  type AttendableCall,
  type AudioFormat,
  type AudioFrame,
  type ChannelHost,
  errorFields,
  type PipelineStream,
  sameFormat,
} from "@roomkit/core";
import type { OperatorSettings } from "../options.ts";

export interface CallerScribeOptions {
  readonly settings: OperatorSettings;
  readonly call: AttendableCall;
  readonly host: ChannelHost;
  readonly onText: (text: string) => void;
}

/** Writes down what a caller says to a person, where their call does not: a speech-to-speech model hears nothing of it. */
export class CallerScribe {
  readonly #options: CallerScribeOptions;
  #stream: PipelineStream | undefined;
  #dictation: Dictation | undefined;
  #inbound: AudioFormat | undefined;

  constructor(options: CallerScribeOptions) {
    this.#options = options;
  }

  hear(frame: AudioFrame): void {
    if (!this.#inbound) this.#open(frame);
    if (this.#inbound && sameFormat(this.#inbound, frame)) this.#stream?.processInbound(frame);
  }

  /** Resolves when the last words are told. */
  async finish(): Promise<void> {
    await this.#dictation?.finish();
    this.#stream?.close();
  }

  #open(frame: AudioFrame): void {
    const { settings, call, host, onText } = this.#options;
    const { pipeline, stt, language, sttTimeoutMs: finalTimeoutMs, maxSpeechMs } = settings;
    if (!pipeline || !stt) return;
    const { clock, logger } = host;
    const { sampleRate, channels } = frame;
    const inbound = { sampleRate, channels };
    this.#inbound = inbound;
    // Their platform has cleaned it already, or the call's audio path has.
    const native = { nativeEchoCancellation: true, nativeGainControl: true };
    const stream = pipeline.open({ inbound, outbound: inbound, sessionId: call.session.id, native, clock });
    this.#stream = stream;
    this.#dictation = new Dictation({
      ...{ stt, pipeline: stream, inbound, clock, language, finalTimeoutMs, maxSpeechMs, onText },
      onError: (error) =>
        logger.warn({ session: call.session.id, ...errorFields(error) }, "a caller's words are not written down"),
    });
  }
}
