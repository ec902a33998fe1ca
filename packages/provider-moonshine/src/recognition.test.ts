import type { SttProvider } from "@roomkit/core";
import { wordErrorRate } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIPS, framesOf, presentClips, samplesOf, stream } from "./clips.fixture.ts";
import { Speaker } from "./flite.fixture.ts";
import { PHRASES } from "./phrases.fixture.ts";
import { moonshineStt } from "./provider.ts";

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
