import type { AudioFrame } from "@roomkit/core";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { inFrames, wordErrorRate } from "@roomkit/testing";

/** What is said, and the audio of it. */
export interface Said {
  readonly text: string;
  readonly samples: Int16Array;
}

/** The local recogniser, for how many of the words it gets wrong. */
export class Recogniser {
  readonly #stt = moonshineStt({ partialEveryMs: 0, jobTimeoutMs: 60_000 });

  /** Starts it: afterwards whoever measures may hold the thread for as long as they like. */
  async warmUp(): Promise<void> {
    await this.#stt.warmUp?.();
  }

  /** Share of the words that are wrong, percent; 16 kHz. */
  async wordErrors(clips: readonly Said[]): Promise<number> {
    const pairs = await Promise.all(clips.map(async ({ text, samples }) => [text, await this.hear(samples)] as const));
    return 100 * wordErrorRate(pairs);
  }

  /** What is understood; 16 kHz. */
  async hear(samples: Int16Array): Promise<string> {
    async function* audio(): AsyncGenerator<AudioFrame> {
      yield* inFrames(samples, { sampleRate: 16_000, channels: 1 });
    }
    const texts: string[] = [];
    for await (const part of this.#stt.transcribe(audio(), { signal: AbortSignal.timeout(600_000) }))
      if (part.type === "final") texts.push(part.text);
    return texts.join(" ");
  }
  async close(): Promise<void> {
    await this.#stt.close?.();
  }
}
