import { stageConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { echoGuard } from "./index.ts";

describe.each([8_000, 16_000, 48_000])("the echo guard at %i Hz", (sampleRate) => {
  const format = { sampleRate, channels: 1 } as const;
  const minutes = sampleRate === 16_000 ? 10 : 1;
  const cases = stageConformance({ factory: echoGuard(), format, gives: "audio", heldBackMs: 10, minutes });
  for (const { name, run } of cases) it(name, { timeout: 240_000 }, run);
});
