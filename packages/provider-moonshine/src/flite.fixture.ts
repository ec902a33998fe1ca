import { type TtsProvider, withTimeout } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { inSequence } from "@roomkit/testing";

/** Speech made on the spot, so that there is always something to recognise. */
export class Speaker {
  readonly #tts: TtsProvider = fliteTts({ workers: 1, jobTimeoutMs: 60_000 });

  /** 16 kHz samples. */
  async say(text: string, voice = "rms"): Promise<Int16Array> {
    async function* once(): AsyncGenerator<string> {
      yield text;
    }
    const frames: Int16Array[] = [];
    const collect = async (): Promise<void> => {
      const call = { signal: new AbortController().signal, voice };
      for await (const part of this.#tts.synthesize(once(), call)) {
        if (part.type === "audio") frames.push(part.frame.samples);
      }
    };
    await withTimeout(collect(), 80_000, { what: "speaking" });
    return inSequence(...frames);
  }

  async close(): Promise<void> {
    await this.#tts.close?.();
  }
}
