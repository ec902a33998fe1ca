import type { SpeechPart } from "@roomkit/core";
import {
  elevenlabsMultiStreamInput,
  elevenlabsStreamInput,
  type Operation,
  providerFaultMatrix,
} from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { elevenlabsTts } from "../elevenlabs-tts.ts";
import { spokenText, textOf } from "../text.fixture.ts";

/** Five of audio, and the last one. */
const FRAMES = 6;

describe.each([false, true])("elevenlabsTts with multi: %s over a faulty network", (multi) => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [multi ? elevenlabsMultiStreamInput() : elevenlabsStreamInput()],
    async *operate({ standIn, key, signal, variant, ...limits }: Operation) {
      const provider = elevenlabsTts({
        voice: "voice1",
        apiKey: key,
        baseURL: standIn.url,
        multi,
        socket: { pingIntervalMs: 500, pongTimeoutMs: 500 },
        ...limits,
      });
      try {
        yield* provider.synthesize(textOf(`number ${variant}`), { signal });
      } finally {
        await provider.close?.();
      }
    },
    complete: (items, variant) => spokenText(items as SpeechPart[]) === `number ${variant}`,
    frames: FRAMES,
    malformed: "{nonsense",
    inbandError: "server",
  });
  for (const { name, run } of cases) it(name, run);
});
