import { deepgramListenV2, StandIn } from "@roomkit/provider-standins";
import { sttConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { SAMPLES } from "../speech.fixture.ts";
import { deepgramFlux } from "./deepgram-flux.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(deepgramListenV2());
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe("deepgramFlux", () => {
  const cases = sttConformance({
    create: () => deepgramFlux({ apiKey: "conformance-key", baseURL: standIn.url }),
    samples: SAMPLES,
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});
