import type { SpeechPart } from "@roomkit/core";
import { elevenlabsStream, type Operation, providerFaultMatrix, StandIn } from "@roomkit/provider-standins";
import { ttsConformance, VirtualClock } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { elevenlabsTts } from "../elevenlabs-tts.ts";
import { spokenText, textOf } from "../text.fixture.ts";

// The only file that loads the SDK: that takes seconds.

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(elevenlabsStream());
  await elevenlabsTts({ voice: "voice1", apiKey: "k", transport: "http" }).warmUp?.();
}, 60_000);
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe("elevenlabsTts over requests", () => {
  const cases = ttsConformance({
    create: () =>
      elevenlabsTts({ voice: "voice1", apiKey: "conformance-key", baseURL: standIn.url, transport: "http" }),
  });
  for (const { name, run } of cases) it(name, run);
});

describe("elevenlabsTts over requests and a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [elevenlabsStream()],
    operate: ({ standIn: { url }, key, signal, variant, ...limits }: Operation) =>
      elevenlabsTts({ voice: "voice1", apiKey: key, baseURL: url, transport: "http", ...limits }).synthesize(
        textOf(`number ${variant}`),
        { signal },
      ),
    complete: (items, variant) => spokenText(items as SpeechPart[]) === `number ${variant}`,
    frames: 4,
    eofDetectable: false,
  });
  for (const { name, run } of cases) it(name, run);
});
