import { inSequence, quiet, speechLike } from "@roomkit/testing";
import { expect, it } from "vitest";
import { speakerphoneCall } from "./call.ts";

const RATE = 16_000;

/** A call of 14 s in a room; the caller speaks at 8 s. Whoever speaks is told apart by nobody: the words are how long it was. */
const call = (aec: boolean) =>
  speakerphoneCall({
    room: { delayMs: 100 },
    aec,
    seconds: 14,
    caller: [{ atMs: 8_000, samples: speechLike(RATE, 1_500, 4_000, 7) }],
    voice: async (text) => inSequence(speechLike(RATE, text.length * 60, 3_000, text.length), quiet(RATE, 200)),
    understand: async (samples) => `${Math.round(samples.length / RATE)} seconds of speech`,
    greeting:
      "This is the greeting. It is long enough to be spoken until the caller breaks in, and it goes on and on. There is always one sentence more.",
    answer:
      "And this is an answer. It is as long as that, and goes on and on like it. There is always one sentence more to be said.",
  });

it("an assistant on a loudspeaker talks to itself, and with echo cancellation to its caller", {
  timeout: 60_000,
}, async () => {
  const [without, cancelled] = [await call(false), await call(true)];
  expect(without.selfInterruptions.length).toBeGreaterThan(3);
  expect(without.ownWords.length).toBeGreaterThan(0);
  expect(cancelled.selfInterruptions.filter((at) => at > 3_000)).toEqual([]);
  expect(cancelled.bargeInMs).toHaveLength(1);
  expect(cancelled.words).toHaveLength(1);
});
