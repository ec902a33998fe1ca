import { elevenlabsMultiStreamInput, elevenlabsStreamInput, StandIn } from "@roomkit/provider-standins";
import { ttsConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { elevenlabsTts } from "../elevenlabs-tts.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(elevenlabsStreamInput(), elevenlabsMultiStreamInput());
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe.each([
  { multi: false, sampleRate: 24_000 },
  { multi: true, sampleRate: 16_000 },
] as const)("elevenlabsTts with %j", (options) => {
  const cases = ttsConformance({
    create: () => elevenlabsTts({ voice: "voice1", apiKey: "conformance-key", baseURL: standIn.url, ...options }),
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});
