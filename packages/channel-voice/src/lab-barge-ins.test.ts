import { type AudioPipeline, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { bargeIns, type CallerLab, labMatchers, percentileOf, seededRandom } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { describe, expect, it } from "vitest";
import { labCall } from "./lab-call.fixture.ts";

expect.extend(labMatchers);

/** Calls, and interruptions in each of them. */
type Size = readonly [calls: number, inEach: number];
/** `interruption.minSpeechMs`. */
const CONFIRMED_MS = 300;
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];

/** The real audio path, and when the VAD had heard enough of each speech to confirm it, ms of the call. */
function watched(lab: () => CallerLab): { readonly pipeline: AudioPipeline; readonly confirmed: number[] } {
  const inner = audioPipeline({ vad: energyVad(), logger: silentLogger });
  const confirmed: number[] = [];
  const pipeline: AudioPipeline = {
    open(formats) {
      const stream = inner.open(formats);
      let known = 0;
      stream.on("frame", ({ speechMs = 0 }) => {
        if (speechMs >= CONFIRMED_MS && known < CONFIRMED_MS) confirmed.push(lab().now);
        known = speechMs;
      });
      return stream;
    },
  };
  return { pipeline, confirmed };
}

/** How many words the log has more than were rendered; NaN when they are others. */
function tooMany(logged: string, rendered: string): number {
  const [a, b] = [words(logged), words(rendered)];
  const same = Math.min(a.length, b.length);
  return a.slice(0, same).join(" ") === b.slice(0, same).join(" ") ? a.length - b.length : Number.NaN;
}

/** Calls in which each answer is cut off at a random moment. */
async function bargeInCalls(
  playback: "reported" | "estimated",
  { wordTimings, delayMs, size: [calls, inEach] }: { wordTimings: boolean; delayMs: number; size: Size },
) {
  const random = seededRandom(delayMs + 5);
  const [yields, toSilence, errors]: [number[], number[], number[]] = [[], [], []];
  for (let seed = 1; seed <= calls; seed++) {
    let lab: CallerLab | undefined;
    const { pipeline, confirmed } = watched(() => lab as CallerLab);
    const call = await labCall({
      lab: { seed, playback, network: { delayMs, jitterMs: delayMs / 2 } },
      tts: { wordTimings },
      pipeline,
    });
    lab = call.lab;
    lab.caller.pauses(300).says("What is the capital of Germany?");
    for (let i = 0; i < inEach; i++) {
      const spans = i;
      lab.caller.until(({ ear }) => ear.playing && ear.spans.length > spans).pauses(50 + Math.floor(random() * 4_000));
      lab.caller.says("I meant another one, the one in the north.");
    }
    await lab.run();
    await lab.wait(600 + 4 * delayMs);
    const cuts = bargeIns(lab);
    for (const { atMs, yieldMs = Number.POSITIVE_INFINITY } of cuts) {
      yields.push(yieldMs);
      const known = confirmed.find((at) => at >= atMs) ?? Number.NaN;
      toSilence.push(atMs + yieldMs - known);
    }
    // Of an answer that was cut off before a whole word of it was heard, the log has nothing.
    const log = await call.log();
    const logged = log.flatMap(({ role }, i) => {
      const next = log[i + 1];
      return role === "user" ? [next?.role === "assistant" ? next.text : ""] : [];
    });
    const { ear } = lab;
    const rendered = [...new Set(ear.spans.map(({ utterance }) => utterance))].map((utterance) => ear.heard(utterance));
    for (const [i, text] of logged.entries()) errors.push(tooMany(text, rendered[i] ?? ""));
    expect(lab).neverTalkedOver();
    await call.end();
    expect([lab.clock.pendingTimers, lab.line.listeners, call.tts.open, call.model.open]).toEqual([0, 0, 0, 0]);
  }
  return { yields, toSilence, errors };
}

describe("row 63: interruptions at random moments", () => {
  it.each([
    ["200 of them, reported, words known", "reported", { wordTimings: true, delayMs: 0, size: [10, 20] }, 60, 1],
    // A voice that does not tell where its words are has them spread over its audio by their length.
    [
      "reported, over a network, words estimated",
      "reported",
      { wordTimings: false, delayMs: 40, size: [3, 17] },
      160,
      2,
    ],
    ["estimated, over a network", "estimated", { wordTimings: true, delayMs: 40, size: [3, 17] }, 160, 1],
  ] as const)("%s", { timeout: 120_000 }, async (_, playback, conditions, withinMs, off) => {
    const { yields, toSilence, errors } = await bargeInCalls(playback, conditions);
    const [calls, inEach] = conditions.size;
    expect(yields).toHaveLength(calls * inEach);
    // What is heard as speech, and its pauses, are the VAD's: from then on it is ours.
    expect(percentileOf(toSilence, 0.95)).toBeLessThanOrEqual(withinMs);
    expect(percentileOf(yields, 0.95)).toBeLessThanOrEqual(CONFIRMED_MS + 130 + withinMs);
    // The log has what was rendered.
    expect(errors.length).toBeGreaterThanOrEqual(calls * inEach);
    expect(errors.filter((count) => !(Math.abs(count) <= off))).toEqual([]);
  });
});
