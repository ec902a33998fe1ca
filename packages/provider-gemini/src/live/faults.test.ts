import { type RealtimeEvent, silentLogger } from "@roomkit/core";
import { geminiLiveRoute, type Operation, providerFaultMatrix, realtimeAnswer } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { geminiLive } from "./gemini-live.ts";

/** set up, handle, words and audio (2, 2, 3), generation complete; what follows adds nothing. */
const FRAMES = 10;

describe("geminiLive over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [geminiLiveRoute({ script: ({ userText }) => ({ text: ["one ", "two ", userText] }) })],
    operate: ({ standIn, key, signal, variant, clock, retry, firstByteMs, stallMs }: Operation) =>
      realtimeAnswer(
        geminiLive({
          apiKey: key,
          baseURL: standIn.url,
          clock,
          retry,
          handshakeTimeoutMs: firstByteMs,
          responseTimeoutMs: stallMs,
          reconnect: { tries: 0 },
          logger: silentLogger,
        }),
        `number ${variant}`,
        signal,
      ),
    complete: (items, variant) => {
      const events = items as RealtimeEvent[];
      const last = events.findLast((event) => event.type === "transcript");
      return (
        last?.type === "transcript" &&
        last.text === `one two number ${variant}` &&
        events.at(-1)?.type === "response-end"
      );
    },
    frames: FRAMES,
    malformed: "{nonsense",
    kinds: {
      "close 1000": "network",
      "close 1005": "network",
      "close 1007": "invalid_request",
      "half-open": "timeout",
    },
  });
  for (const { name, run } of cases) it(name, run);
});
