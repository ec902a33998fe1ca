import type { UsageMetadata } from "@google/genai";
import type { AIUsage, AudioFormat, RealtimeEvent } from "@roomkit/core";
import { PcmFramer } from "@roomkit/provider-utils";

/** One turn of the model, which has neither an id nor a beginning of its own on the wire. */
export class ModelTurn {
  readonly id: string;
  usage: AIUsage | undefined;
  /** All audio the vendor made of it, ms. */
  audioMs = 0;
  /** Some of that was not given out. */
  withheld = false;
  readonly #emit: (event: RealtimeEvent) => void;
  readonly #framer: PcmFramer;
  readonly #format: AudioFormat;

  constructor(id: string, format: AudioFormat, emit: (event: RealtimeEvent) => void) {
    this.id = id;
    this.#emit = emit;
    this.#format = format;
    this.#framer = new PcmFramer(format);
    emit({ type: "response-start", responseId: id });
  }

  audio(base64: string): void {
    this.#count(base64);
    for (const frame of this.#framer.push(Buffer.from(base64, "base64")))
      this.#emit({ type: "audio", responseId: this.id, itemId: this.id, frame });
  }

  /** Audio that is not given out. */
  withhold(base64: string): void {
    this.#count(base64);
    this.withheld = true;
  }

  end(status: "completed" | "cancelled"): void {
    const frame = this.#framer.flush();
    if (frame && status === "completed") this.#emit({ type: "audio", responseId: this.id, itemId: this.id, frame });
    const end = { type: "response-end", responseId: this.id, status } as const;
    this.#emit(this.usage ? { ...end, usage: this.usage } : end);
  }

  #count(base64: string): void {
    this.audioMs += (Buffer.byteLength(base64, "base64") / 2 / this.#format.sampleRate) * 1000;
  }
}

/** What a turn cost. */
export function usageOf({ promptTokenCount, responseTokenCount, cachedContentTokenCount }: UsageMetadata): AIUsage {
  return {
    inputTokens: promptTokenCount,
    outputTokens: responseTokenCount,
    cachedInputTokens: cachedContentTokenCount,
  };
}
