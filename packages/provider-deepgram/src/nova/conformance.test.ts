import { deepgramListenV1, StandIn } from "@roomkit/provider-standins";
import { sttConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sample } from "../speech.fixture.ts";
import { deepgramStt } from "./deepgram-stt.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(deepgramListenV1());
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe.each([
  [8_000, true],
  [16_000, false],
  [48_000, true],
] as const)("deepgramStt at %d Hz with interim results: %s", (rate, interimResults) => {
  const cases = sttConformance({
    create: () => deepgramStt({ apiKey: "conformance-key", baseURL: standIn.url, interimResults }),
    open: () => standIn.openExchanges,
    samples: [sample("Good morning, how are you today?", rate), sample("The train was late.", rate)],
  });
  for (const { name, run } of cases) it(name, run);
});
