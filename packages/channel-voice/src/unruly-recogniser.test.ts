import { type SttProvider, silentLogger, type TranscriptPart } from "@roomkit/core";
import { seededRandom, type VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

/**
 * A recogniser that says what it likes when it likes: finals twice, empty or none, partials after them, words after its audio has ended or after it
 * was told to stop, an end or an error at any time.
 *
 * @param orders what each stream says; the streams after those hear "goodbye", as they should
 */
function unruly(
  clock: VirtualClock,
  random: () => number,
  streams: number,
  said: Set<string>,
): SttProvider & { open: number } {
  const pick = (n: number): number => Math.floor(random() * n);
  let count = 0;
  const provider = {
    name: "unruly",
    capabilities: { streaming: true, turnDetection: false, wordTimings: false },
    open: 0,
    async *transcribe(audio, { signal }): AsyncGenerator<TranscriptPart> {
      const stream = count++;
      provider.open++;
      try {
        if (stream >= streams) {
          for await (const _ of audio);
          yield { type: "final", text: "goodbye" };
          return;
        }
        const waits = pick(3) > 0;
        if (waits) for await (const _ of audio);
        const deaf = pick(2) === 0;
        for (let n = pick(5); n >= 0; n--) {
          await clock.sleep(pick(3) * 250, deaf ? undefined : signal);
          const word = `w${stream}x${n}`;
          said.add(word);
          const what = pick(7);
          if (what === 0) yield { type: "final", text: pick(2) ? "" : "  " };
          else if (what === 1) yield { type: "partial", text: pick(3) ? word : "" };
          else if (what === 2) throw new Error("recogniser");
          else if (what === 3) return;
          else {
            yield { type: "final", text: word };
            if (what === 4) yield { type: "final", text: word };
            if (what === 5) yield { type: "partial", text: word };
          }
        }
        if (pick(6) === 0) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      } finally {
        provider.open--;
      }
    },
  } satisfies SttProvider & { open: number };
  return provider;
}

async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const said = new Set<string>();
  let recogniser: ReturnType<typeof unruly> | undefined;
  const c = await call({
    recogniser: (clock) => {
      recogniser = unruly(clock, random, 6, said);
      return recogniser;
    },
    answers: Array.from({ length: 60 }, (_, i) => `Answer ${i} of a few words.`),
    msPerWord: pick(60),
    voice: { sttTimeoutMs: 2_000, interruption: { strategy: pick(2) ? "confirmed" : "immediate" } },
    logger: silentLogger,
  });
  for (let n = 0; n < 10; n++) {
    await c.speak(200 + pick(900));
    await c.clock.advance(pick(2) * pick(3_000));
  }
  await c.clock.advance(20_000);
  await c.speak(600);
  await c.clock.advance(20_000);
  const log = await c.log();
  const users = log.filter((line) => line.startsWith("user: ")).map((line) => line.slice(6));
  // Nothing is said that nobody recognised, nothing that is empty, and whoever speaks last is answered.
  for (const words of users.flatMap((text) => text.split(" ")))
    expect(words === "goodbye" || said.has(words)).toBe(true);
  const last = log.findLastIndex((line) => line.startsWith("user: ") && line.endsWith("goodbye"));
  expect(last).toBeGreaterThanOrEqual(0);
  expect(log.slice(last + 1).some((line) => line.startsWith("assistant: Answer"))).toBe(true);
  expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
  const finals = c.connection.messages("transcript").filter(({ role, final }) => role === "user" && final);
  expect(finals.every(({ text }) => text.trim() !== "")).toBe(true);
  await c.kit.leave(c.session);
  await c.kit.closeRoom(c.room.id);
  await c.clock.advance(30_000);
  expect([recogniser?.open, c.tts.open, c.model.open, c.clock.pendingTimers, c.connection.listeners]).toEqual([
    0, 0, 0, 0, 0,
  ]);
}

describe("a recogniser in any order", () => {
  it.each(Array.from({ length: 30 }, (_, i) => i + 1))("seed %i", live, 20_000);
});
