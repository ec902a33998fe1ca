import type { Clock, Logger } from "@roomkit/core";
import type { RetryOptions } from "@roomkit/provider-utils";

/** What all three adapters take. */
export interface AiSdkOptions {
  /** Longest wait for the first answer, ms; 0: no limit. Default 10,000. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two pieces of an answer, ms; 0: no limit. Default 15,000. */
  readonly stallMs?: number | undefined;
  /** Tries before anything was answered. Default 2 retries. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

export interface AiSdkModelOptions extends AiSdkOptions {
  /** Options for the vendor, by its name, as the AI SDK takes them: `{ openai: { store: false } }`. A request's own come on top. */
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

export interface AiSdkVoiceOptions extends AiSdkOptions {
  /** The voice; default the model's. */
  readonly voice?: string | undefined;
  /** The vendor's name for 16-bit mono PCM. Default `pcm`; others say `pcm_24000` and the like. */
  readonly pcmFormat?: string | undefined;
  /** Rate of that PCM in Hz. Default 24,000. */
  readonly sampleRate?: number | undefined;
  readonly instructions?: string | undefined;
  /** Options for the vendor, by its name, as the AI SDK takes them. */
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

export interface AiSdkRecogniserOptions extends AiSdkOptions {
  /** Longest audio of one request, ms; longer speech is cut into several. Default 60,000. */
  readonly maxAudioMs?: number | undefined;
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}
