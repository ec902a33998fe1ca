import { type AudioFrame, abortable, BoundedQueue, type SttProvider, type TranscriptPart } from "@roomkit/core";
import { attempts } from "./attempts.ts";
import { Closing } from "./closing.ts";
import { candidatesOf, type FallbackOptions, settingsFor, settingsOf } from "./options.ts";

/** Frames of a stream kept for the next recogniser, and frames one may be behind: a minute of 10 ms frames. */
const MAX_FRAMES = 6_000;

/** Several recognisers as one. The next one is given the audio since the last final again. */
export function fallbackStt(providers: readonly SttProvider[], options: FallbackOptions): SttProvider {
  const candidates = candidatesOf(providers, options);
  const settings = settingsOf(options);
  const closing = new Closing(providers);
  const all = (test: (provider: SttProvider) => boolean): boolean => providers.every(test);
  const rates = new Set(providers.map(({ capabilities }) => capabilities.sampleRate));
  const [rate] = rates;
  return {
    name: `fallback(${providers.map(({ name }) => name).join(", ")})`,
    capabilities: {
      streaming: all(({ capabilities }) => capabilities.streaming),
      turnDetection: all(({ capabilities }) => capabilities.turnDetection),
      wordTimings: all(({ capabilities }) => capabilities.wordTimings),
      ...(rates.size === 1 && rate !== undefined ? { sampleRate: rate } : {}),
    },
    // One that is not, takes what the others cannot.
    overloaded: () => providers.every((provider) => provider.overloaded?.() ?? false),
    async *transcribe(audio, stt): AsyncGenerator<TranscriptPart, void, undefined> {
      const kept: AudioFrame[] = [];
      let current: BoundedQueue<AudioFrame> | undefined;
      /** How the audio ended: undefined while it has not. */
      let over: ((queue: BoundedQueue<AudioFrame>) => void) | undefined;
      let broken = false;
      const call = closing.call(stt.signal);
      const reading = call.child();
      const pump = async (): Promise<void> => {
        try {
          for await (const frame of abortable(audio, reading.signal)) {
            kept.push(frame);
            if (kept.length > MAX_FRAMES) kept.shift();
            current?.push(frame);
          }
          over = (queue) => queue.end();
        } catch (error) {
          over = (queue) => queue.fail(error);
          broken = !reading.aborted;
        }
        if (current) over(current);
      };
      void pump();
      const open = async function* ({
        provider,
        signal,
      }: {
        provider: SttProvider;
        signal: AbortSignal;
      }): AsyncGenerator<TranscriptPart> {
        const queue = new BoundedQueue<AudioFrame>({ capacity: MAX_FRAMES });
        for (const frame of kept) queue.push(frame);
        over?.(queue);
        current = queue;
        const stop = queue.abortOn(signal);
        try {
          for await (const part of provider.transcribe(queue, { ...stt, signal })) {
            // What is final is kept by whoever reads; another recogniser must not hear it again.
            if (part.type === "final") kept.length = 0;
            yield part;
          }
        } finally {
          stop();
        }
      };
      try {
        // A recogniser with nothing to hear says nothing: there is no first answer to wait for. The channel bounds its last word.
        yield* attempts(
          candidates,
          { ...settingsFor(settings, stt), firstByteMs: NO_LIMIT_MS },
          call.signal,
          open,
          () => !broken,
        );
      } finally {
        reading.abort();
        call.release();
        current?.end();
      }
    },
    async warmUp(signal) {
      await Promise.all(providers.map((provider) => provider.warmUp?.(signal)));
    },
    close: () => closing.close(),
  };
}

const NO_LIMIT_MS = 2 ** 31 - 1;
