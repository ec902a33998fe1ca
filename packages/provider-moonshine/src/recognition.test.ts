import type { SttProvider } from "@roomkit/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIPS, framesOf, presentClips, samplesOf, stream } from "./clips.fixture.ts";
import { Speaker } from "./flite.fixture.ts";
import { PHRASES } from "./phrases.fixture.ts";
import { moonshineStt } from "./provider.ts";
import { wordErrorRate, wordErrors, wordsOf } from "./wer.fixture.ts";

async function transcribe(provider: SttProvider, samples: Int16Array): Promise<string> {
  const finals: string[] = [];
  for await (const part of provider.transcribe(stream(framesOf(samples)), { signal: new AbortController().signal })) {
    if (part.type === "final") finals.push(part.text);
  }
  return finals.join(" ");
}

describe("recognition", { timeout: 120_000 }, () => {
  const speaker = new Speaker();
  let stt: SttProvider;
  beforeAll(async () => {
    stt = moonshineStt({ workers: 1 });
    await stt.warmUp?.();
  });
  afterAll(async () => {
    await speaker.close();
    await stt.close?.();
  });

  // Measured: 0.02 (193 words).
  const clips = presentClips();
  it.skipIf(clips.length < CLIPS.length / 2)(
    "of human voices makes few mistakes (needs Debian's pocketsphinx-testdata, codec2-examples and alsa-utils)",
    async () => {
      const pairs: [string, string][] = [];
      for (const clip of clips) pairs.push([clip.text, await transcribe(stt, samplesOf(clip))]);
      expect(wordErrorRate(pairs)).toBeLessThan(0.1);
    },
  );

  // Measured: see the table in the README.
  it.each([
    ["rms", 0.2],
    ["slt", 0.25],
  ])("of twenty phrases spoken by Flite's voice %s makes few mistakes", async (voice, bound) => {
    const pairs: [string, string][] = [];
    for (const phrase of PHRASES) pairs.push([phrase, await transcribe(stt, await speaker.say(phrase, voice))]);
    expect(wordErrorRate(pairs)).toBeLessThan(bound);
  });
});

describe("what is written with digits", { timeout: 60_000 }, () => {
  const speaker = new Speaker();
  const stt = moonshineStt({ workers: 1 });
  afterAll(async () => {
    await speaker.close();
    await stt.close?.();
  });

  it.each([
    ["That is $42.50.", /forty.two dollars (and )?fifty cents|\$42\.50/i],
    ["We open at 7:30 pm on March 3rd.", /(7[:.]30|seven.thirty) ?p\.?m\.? on march (3rd|3|third)/i],
    ["Call (415) 555-0199.", /415.?555.?0199/],
    ["It was 20°C.", /(twenty|20) degrees celsius/i],
  ])("is understood when it is spoken: %s", async (text, heard) => {
    expect(await transcribe(stt, await speaker.say(text))).toMatch(heard);
  });
});

describe("counting word errors", () => {
  it("compares words, not spelling", () => {
    expect(wordsOf("It’s 42, Mr. Smith — cold-hearted!")).toEqual(
      "it's forty two mister smith cold hearted".split(" "),
    );
    expect(wordErrors("one two three", "one two three")).toEqual({ errors: 0, words: 3 });
    expect(wordErrors("one two three", "one too three four")).toEqual({ errors: 2, words: 3 });
    expect(wordErrors("one two", "")).toEqual({ errors: 2, words: 2 });
    expect(
      wordErrorRate([
        ["a b", "a"],
        ["c d", "c d"],
      ]),
    ).toBe(0.25);
  });
});
