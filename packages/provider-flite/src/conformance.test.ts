import { ttsConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { fliteTts } from "./provider.ts";

describe("fliteTts", { timeout: 60_000 }, () => {
  for (const { name, run } of ttsConformance({ create: () => fliteTts({ workers: 1 }), patienceMs: 100_000 }))
    it(name, run);
});
