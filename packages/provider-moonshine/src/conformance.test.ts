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

/** A model that computes on this machine takes its time where that does other things, too. */
const patienceMs = 100_000;

describe("moonshineStt", { timeout: 240_000 }, () => {
  const cases = sttConformance({ create: () => moonshineStt({ workers: 1 }), samples, patienceMs });
  for (const { name, run } of cases) it(name, run);
});

// Only what this option changes; that finals come without partials is tested with long speech.
describe("moonshineStt without partials", { timeout: 240_000 }, () => {
  const cases = sttConformance({ create: () => moonshineStt({ workers: 1, partialEveryMs: 0 }), samples, patienceMs });
  for (const { name, run } of cases) if (/truthfully|partials/.test(name)) it(name, run);
});
