import { type AudioFrame, assertOptions, RoomKitError, type SttProvider } from "@roomkit/core";
import { settle } from "../settle.ts";
import { assertTwo, type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { collect, EndlessSource, WatchedSource } from "./source.ts";
import { checkTranscript, finalText } from "./transcript.ts";

/** Speech for a recogniser, and how to know that it was recognised. */
export interface SpeechSample {
  /** The speech as frames the provider takes, e.g. 20 ms each, with a little silence around it. */
  readonly frames: readonly AudioFrame[];
  /** Holds for the text of this sample and not for that of the other sample. */
  readonly matches: (text: string) => boolean;
}

export interface SttConformanceOptions {
  /** Makes the provider of one case; the case closes it. */
  readonly create: () => SttProvider | Promise<SttProvider>;
  /** Two samples that say different things. */
  readonly samples: readonly [SpeechSample, SpeechSample];
  /** Connections and the like that are open, for the checks that nothing leaks. */
  readonly open?: (() => number) | undefined;
  /** How long any single wait may take before it counts as hanging, in ms of real time. Default 20,000. */
  readonly patienceMs?: number | undefined;
  /** Audio a provider may read ahead of a consumer that does not pull, in ms. Default 10,000. */
  readonly maxReadAheadMs?: number | undefined;
}

/** What every {@link SttProvider} must do, as one case per requirement. */
export function sttConformance(options: SttConformanceOptions): ConformanceCase[] {
  assertOptions("sttConformance", options, {
    required: ["create", "samples"],
    function: ["create", "open"],
    objects: ["samples"],
    number: ["patienceMs", "maxReadAheadMs"],
  });
  assertTwo("sttConformance", "samples", options.samples);
  const { samples, patienceMs = 20_000, maxReadAheadMs = 10_000 } = options;
  const [speech, other] = samples;
  const quiet = speech.frames.slice(0, 1).map((frame) => ({ ...frame, samples: new Int16Array(frame.samples.length) }));
  const cases: ConformanceCase[] = [];

  const add = (name: string, body: (provider: SttProvider, abort: AbortController) => Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const provider = await options.create();
        const abort = new AbortController();
        try {
          await body(provider, abort);
        } finally {
          abort.abort();
          await provider.close?.();
        }
      },
    });
  };
  const listen = (provider: SttProvider, audio: AsyncIterable<AudioFrame>, abort: AbortController) =>
    provider.transcribe(audio, { signal: abort.signal });
  const hear = (provider: SttProvider, frames: readonly AudioFrame[], abort: AbortController) =>
    within(collect(listen(provider, new WatchedSource(frames).end(), abort)), patienceMs, "a transcription");
  const released = async (audio: WatchedSource<AudioFrame>): Promise<void> => {
    await until(
      () => audio.released === audio.begun,
      patienceMs,
      "closing the audio source (return() on its iterator)",
    );
  };

  add("warms up as often as it is told to", async (provider) => {
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up");
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up again");
  });

  add("says truthfully what it can", async (provider, abort) => {
    const { sampleRate, languages } = provider.capabilities;
    check(provider.name !== "", "the name is empty");
    check(sampleRate === undefined || sampleRate >= 8_000, `sampleRate ${sampleRate} is no rate`);
    for (const tag of languages ?? []) check(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(tag), `${tag} is no language tag`);
    checkTranscript(await hear(provider, speech.frames, abort), provider.capabilities);
  });

  add("ends with the final text when the audio ends", async (provider, abort) => {
    for (const sample of samples) {
      const text = finalText(await hear(provider, sample.frames, abort));
      check(sample.matches(text), `the text was ${JSON.stringify(text)}`);
    }
  });

  add("yields partials before the audio ends when it streams, and none when it does not", async (provider, abort) => {
    if (!provider.capabilities.streaming) {
      const parts = await hear(provider, speech.frames, abort);
      check(!parts.some((part) => part.type === "partial"), "capabilities.streaming is false, but there was a partial");
      return;
    }
    await provider.warmUp?.();
    const audio = new WatchedSource(speech.frames);
    const stream = listen(provider, audio, abort)[Symbol.asyncIterator]();
    let open = true;
    const feed = async (): Promise<void> => {
      // Live audio never stops: silence goes on for as long as the provider takes.
      while (open) {
        await settle(4);
        audio.push(...quiet);
      }
    };
    const feeding = feed();
    try {
      const first = await within(stream.next(), patienceMs, "the first part, while audio flows");
      check(!first.done, "the stream ended although its audio had not");
    } finally {
      open = false;
      await feeding;
      audio.end();
    }
  });

  add("says nothing when there is nothing", async (provider, abort) => {
    const parts = await hear(provider, [], abort);
    check(parts.length === 0, `no audio gave ${parts.length} parts`);
  });

  add("ends at once with `aborted` when it was aborted before", async (provider, abort) => {
    abort.abort();
    const audio = new WatchedSource(speech.frames).end();
    await checkRejects(collect(listen(provider, audio, abort)), "aborted", patienceMs, "an aborted transcription");
    check(audio.asked === 0, "it read audio although it was aborted before it began");
    await released(audio);
  });

  add(
    "ends with `aborted` and lets go of its audio when it is aborted, even while no audio comes",
    async (provider, abort) => {
      const audio = new WatchedSource(speech.frames.slice(0, 10));
      const result = collect(listen(provider, audio, abort));
      result.catch(() => {});
      await until(() => audio.taken === 10, patienceMs, "reading ten frames");
      await settle(5);
      abort.abort();
      await checkRejects(result, "aborted", patienceMs, "an aborted transcription");
      await released(audio);
    },
  );

  add("ends with `aborted` when it is aborted after its audio has ended", async (provider, abort) => {
    const audio = new WatchedSource(speech.frames).end();
    const result = collect(listen(provider, audio, abort));
    const outcome = result.then(
      () => undefined,
      (error: unknown) => error,
    );
    await until(() => audio.released > 0, patienceMs, "reading the audio to its end");
    abort.abort();
    const error = await within(outcome, patienceMs, "an aborted transcription");
    // A provider may have been done already; what must not happen is that it hangs or fails otherwise.
    check(
      error === undefined || RoomKitError.is(error, "aborted"),
      `it failed with ${String(error)}, not with aborted`,
    );
  });

  add("does nothing when it is aborted after its end", async (provider, abort) => {
    const parts = await hear(provider, speech.frames, abort);
    abort.abort();
    await settle(3);
    check(speech.matches(finalText(parts)), "the text was lost");
    const again = finalText(await hear(provider, speech.frames, new AbortController()));
    check(speech.matches(again), "the provider could not be used again");
  });

  add("lets go of its audio when its reader stops", async (provider, abort) => {
    const audio = new EndlessSource([...speech.frames, ...repeat(quiet, 50)]);
    const stream = listen(provider, audio, abort)[Symbol.asyncIterator]();
    await within(stream.next(), patienceMs, "the first part");
    await within(Promise.resolve(stream.return?.()), patienceMs, "stopping");
    await until(() => audio.released, patienceMs, "closing the audio source (return() on its iterator)");
  });

  add("keeps concurrent streams apart", async (provider) => {
    const order = [speech, other, other, speech];
    const texts = await Promise.all(
      order.map(async (sample) => finalText(await hear(provider, sample.frames, new AbortController()))),
    );
    order.forEach((sample, i) => {
      check(sample.matches(texts[i] ?? ""), `stream ${i} of four heard ${JSON.stringify(texts[i])}`);
    });
  });

  add("reads audio no faster than its parts are taken", async (provider, abort) => {
    const audio = new EndlessSource([...speech.frames, ...repeat(quiet, 50)]);
    const stream = listen(provider, audio, abort)[Symbol.asyncIterator]();
    await within(stream.next(), patienceMs, "the first part");
    const frame = speech.frames[0];
    check(frame !== undefined, "the sample has no frames");
    const frameMs = (frame.samples.length / frame.channels / frame.sampleRate) * 1_000;
    const before = audio.taken;
    await settle(Math.ceil((maxReadAheadMs / frameMs) * 3));
    const aheadMs = (audio.taken - before) * frameMs;
    check(aheadMs <= maxReadAheadMs, `it read ${aheadMs} ms of audio while nobody took its parts`);
    await stream.return?.();
  });

  add("passes on what goes wrong with its audio", async (provider, abort) => {
    const audio = new WatchedSource(speech.frames.slice(0, 5)).fail(new RoomKitError("source_broke", "made to fail"));
    await checkRejects(collect(listen(provider, audio, abort)), "source_broke", patienceMs, "a broken source");
  });

  add("refuses frames of a rate it does not take", async (provider, abort) => {
    const { sampleRate } = provider.capabilities;
    if (sampleRate === undefined) return;
    const frames = speech.frames.map((frame) => ({ ...frame, sampleRate: sampleRate === 8_000 ? 16_000 : 8_000 }));
    const audio = new WatchedSource(frames).end();
    await checkRejects(collect(listen(provider, audio, abort)), "unsupported_format", patienceMs, "the wrong rate");
    await released(audio);
  });

  const unending = (provider: SttProvider) => {
    const audio = new WatchedSource(speech.frames.slice(0, 10));
    const result = collect(listen(provider, audio, new AbortController()));
    const ended = result.then(() => check(false, "a transcription ended well although its audio had not"));
    return { audio, ended };
  };
  const releasing = async (audio: WatchedSource<AudioFrame>, ended: Promise<unknown>): Promise<void> => {
    await ended.catch(() => {});
    await released(audio);
    await ended;
  };
  const closing = closeCases<SttProvider>({
    create: options.create,
    async begin(provider) {
      const { audio, ended } = unending(provider);
      ended.catch(() => {});
      await until(() => audio.taken === 10, patienceMs, "reading ten frames");
      return { ended, left: () => released(audio) };
    },
    async beginning(provider) {
      const { audio, ended } = unending(provider);
      await releasing(audio, ended);
    },
    async late(provider) {
      const audio = new WatchedSource(speech.frames).end();
      await releasing(audio, collect(listen(provider, audio, new AbortController())));
    },
    held: options.open,
    patienceMs,
  });
  for (const [name, run] of closing) add(name, run);

  return cases;
}

function repeat<T>(items: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => items).flat();
}
