import { sttConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { framesOf } from "./clips.fixture.ts";
import { Speaker } from "./flite.fixture.ts";
import { moonshineStt } from "./provider.ts";

const speaker = new Speaker();
const samples = [
  {
    frames: framesOf(await speaker.say("Please turn on the kitchen lights.")),
    matches: (t: string) => /kitchen/i.test(t),
  },
  { frames: framesOf(await speaker.say("What is the weather tomorrow?")), matches: (t: string) => /weather/i.test(t) },
] as const;
await speaker.close();

describe("moonshineStt", { timeout: 240_000 }, () => {
  for (const { name, run } of sttConformance({ create: () => moonshineStt({ workers: 1 }), samples })) it(name, run);
});

// Only what this option changes; that finals come without partials is tested with long speech.
describe("moonshineStt without partials", { timeout: 240_000 }, () => {
  const cases = sttConformance({ create: () => moonshineStt({ workers: 1, partialEveryMs: 0 }), samples });
  for (const { name, run } of cases) if (/truthfully|partials/.test(name)) it(name, run);
});
