import { type RealtimeEvent, silentLogger } from "@roomkit/core";
import { type Operation, openaiRealtimeRoute, providerFaultMatrix, realtimeAnswer } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { openaiRealtime } from "./openai-realtime.ts";

/** created, updated, item (2), response, its item (3), words and audio (2, 2, 3), done (5), response done. */
const FRAMES = 21;

describe("openaiRealtime over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [openaiRealtimeRoute({ script: ({ userText }) => ({ text: ["one ", "two ", userText] }) })],
    operate: ({ standIn, key, signal, variant, clock, retry, firstByteMs, stallMs }: Operation) =>
      realtimeAnswer(
        openaiRealtime({
          apiKey: key,
          baseURL: `${standIn.url}/v1`,
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
      const final = events.find((event) => event.type === "transcript" && event.final);
      return (
        final?.type === "transcript" &&
        final.text === `one two number ${variant}` &&
        events.at(-1)?.type === "response-end"
      );
    },
    frames: FRAMES,
    malformed: "{nonsense",
    kinds: { "close 1000": "network", "close 1005": "network", "half-open": "timeout" },
  });
  for (const { name, run } of cases) it(name, run);
});
