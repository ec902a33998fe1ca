import { type AudioFrame, assertOptions, RoomKitError, rms, type SpeechPart, type TtsProvider } from "@roomkit/core";
import { settle } from "../settle.ts";
import { type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { collect, EndlessSource, WatchedSource } from "./source.ts";
import { audioMs, checkSpeech } from "./speech.ts";

export interface TtsConformanceOptions {
  /** Makes the provider of one case; the case closes it. */
  readonly create: () => TtsProvider | Promise<TtsProvider>;
  /** Two sentences; the second takes clearly longer to say. Default: English ones. */
  readonly sentences?: readonly [short: string, long: string] | undefined;
  /** Pieces a provider may take ahead of a reader that does not pull. Default 8. */
  readonly maxPiecesAhead?: number | undefined;
  /** Connections and the like that are open, for the checks that nothing leaks. */
  readonly open?: (() => number) | undefined;
  /** How long any single wait may take before it counts as hanging, in ms of real time. Default 20,000. */
  readonly patienceMs?: number | undefined;
}

/** What every {@link TtsProvider} must do, as one case per requirement. */
export function ttsConformance(options: TtsConformanceOptions): ConformanceCase[] {
  assertOptions("ttsConformance", options, {
    required: ["create"],
    function: ["create", "open"],
    strings: ["sentences"],
    number: ["maxPiecesAhead", "patienceMs"],
  });
  const { maxPiecesAhead = 8, patienceMs = 20_000 } = options;
  const [short, long] = options.sentences ?? [
    "Yes, of course.",
    "The next train to the airport leaves from platform nine in twenty minutes.",
  ];
  const cases: ConformanceCase[] = [];

  const add = (name: string, body: (provider: TtsProvider, abort: AbortController) => Promise<void>): void => {
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
  const speak = (provider: TtsProvider, text: AsyncIterable<string>, { signal }: AbortController, voice?: string) =>
    provider.synthesize(text, { signal, ...(voice === undefined ? {} : { voice }) });
  const say = (provider: TtsProvider, pieces: readonly string[], abort: AbortController, voice?: string) =>
    within(
      collect(speak(provider, new WatchedSource(pieces).end(), abort, voice)),
      patienceMs,
      `saying ${pieces.length} pieces`,
    );
  const firstAudio = async (stream: AsyncIterator<SpeechPart>): Promise<AudioFrame> => {
    for (;;) {
      const next = await within(stream.next(), patienceMs, "the first audio");
      check(!next.done, "the stream ended without audio");
      if (next.value.type === "audio") return next.value.frame;
    }
  };
  const released = (text: WatchedSource<string>): Promise<void> =>
    until(() => text.released === text.begun, patienceMs, "closing the text source (return() on its iterator)");

  add("warms up as often as it is told to", async (provider) => {
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up");
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up again");
  });

  add("speaks every piece, in order and without a gap, in the format it declares", async (provider, abort) => {
    const pieces = [short, long, short];
    const parts = await say(provider, pieces, abort);
    checkSpeech(parts, pieces, provider.capabilities);
    const frames = parts.flatMap((part) => (part.type === "audio" ? [part.frame] : []));
    check(
      frames.some((frame) => rms(frame.samples) > 100),
      "the audio is silent",
    );
  });

  add("takes longer for longer text", async (provider, abort) => {
    const brief = audioMs(await say(provider, [short], abort));
    const lengthy = audioMs(await say(provider, [long], abort));
    check(brief > 100, `${short.length} characters gave ${brief} ms of audio`);
    check(lengthy > brief * 1.3, `the long sentence took ${lengthy} ms, the short one ${brief} ms`);
  });

  add("says truthfully whether it speaks before its text has ended", async (provider, abort) => {
    const text = new WatchedSource([short, long]);
    const stream = speak(provider, text, abort)[Symbol.asyncIterator]();
    const first = firstAudio(stream);
    first.catch(() => {});
    if (!provider.capabilities.streamingInput) text.end();
    await first;
    text.end();
  });

  add("speaks with every voice it names, and refuses others", async (provider, abort) => {
    const { voices } = provider.capabilities;
    for (const voice of voices ?? []) {
      const parts = await say(provider, [short], abort, voice);
      check(audioMs(parts) > 100, `the voice ${voice} gave ${audioMs(parts)} ms of audio`);
    }
    if (!voices) return;
    const text = new WatchedSource([short]).end();
    const refused = collect(speak(provider, text, abort, "no-such-voice"));
    await checkRejects(refused, "unknown_voice", patienceMs, "an unknown voice");
    await released(text);
  });

  add("says nothing when there is nothing", async (provider, abort) => {
    const ms = audioMs(await say(provider, [], abort));
    check(ms === 0, `no text gave ${ms} ms of audio`);
    await say(provider, ["", "   ", "…"], abort);
  });

  add("ends at once with `aborted` when it was aborted before", async (provider, abort) => {
    abort.abort();
    const text = new WatchedSource([short]).end();
    await checkRejects(collect(speak(provider, text, abort)), "aborted", patienceMs, "an aborted synthesis");
    check(text.asked === 0, "it took text although it was aborted before it began");
    await released(text);
  });

  add(
    "ends with `aborted` and lets go of its text when it is aborted, even while no text comes",
    async (provider, abort) => {
      const text = new WatchedSource([short]);
      const result = collect(speak(provider, text, abort));
      result.catch(() => {});
      await until(() => text.taken === 1, patienceMs, "taking the first piece");
      await settle(5);
      abort.abort();
      await checkRejects(result, "aborted", patienceMs, "an aborted synthesis");
      await released(text);
    },
  );

  add("yields no audio any more once it is aborted", async (provider, abort) => {
    const text = new WatchedSource([long, long, long]).end();
    const stream = speak(provider, text, abort)[Symbol.asyncIterator]();
    await firstAudio(stream);
    abort.abort();
    await checkRejects(stream.next(), "aborted", patienceMs, "the part after the abort");
    await released(text);
  });

  add("does nothing when it is aborted after its end", async (provider, abort) => {
    await say(provider, [short], abort);
    abort.abort();
    await settle(3);
    check(audioMs(await say(provider, [short], new AbortController())) > 100, "the provider could not be used again");
  });

  add("lets go of its text when its reader stops", async (provider, abort) => {
    const text = new EndlessSource([long]);
    const stream = speak(provider, text, abort)[Symbol.asyncIterator]();
    await firstAudio(stream);
    await within(Promise.resolve(stream.return?.()), patienceMs, "stopping");
    await until(() => text.released, patienceMs, "closing the text source (return() on its iterator)");
  });

  add("takes text no faster than its audio is taken", async (provider, abort) => {
    if (!provider.capabilities.streamingInput) return;
    const text = new EndlessSource([long]);
    const stream = speak(provider, text, abort)[Symbol.asyncIterator]();
    await firstAudio(stream);
    const before = text.taken;
    await settle(200 + 20 * maxPiecesAhead);
    const ahead = text.taken - before;
    check(ahead <= maxPiecesAhead, `it took ${ahead} pieces while nobody took its audio`);
    await stream.return?.();
  });

  add("keeps concurrent streams apart", async (provider) => {
    const alone = [short, long].map((piece) => say(provider, [piece], new AbortController()));
    const [brief, lengthy] = (await Promise.all(alone)).map(audioMs);
    const mixed = [[long], [short], [long], [short]];
    const lengths = await Promise.all(
      mixed.map(async (pieces) => {
        const parts = await say(provider, pieces, new AbortController());
        checkSpeech(parts, pieces, provider.capabilities);
        return audioMs(parts);
      }),
    );
    mixed.forEach(([piece], i) => {
      const wanted = (piece === long ? lengthy : brief) ?? 0;
      const got = lengths[i] ?? 0;
      check(Math.abs(got - wanted) <= wanted * 0.25, `stream ${i} of four took ${got} ms, alone it takes ${wanted} ms`);
    });
  });

  add("passes on what goes wrong with its text", async (provider, abort) => {
    const text = new WatchedSource([short]).fail(new RoomKitError("source_broke", "made to fail"));
    await checkRejects(collect(speak(provider, text, abort)), "source_broke", patienceMs, "a broken source");
  });

  const unending = (provider: TtsProvider) => {
    const text = new WatchedSource([short]);
    const result = collect(speak(provider, text, new AbortController()));
    const ended = result.then(() => check(false, "a synthesis ended well although its text had not"));
    return { text, ended };
  };
  const releasing = async (text: WatchedSource<string>, ended: Promise<unknown>): Promise<void> => {
    await ended.catch(() => {});
    await released(text);
    await ended;
  };
  const closing = closeCases<TtsProvider>({
    create: options.create,
    async begin(provider) {
      const { text, ended } = unending(provider);
      ended.catch(() => {});
      await until(() => text.taken === 1, patienceMs, "taking the first piece");
      return { ended, left: () => released(text) };
    },
    async beginning(provider) {
      const { text, ended } = unending(provider);
      await releasing(text, ended);
    },
    async late(provider) {
      const text = new WatchedSource([short]).end();
      await releasing(text, collect(speak(provider, text, new AbortController())));
    },
    held: options.open,
    patienceMs,
  });
  for (const [name, run] of closing) add(name, run);

  return cases;
}
