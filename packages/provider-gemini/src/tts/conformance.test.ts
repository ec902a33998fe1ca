import type { SpeechPart } from "@roomkit/core";
import { geminiSpeech, type Operation, providerFaultMatrix, StandIn, textOfAudio } from "@roomkit/provider-standins";
import { ttsConformance, VirtualClock } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { geminiTts } from "./gemini-tts.ts";

describe("geminiTts", () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start(geminiSpeech());
  });
  afterAll(async () => {
    await standIn.expectClean();
    await standIn.close();
  });
  const cases = ttsConformance({
    create: () => geminiTts({ apiKey: "conformance-key", baseURL: standIn.url }),
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});

describe("geminiTts over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [geminiSpeech()],
    operate: ({ standIn, key, signal, variant, ...limits }: Operation) =>
      geminiTts({ apiKey: key, baseURL: standIn.url, ...limits }).synthesize(
        (async function* () {
          yield `number ${variant}`;
        })(),
        { signal },
      ),
    complete: (items, variant) => {
      const samples = (items as SpeechPart[]).flatMap((part) => (part.type === "audio" ? [...part.frame.samples] : []));
      return textOfAudio(Int16Array.from(samples), 24_000) === `number ${variant}`;
    },
    // Four of audio, and the one that says that it is complete.
    frames: 5,
    malformed: "data: {nonsense\r\n\r\n",
  });
  // The SDK gives no header of a refusal; this vendor asks for patience in the body.
  const inHeaders = /how long the vendor asks|as long as the vendor asks/;
  for (const { name, run } of cases) if (!inHeaders.test(name)) it(name, run);
});
