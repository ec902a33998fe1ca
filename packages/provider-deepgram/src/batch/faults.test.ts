import type { TranscriptPart } from "@roomkit/core";
import { deepgramPrerecorded, type Operation, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { deepgramBatch } from "./deepgram-batch.ts";

describe("deepgramBatch over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [deepgramPrerecorded()],
    operate: ({ standIn, key, signal, variant, clock, retry, firstByteMs }: Operation) =>
      deepgramBatch({
        apiKey: key,
        baseURL: standIn.url,
        clock,
        retry,
        firstByteMs,
      }).transcribe(streamed(speech([`say number ${variant}`])), { signal }),
    complete: (items, variant) => {
      const finals = (items as TranscriptPart[]).filter((part) => part.type === "final");
      return finals.length === 1 && finals[0]?.text === `say number ${variant}`;
    },
    frames: 1,
    streaming: false,
    malformed: "{nonsense",
  });
  for (const { name, run } of cases) it(name, run);
});
