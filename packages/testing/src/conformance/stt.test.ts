import {
  type AudioFrame,
  abortedError,
  RoomKitError,
  type SttProvider,
  silence,
  type TranscriptPart,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle } from "../settle.ts";
import type { ConformanceCase } from "./case.ts";
import { CLOSE_DEFECTS, type Connections, HeldConnection, WARM_UP_DEFECTS } from "./close.fixture.ts";
import { greedy, nextOrAbort } from "./iterators.fixture.ts";
import { type SpeechSample, sttConformance } from "./stt.ts";

const WORDS = ["", "alpha", "beta", "gamma", "delta"];
const format = { sampleRate: 16_000, channels: 1 } as const;

/** Speech of a language in which a word is a frame of its number, and silence is silence. */
function sample(...words: string[]): SpeechSample {
  const frames: AudioFrame[] = [];
  for (const word of words) {
    for (let i = 0; i < 6; i++) {
      const samples = new Int16Array(320).fill(i === 2 ? WORDS.indexOf(word) : 0);
      frames.push({ ...silence(format, 20), samples, timestamp: frames.length * 20 });
    }
  }
  return { frames, matches: (text) => text === words.join(" ") };
}

/** What is wrong with a provider, and the case that must find it. */
const DEFECTS = {
  "warms up once only": "warms up",
  "claims a rate that is none": "says truthfully",
  "yields text that is not trimmed": "says truthfully",
  "yields a confidence of two": "says truthfully",
  "yields words it does not declare": "says truthfully",
  "declares words it does not yield": "says truthfully",
  "ends turns that never began": "says truthfully",
  "yields a kind of part nobody knows": "says truthfully",
  "leaves its last guess a guess": "says truthfully",
  "forgets the end": "ends with the final text",
  "declares streaming and waits for the end": "yields partials",
  "streams and declares that it does not": "yields partials",
  "hears words in nothing": "says nothing",
  "begins although aborted": "ends at once with `aborted`",
  "stops silently when aborted": "ends with `aborted` and lets go",
  "does not notice an abort between frames": "ends with `aborted` and lets go",
  "never closes its source": "ends with `aborted` and lets go",
  "cannot be aborted at the end": "after its audio has ended",
  "fails otherwise when aborted at the end": "after its audio has ended",
  "is spent after an abort": "aborted after its end",
  "leaves its source open when not read on": "when its reader stops",
  "mixes streams up": "keeps concurrent streams apart",
  "reads without end": "reads audio no faster",
  "hides what is wrong with the source": "passes on",
  "takes any rate": "refuses frames",
  "survives its end": "ends what runs with `closed`",
  "goes on after its end": "refuses with `closed`",
  "does not end what has only begun": "what has only begun",
  ...CLOSE_DEFECTS,
  ...WARM_UP_DEFECTS,
} as const;
type Defect = keyof typeof DEFECTS;

const shared: string[] = [];

/** A correct recogniser of that language, but for one defect. */
function provider(connections: Connections, defect?: Defect): SttProvider {
  const is = (name: Defect): boolean => name === defect;
  const closing = new AbortController();
  const connection = new HeldConnection(connections, defect, () => {
    if (!is("goes on after its end")) closing.abort(new RoomKitError("closed", "closed"));
  });
  let warm = 0;
  let spent = false;
  return {
    name: "reference",
    capabilities: {
      streaming: !is("streams and declares that it does not"),
      turnDetection: false,
      wordTimings: is("declares words it does not yield"),
      languages: ["en"],
      sampleRate: is("claims a rate that is none") ? 1 : 16_000,
    },
    async *transcribe(audio, options): AsyncGenerator<TranscriptPart, void, undefined> {
      const begun = closing.signal.aborted;
      if (is("does not end what has only begun")) await settle(3);
      const late = is("does not end what has only begun") && !begun && closing.signal.aborted;
      const close = is("survives its end") || late ? new AbortController().signal : closing.signal;
      const signal = AbortSignal.any([options.signal, close]);
      if (signal.aborted && !is("begins although aborted")) {
        if (is("is spent after an abort")) spent = true;
        throw abortedError(signal);
      }
      options.signal.addEventListener("abort", () => {
        spent = is("is spent after an abort");
      });
      const words: string[] = is("mixes streams up") ? shared : [];
      let guessed = "";
      const own = audio[Symbol.asyncIterator]();
      const source = is("reads without end") ? greedy(own, signal) : own;
      try {
        for (;;) {
          const next = is("does not notice an abort between frames")
            ? await source.next()
            : await nextOrAbort(source, signal);
          if (next.done) break;
          const frame = next.value;
          if (frame.sampleRate !== 16_000 && !is("takes any rate")) {
            throw new RoomKitError("unsupported_format", "16 kHz only");
          }
          const word = WORDS[frame.samples[0] ?? 0];
          if (!word || spent) continue;
          words.push(word);
          guessed = words.join(" ");
          if (!is("declares streaming and waits for the end")) yield { type: "partial", text: guessed };
        }
      } catch (error) {
        if (is("stops silently when aborted") && signal.aborted) return;
        if (is("hides what is wrong with the source") && !signal.aborted) return;
        throw error;
      } finally {
        const keeps = is("never closes its source") || is("leaves its source open when not read on");
        if (!keeps) source.return?.()?.catch(() => {});
      }
      if (is("cannot be aborted at the end")) await new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (signal.aborted) {
        if (is("fails otherwise when aborted at the end")) throw new Error("made to fail");
        throw abortedError(signal);
      }
      const text = words.splice(0).join(" ");
      if (is("yields a kind of part nobody knows")) yield { type: "noise" } as never;
      if (is("ends turns that never began")) yield { type: "turn-end", eager: false };
      if (is("forgets the end") || is("leaves its last guess a guess")) return;
      if (text === "" && !is("hears words in nothing")) return;
      yield {
        type: "final",
        text: is("yields text that is not trimmed") ? `${text} ` : text || "you",
        confidence: is("yields a confidence of two") ? 2 : 0.9,
        ...(is("yields words it does not declare") ? { words: [{ text: "a", startMs: 0, endMs: 1 }] } : {}),
      };
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
  return sttConformance({
    create: () => provider(connections, defect),
    samples: [sample("alpha", "beta", "alpha"), sample("gamma", "delta")],
    open: () => connections.open,
    patienceMs: 300,
    maxReadAheadMs: 1_000,
  });
}

describe("the conformance suite of recognisers", () => {
  describe("accepts a correct one", () => {
    for (const { name, run } of casesOf()) it(name, run);
  });

  it.each(Object.entries(DEFECTS) as [Defect, string][])("finds one that %s", async (defect, expected) => {
    shared.length = 0;
    const found: string[] = [];
    for (const { name, run } of casesOf(defect)) {
      if (!name.includes(expected)) continue;
      await run().catch((error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        found.push(name);
      });
    }
    expect(found).toHaveLength(1);
  });

  it("has a defect for every case", () => {
    const wanted = new Set<string>(Object.values(DEFECTS));
    const untested = casesOf().filter(({ name }) => ![...wanted].some((part) => name.includes(part)));
    expect(untested.map(({ name }) => name)).toEqual([]);
  });
});
