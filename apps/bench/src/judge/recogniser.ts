import {
  type AudioFrame,
  abortedError,
  type Clock,
  frameDurationMs,
  rms,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { inSequence } from "@roomkit/testing";

/** What its own table of figures says a decode takes, ms. */
const DECODE_MS = 100;
const GUESS_EVERY_MS = 500;
const PAUSE_MS = 100;

/** What a decode gave. */
interface Heard {
  readonly text: string;
  readonly confidence: number | undefined;
}

/** The local recogniser, each stretch of audio decoded once; {@link idle} tells whoever moves a clock when it has nothing to do. */
export class Decodes {
  readonly #stt = moonshineStt({ partialEveryMs: 0, jobTimeoutMs: 600_000 });
  readonly #known = new Map<string, Promise<Heard>>();
  readonly #running = new Set<Promise<unknown>>();

  warmUp(): Promise<void> {
    return this.#stt.warmUp?.() ?? Promise.resolve();
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
      await new Promise(setImmediate);
    }
  }

  hear(frames: readonly AudioFrame[]): Promise<Heard> {
    const samples = inSequence(...frames.map((frame) => frame.samples));
    const key = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString("latin1");
    const heard = this.#known.get(key) ?? this.#decode(frames);
    this.#known.set(key, heard);
    const running = heard.finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #decode(frames: readonly AudioFrame[]): Promise<Heard> {
    const texts: string[] = [];
    let confidence: number | undefined;
    async function* audio(): AsyncGenerator<AudioFrame> {
      yield* frames;
    }
    for await (const part of this.#stt.transcribe(audio(), { signal: AbortSignal.timeout(600_000) })) {
      if (part.type !== "final") continue;
      texts.push(part.text);
      confidence = part.confidence;
    }
    return { text: texts.join(" "), confidence };
  }

  async close(): Promise<void> {
    await this.#stt.close?.();
  }
}

/** The same as a recogniser in virtual time: it guesses as often as it does in real time, and a decode takes {@link DECODE_MS}. */
export class DecodingStt implements SttProvider {
  readonly name = "moonshine";
  readonly capabilities = { streaming: true, turnDetection: false, wordTimings: false, sampleRate: 16_000 } as const;
  readonly #clock: Clock;
  readonly #decodes: Decodes;

  constructor(clock: Clock, decodes: Decodes) {
    this.#clock = clock;
    this.#decodes = decodes;
  }

  async *transcribe(audio: AsyncIterable<AudioFrame>, { signal }: SttOptions): AsyncGenerator<TranscriptPart> {
    const frames: AudioFrame[] = [];
    let told = "";
    let [heardMs, guessedMs, quietMs] = [0, 0, 0];
    /** What was heard up to the last pause; undefined once there is more. */
    let whole: Heard | undefined;
    for await (const frame of audio) {
      if (signal.aborted) throw abortedError(signal);
      frames.push(frame);
      heardMs += frameDurationMs(frame);
      quietMs = rms(frame.samples) < 60 ? quietMs + frameDurationMs(frame) : 0;
      if (quietMs === 0) whole = undefined;
      const paused = quietMs >= PAUSE_MS && whole === undefined && quietMs < heardMs;
      if (!paused && heardMs - guessedMs < GUESS_EVERY_MS) continue;
      if (!paused && whole !== undefined) continue;
      guessedMs = heardMs;
      const heard = await this.#decodes.hear([...frames]);
      await this.#clock.sleep(DECODE_MS, signal);
      if (quietMs > 0) whole = heard;
      if (heard.text === "" || heard.text === told) continue;
      told = heard.text;
      yield { type: "partial", ...heard };
    }
    if (whole === undefined) {
      whole = await this.#decodes.hear(frames);
      await this.#clock.sleep(DECODE_MS, signal);
    }
    if (whole.text !== "") yield { type: "final", ...whole };
    else if (told !== "") yield { type: "partial", text: "" };
  }
}
