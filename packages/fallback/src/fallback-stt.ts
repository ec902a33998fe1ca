import {
  type AudioFrame,
  abortedError,
  BoundedQueue,
  RoomKitError,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import { attempts } from "./attempts.ts";
import { candidatesOf, type FallbackOptions, settingsFor, settingsOf } from "./options.ts";

/** Frames of a stream kept for the next recogniser, and frames one may be behind: a minute of 10 ms frames. */
const MAX_FRAMES = 6_000;

/** Several recognisers as one. The next one is given the audio since the last final again. */
export function fallbackStt(providers: readonly SttProvider[], options: FallbackOptions): SttProvider {
  const candidates = candidatesOf(providers, options);
  const settings = settingsOf(options);
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
    async *transcribe(audio, stt): AsyncGenerator<TranscriptPart, void, undefined> {
      const kept: AudioFrame[] = [];
      let current: BoundedQueue<AudioFrame> | undefined;
      let ended = false;
      const reading = new AbortController();
      const pump = read(audio, stt.signal, reading.signal, (frame) => {
        if (frame === undefined) {
          ended = true;
          current?.end();
          return;
        }
        kept.push(frame);
        if (kept.length > MAX_FRAMES) kept.shift();
        current?.push(frame);
      });
      pump.catch(() => {});
      const open = async function* ({
        provider,
        signal,
      }: {
        provider: SttProvider;
        signal: AbortSignal;
      }): AsyncGenerator<TranscriptPart> {
        const queue = new BoundedQueue<AudioFrame>({ capacity: MAX_FRAMES });
        for (const frame of kept) queue.push(frame);
        if (ended) queue.end();
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
        yield* attempts(candidates, { ...settingsFor(settings, stt), firstByteMs: NO_LIMIT_MS }, stt.signal, open);
      } finally {
        reading.abort();
        current?.end();
      }
    },
    async warmUp(signal) {
      await Promise.all(providers.map((provider) => provider.warmUp?.(signal)));
    },
    async close() {
      await Promise.all(providers.map((provider) => provider.close?.()));
    },
  };
}

const NO_LIMIT_MS = 2 ** 31 - 1;

async function read(
  audio: AsyncIterable<AudioFrame>,
  signal: AbortSignal,
  stop: AbortSignal,
  onFrame: (frame: AudioFrame | undefined) => void,
): Promise<void> {
  const iterator = audio[Symbol.asyncIterator]();
  const stopped = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    for (const one of [signal, stop]) one.addEventListener("abort", onAbort, { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done) break;
      onFrame(next.value);
    }
  } catch (error) {
    if (!RoomKitError.is(error, "aborted")) throw error;
  } finally {
    onFrame(undefined);
    if (stop.aborted || signal.aborted) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
