import type { TranscriptPart } from "@roomkit/core";
import { deepgramListenV1, type Operation, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { deepgramStt } from "./deepgram-stt.ts";

/** "say", "say number" as guesses, the first two words and the third as finals. */
const FRAMES = 3;

describe("deepgramStt over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [deepgramListenV1({ wordsPerFinal: 2 })],
    operate: ({ standIn, key, signal, variant, clock, retry, firstByteMs, stallMs }: Operation) =>
      deepgramStt({
        apiKey: key,
        baseURL: standIn.url,
        clock,
        retry,
        connectTimeoutMs: firstByteMs,
        stallMs,
        socket: { pingIntervalMs: 500, pongTimeoutMs: 500 },
      }).transcribe(streamed(speech([`say number ${variant}`])), { signal }),
    complete: (items, variant) => {
      const finals = (items as TranscriptPart[]).filter((part) => part.type === "final");
      return finals.length === 1 && finals[0]?.text === `say number ${variant}`;
    },
    frames: FRAMES,
    malformed: "{nonsense",
    inbandError: "server",
  });
  for (const { name, run } of cases) it(name, run);
});
