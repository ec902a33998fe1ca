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

describe.each([8_000, 16_000, 48_000])("deepgramStt at %d Hz", (rate) => {
  const cases = sttConformance({
    create: () => deepgramStt({ apiKey: "conformance-key", baseURL: standIn.url }),
    samples: [sample("Good morning, how are you today?", rate), sample("The train was late.", rate)],
  });
  for (const { name, run } of cases) it(name, run);
});
