import type { TranscriptPart } from "@roomkit/core";
import { deepgramListenV2, type Operation, providerFaultMatrix } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { deepgramFlux } from "./deepgram-flux.ts";

/** Connected, the start of the turn, and all of its text when the stream is closed. */
const FRAMES = 3;

describe("deepgramFlux over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [deepgramListenV2()],
    operate: ({ standIn, key, signal, variant, clock, retry, firstByteMs, stallMs }: Operation) =>
      deepgramFlux({
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
    // How it ends a stream that was closed, once it has said what it has.
    kinds: { "close 1000 after 2": "none", "close 1005 after 2": "none" },
  });
  for (const { name, run } of cases) it(name, run);
});
