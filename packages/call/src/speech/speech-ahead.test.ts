import type { RoomKitError, SpeechPart, TtsOptions } from "@roomkit/core";
import { ScriptedTts, type ScriptedTtsOptions, seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { once } from "../utterances/once.ts";
import { speakable } from "./filter/speakable.ts";
import {
  MAX_AHEAD_MS,
  MAX_UNUSED_MS,
  SpeechAhead,
  type SpeechAheadEnd,
  type SpeechAheadOptions,
} from "./speech-ahead.ts";

const SPOKEN = { voice: "ada", language: "en", speed: 1 } as const;

function setUp(script: ScriptedTtsOptions = {}, options: Partial<SpeechAheadOptions> = {}) {
  const clock = new VirtualClock();
  const tts = new ScriptedTts(clock, { msPerChar: 50, delayMs: 200, ...script });
  const ends: SpeechAheadEnd[] = [];
  const abort = new AbortController();
  const ahead = new SpeechAhead({
    ...{ clock, tts, spoken: SPOKEN, filter: speakable, sentences: undefined, signal: abort.signal },
    ...{ may: () => true, onEnd: (end) => ends.push(end) },
    ...options,
  });
  /** The text as it is made, and some time for the voice. */
  const write = async (text: string, over = false, ms = 1_000): Promise<void> => {
    for (const word of text.match(/\S+\s*/g) ?? []) ahead.push(word, false);
    if (over) ahead.push("", true);
    await settle();
    await clock.advance(ms);
  };
  /** An utterance of these pieces; gives what was made of them. */
  const speak = (pieces: AsyncIterable<string>, how: Partial<TtsOptions> = {}) => {
    const stop = new AbortController();
    const voice = ahead.voice();
    const made: SpeechPart[] = [];
    let error: unknown;
    const begunAt = clock.now();
    let firstMs: number | undefined;
    const done = (async () => {
      try {
        const parts = (voice ?? tts).synthesize(pieces, { ...SPOKEN, ...how, signal: stop.signal });
        for await (const part of parts) {
          if (part.type === "audio") firstMs ??= clock.now() - begunAt;
          made.push(part);
        }
      } catch (thrown) {
        error = thrown;
      }
    })();
    return {
      ...{ stop, done, made },
      get error() {
        return error;
      },
      get firstMs() {
        return firstMs;
      },
      get segments() {
        return made.flatMap((part) => (part.type === "segment" ? [part.text] : []));
      },
      get audioMs() {
        return 20 * made.filter(({ type }) => type === "audio").length;
      },
    };
  };
  const over = async (): Promise<void> => {
    await clock.advance(20_000);
    expect([tts.open, clock.pendingTimers]).toEqual([0, 0]);
  };
  return { clock, tts, ends, abort, ahead, write, speak, over };
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

describe("speech that is synthesized ahead", () => {
  it("is the first piece, and goes on with what comes after it in the same speech", async () => {
    const a = setUp();
    await a.write("Well, that is good. And there is more of it.");
    expect(a.tts.spoken).toEqual(["Well, that is good."]);
    const spoken = a.speak(pieces("Well, that is good.", "And more."));
    await a.clock.advance(0);
    expect(spoken.firstMs).toBe(0);
    await a.over();
    await spoken.done;
    expect([spoken.error, spoken.segments]).toEqual([undefined, ["Well, that is good.", "And more."]]);
    expect(spoken.audioMs).toBeGreaterThanOrEqual(27 * 50);
    expect(a.tts.options).toHaveLength(1);
    expect(a.ends).toEqual([{ earlierMs: 1_000, chars: 19, audioMs: 950 }]);
  });

  it("is handed on while it is still being made", async () => {
    const a = setUp();
    await a.write("Good.", true, 150);
    const spoken = a.speak(pieces("Good."));
    await a.over();
    await spoken.done;
    expect([spoken.firstMs, spoken.segments, a.ends[0]?.earlierMs]).toEqual([50, ["Good."], 150]);
  });

  it.each<[string, string[], Partial<TtsOptions>]>([
    ["other words", ["Bad."], {}],
    ["the same words in another cut", ["Good. Yes."], {}],
    ["another voice", ["Good."], { voice: "bob" }],
    ["another speed", ["Good."], { speed: 2 }],
    ["another language", ["Good."], { language: "de" }],
  ])("is not used for %s", async (_what, texts, how) => {
    const a = setUp();
    await a.write("Good.", true);
    const spoken = a.speak(pieces(...texts), how);
    await a.over();
    await spoken.done;
    expect([spoken.firstMs, spoken.segments, a.tts.options.length]).toEqual([200, texts, 2]);
    expect(a.ends).toEqual([{ earlierMs: undefined, chars: 5, audioMs: 250 }]);
  });

  it("is not used for nothing", async () => {
    const a = setUp();
    await a.write("Good.", true);
    const spoken = a.speak(pieces());
    await spoken.done;
    expect([spoken.made, a.tts.options.length, a.ends[0]?.earlierMs]).toEqual([[], 1, undefined]);
    await a.over();
  });

  it.each<[string, (a: ReturnType<typeof setUp>) => unknown]>([
    ["its signal", ({ abort }) => abort.abort()],
    ["discard", ({ ahead }) => ahead.discard()],
    ["time", ({ clock }) => clock.advance(MAX_UNUSED_MS)],
  ])("ends by %s, once", async (_what, end) => {
    const a = setUp();
    await a.write("Good.", true);
    await end(a);
    await settle();
    expect([a.tts.open, a.ahead.voice(), a.ends]).toEqual([
      0,
      undefined,
      [{ earlierMs: undefined, chars: 5, audioMs: 250 }],
    ]);
    a.ahead.discard();
    a.abort.abort();
    expect(a.ends).toHaveLength(1);
    await a.over();
  });

  it("takes 4 s of audio at most", async () => {
    const a = setUp({ msPerChar: 1_000 });
    await a.write("Good.", true, 2_000);
    a.ahead.discard();
    expect(a.ends).toEqual([{ earlierMs: undefined, chars: 5, audioMs: MAX_AHEAD_MS }]);
    await a.over();
  });

  it("that failed is spoken anew, and fails there if it must", async () => {
    const a = setUp({ failsOn: "Bad" });
    await a.write("Bad.", true);
    const spoken = a.speak(pieces("Bad."));
    await spoken.done;
    expect([(spoken.error as RoomKitError).code, a.tts.options.length]).toEqual(["tts_broke", 2]);
    await a.over();
  });

  it("that fails later fails as any", async () => {
    const a = setUp({ failsOn: "Bad" });
    await a.write("Good. Bad.", true);
    const spoken = a.speak(pieces("Good.", "Bad."));
    await a.over();
    await spoken.done;
    expect([spoken.segments, (spoken.error as RoomKitError).code]).toEqual([["Good."], "tts_broke"]);
  });

  it("is stopped with the utterance that says it, and by nothing else", async () => {
    const a = setUp();
    await a.write("Good. And");
    let more = (_: string): void => {};
    const text = new Promise<string>((resolve) => {
      more = resolve;
    });
    const spoken = a.speak(
      (async function* () {
        yield "Good.";
        yield await text;
      })(),
    );
    await a.clock.advance(MAX_UNUSED_MS);
    a.abort.abort();
    expect([a.tts.open, spoken.segments]).toEqual([1, ["Good."]]);
    spoken.stop.abort();
    more("Late.");
    await a.over();
    await spoken.done;
    expect((spoken.error as RoomKitError).code).toBe("aborted");
  });

  it("there is none where it may not be, and nothing of it where nothing can be said", async () => {
    const forbidden = setUp({}, { may: () => false });
    const silent = setUp();
    const early = setUp();
    const late = setUp({}, { signal: AbortSignal.abort() });
    const broken = setUp(
      {},
      {
        filter: () => {
          throw new Error("no");
        },
      },
    );
    await forbidden.write("Good. Yes.", true);
    await silent.write("```\ncode\n```", true);
    await early.write("Good");
    await late.write("Good. Yes.", true);
    await broken.write("Good. Yes.", true);
    for (const a of [forbidden, silent, early, late, broken]) {
      expect([a.ahead.voice(), a.tts.options, a.ends]).toEqual([undefined, [], []]);
      await a.over();
    }
  });

  it("in any order: said is what was to be said, and nothing stays open", async () => {
    let used = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const ms = (most: number): number => Math.floor(random() * most);
      const a = setUp({ msPerChar: 5, delayMs: ms(300) });
      const texts = ["Good.", "Is there more?", "There is."].slice(0, 1 + ms(3));
      const told = texts.join(" ");
      const steps = [
        () => a.write(random() < 0.8 ? told : "Bad. Very.", random() < 0.5, ms(400)),
        () => a.clock.advance(ms(500)),
        () => (random() < 0.2 ? a.abort.abort() : undefined),
      ];
      for (const step of steps.sort(() => random() - 0.5)) await step();
      const spoken = a.speak(pieces(...texts));
      if (random() < 0.5) await a.clock.advance(ms(600));
      const cut = random() < 0.3;
      if (cut) spoken.stop.abort();
      a.abort.abort();
      await a.over();
      await spoken.done;
      if (!cut) expect([seed, spoken.segments, spoken.error]).toEqual([seed, texts, undefined]);
      expect(a.ends.length).toBeLessThanOrEqual(1);
      if (a.ends[0]?.earlierMs !== undefined) used++;
    }
    expect(used).toBeGreaterThan(50);
    expect(used).toBeLessThan(250);
  });
});

it("a voice for one text is used for it once", async () => {
  const a = setUp();
  await a.write("Good.", true);
  const [first, second] = [a.speak(once("Good.")), a.speak(once("Good."))];
  await a.over();
  await Promise.all([first.done, second.done]);
  expect([first.segments, second.segments, a.tts.options.length, a.ends.length]).toEqual([["Good."], ["Good."], 2, 1]);
});
