import { deepgramPrerecorded, StandIn } from "@roomkit/provider-standins";
import { sttConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { SAMPLES } from "../speech.fixture.ts";
import { deepgramBatch } from "./deepgram-batch.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(deepgramPrerecorded());
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe("deepgramBatch", () => {
  const cases = sttConformance({
    create: () => deepgramBatch({ apiKey: "conformance-key", baseURL: standIn.url, maxSegmentMs: 1_000 }),
    samples: SAMPLES,
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});
