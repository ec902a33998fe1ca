import { abortedError, RoomKitError, type SpeechPart, type TtsProvider } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle } from "../settle.ts";
import { tone } from "../signals.ts";
import type { ConformanceCase } from "./case.ts";
import { CLOSE_DEFECTS, type Connections, HeldConnection, WARM_UP_DEFECTS } from "./close.fixture.ts";
import { greedy, nextOrAbort } from "./iterators.fixture.ts";
import { ttsConformance } from "./tts.ts";

/** What is wrong with a voice, and the case that must find it. */
const DEFECTS = {
  "warms up once only": "warms up",
  "is silent": "speaks every piece",
  "yields another rate than it declares": "speaks every piece",
  "yields empty frames": "speaks every piece",
  "has no clock": "speaks every piece",
  "leaves a piece out": "speaks every piece",
  "names pieces it was not given": "speaks every piece",
  "speaks before it says what": "speaks every piece",
  "yields words it does not declare": "speaks every piece",
  "declares words it does not yield": "speaks every piece",
  "yields words that do not occur": "speaks every piece",
  "yields words out of order": "speaks every piece",
  "yields words beyond the audio": "speaks every piece",
  "yields a kind of part nobody knows": "speaks every piece",
  "says everything in the same time": "takes longer",
  "declares streaming and waits for the end": "says truthfully",
  "lacks a voice it names": "every voice",
  "takes any voice": "every voice",
  "fills silence": "says nothing",
  "begins although aborted": "ends at once with `aborted`",
  "stops silently when aborted": "ends with `aborted` and lets go",
  "does not notice an abort between pieces": "ends with `aborted` and lets go",
  "never closes its source": "ends with `aborted` and lets go",
  "finishes its piece when aborted": "yields no audio any more",
  "is spent after an abort": "aborted after its end",
  "leaves its source open when not read on": "when its reader stops",
  "takes text without end": "takes text no faster",
  "mixes streams up": "keeps concurrent streams apart",
  "hides what is wrong with the source": "passes on",
  "survives its end": "ends what runs with `closed`",
  "goes on after its end": "refuses with `closed`",
  "does not end what has only begun": "what has only begun",
  ...CLOSE_DEFECTS,
  ...WARM_UP_DEFECTS,
} as const;
type Defect = keyof typeof DEFECTS;

let shared: string | undefined;

/** A correct voice that hums 20 ms for each character, but for one defect. */
function provider(connections: Connections, defect?: Defect): TtsProvider {
  const is = (name: Defect): boolean => name === defect;
  const closing = new AbortController();
  const connection = new HeldConnection(connections, defect, () => {
    if (!is("goes on after its end")) closing.abort(new RoomKitError("closed", "closed"));
  });
  let warm = 0;
  let spent = false;
  const voices = ["low", "high"];
  const unnamed = new Set<Defect>(["yields words it does not declare"]);
  return {
    name: "reference",
    capabilities: {
      streamingInput: true,
      wordTimings: defect === undefined || !unnamed.has(defect),
      sampleRate: 16_000,
      voices,
    },
    async *synthesize(text, options): AsyncGenerator<SpeechPart, void, undefined> {
      const { voice = "low" } = options;
      if (!voices.includes(voice) && !is("takes any voice")) throw new RoomKitError("unknown_voice", "no such voice");
      if (voice === "high" && is("lacks a voice it names")) throw new RoomKitError("unknown_voice", "no such voice");
      const begun = closing.signal.aborted;
      if (is("does not end what has only begun")) await settle(3);
      const late = is("does not end what has only begun") && !begun && closing.signal.aborted;
      const close = is("survives its end") || late ? new AbortController().signal : closing.signal;
      const signal = AbortSignal.any([options.signal, close]);
      if (signal.aborted && !is("begins although aborted")) throw abortedError(signal);
      options.signal.addEventListener("abort", () => {
        spent = is("is spent after an abort");
      });
      const own = text[Symbol.asyncIterator]();
      const source = is("takes text without end") ? greedy(own, signal) : own;
      let at = 0;
      const audio = (samples: Int16Array, sampleRate = 16_000): SpeechPart => {
        const timestamp = is("has no clock") ? 0 : at;
        at += (samples.length / sampleRate) * 1000;
        return { type: "audio", frame: { samples, sampleRate, channels: 1, timestamp } };
      };
      if (is("fills silence")) yield audio(tone(16_000, 20, 440, 1_000));
      try {
        const waiting: string[] = [];
        for (let count = 0; ; count++) {
          const next = is("does not notice an abort between pieces")
            ? await source.next()
            : await nextOrAbort(source, signal);
          if (is("declares streaming and waits for the end") && !next.done) {
            waiting.push(next.value);
            continue;
          }
          const pieces = next.done ? waiting.splice(0) : [next.value];
          for (const given of pieces) {
            const piece = is("mixes streams up") ? shared || given : given;
            if (is("mixes streams up")) shared = given;
            if (is("speaks before it says what") && count === 0) yield audio(tone(16_000, 20, 440, 1_000));
            yield { type: "segment", text: is("names pieces it was not given") ? "something else" : given };
            const words = [...piece.matchAll(/[\w']+/g)].map((match) => ({
              text: match[0],
              startMs: at + match.index * 20,
              endMs: at + (match.index + match[0].length) * 20 + (is("yields words beyond the audio") ? 900 : 0),
            }));
            if (is("yields words that do not occur"))
              words.push({ text: "never", startMs: words.at(-1)?.startMs ?? at, endMs: at + 200 });
            if (is("yields words out of order")) words.reverse();
            const timed = this.capabilities.wordTimings || is("yields words it does not declare");
            if (timed && !is("declares words it does not yield") && words.length > 0) yield { type: "words", words };
            const length = is("says everything in the same time") ? 30 : spent ? 0 : piece.trim().length;
            for (let i = 0; i < length && !(is("leaves a piece out") && count === 1); i++) {
              if (signal.aborted && !is("finishes its piece when aborted")) throw abortedError(signal);
              const rate = is("yields another rate than it declares") ? 8_000 : 16_000;
              if (is("yields empty frames")) yield audio(new Int16Array(0));
              yield audio(tone(rate, 20, 440, is("is silent") ? 0 : 1_000), rate);
            }
          }
          if (next.done) break;
        }
      } catch (error) {
        if (is("stops silently when aborted") && signal.aborted) return;
        if (is("hides what is wrong with the source") && !signal.aborted) return;
        throw error;
      } finally {
        const keeps = is("never closes its source") || is("leaves its source open when not read on");
        if (!keeps) source.return?.()?.catch(() => {});
      }
      if (is("yields a kind of part nobody knows")) yield { type: "noise" } as never;
    },
    async warmUp() {
      if (is("warms up once only") && warm++ > 0) throw new Error("warm already");
      await connection.warmUp();
    },
    close: () => connection.close(),
  };
}

function casesOf(defect?: Defect): ConformanceCase[] {
  const connections = { open: 0 };
  const create = (): TtsProvider => provider(connections, defect);
  return ttsConformance({ create, patienceMs: 300, maxPiecesAhead: 4, open: () => connections.open });
}

describe("the conformance suite of voices", () => {
  describe("accepts a correct one", () => {
    for (const { name, run } of casesOf()) it(name, run);
  });

  it.each(Object.entries(DEFECTS) as [Defect, string][])("finds one that %s", async (defect, expected) => {
    shared = undefined;
    const found: unknown[] = [];
    for (const { name, run } of casesOf(defect)) {
      if (name.includes(expected)) await run().catch((error: unknown) => found.push(error));
    }
    expect(found).toEqual([expect.any(Error)]);
  });

  it("has a defect for every case", () => {
    const wanted = new Set<string>(Object.values(DEFECTS));
    const untested = casesOf().filter(({ name }) => ![...wanted].some((part) => name.includes(part)));
    expect(untested.map(({ name }) => name)).toEqual([]);
  });
});
