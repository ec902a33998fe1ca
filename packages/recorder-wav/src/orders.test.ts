import { seededRandom, settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { flat, MemoryStorage, open } from "./storage.fixture.ts";

/**
 * What comes from outside, in any order: the caller's and the assistant's audio, a yes, pauses, the end (once, twice, of the stage),
 * a storage that is slow, full, hangs or refuses, digits and speech, silence for so long that a caller is given up. Whatever the
 * order: nothing throws, nothing is made before a yes, there is one summary or none, the files open, and nothing is left.
 */
describe("in any order", () => {
  it.each(Array.from({ length: 50 }, (_, seed) => [seed]))(
    "of seed %i it does no harm",
    { timeout: 30_000 },
    async (seed) => {
      const random = seededRandom(seed);
      const pick = <T>(...all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
      const storage = new MemoryStorage({ appendOnly: random() < 0.3 });
      const layout = pick("stereo", "mixed", "inbound", "outbound", "separate");
      const rig = open({
        ...{ storage, layout, sidecar: random() < 0.5, muteDigits: random() < 0.5 },
        trigger: pick("always", "always", "first-speech", "speech"),
        beforeConsent: pick("drop", "hold"),
        pause: pick("silence", "cut"),
        maxHeldMs: 500,
        maxDurationMs: pick(3_000, 60_000),
        maxQueuedMs: 2_000,
        storageTimeoutMs: 4_000,
      });
      const { clock, recorder } = rig;
      const { recording } = recorder;
      let begun = false;
      let summaries = 0;
      const told = recording.ended.then((summary) => {
        summaries++;
        return summary;
      });
      const trouble = pick("none", "none", "none", "slow", "full", "hangs", "refuses");
      const from = pick("open", "write", "close");
      let calls = 0;
      storage.before = (call) => {
        if (call !== from || ++calls < 2) return undefined;
        if (trouble === "slow") return clock.sleep(1_500);
        if (trouble === "hangs") return new Promise(() => {});
        if (trouble !== "none") throw new Error(trouble);
        return undefined;
      };
      let said = 0;
      for (let step = 0; step < 150; step++) {
        const kind = random();
        if (kind < 0.6) {
          for (let i = 0; i < 10; i++) {
            await clock.advance(20);
            recorder.inbound(flat(100, said));
            said += 20;
            if (random() < 0.5) recorder.outbound(flat(200, clock.now()), random() < 0.5 ? clock.now() : undefined);
          }
        } else if (kind < 0.68) {
          recording.start();
          begun ||= recording.state !== "ended";
        } else if (kind < 0.73) recording.pause();
        else if (kind < 0.79) recording.resume();
        else if (kind < 0.82) recorder.reset();
        else if (kind < 0.87) recorder.notice?.({ type: pick("speech-start", "speech-end"), timestamp: said - 200 });
        else if (kind < 0.9) recorder.notice?.({ type: "dtmf", digit: "1", durationMs: 100, timestamp: said - 150 });
        else if (kind < 0.94) recording.note({ type: "transcript", role: "user", text: "words" });
        else if (kind < 0.95) said += 5_000 * (random() - 0.3);
        else if (kind < 0.97) await clock.advance(8_000 * random());
        else if (kind < 0.975) void recording.stop("client_closed", random() < 0.5 ? clock.sleep(500) : undefined);
        else if (kind < 0.978) recorder.close();
        if (!begun) expect([storage.files.size, recording.state === "recording"]).toEqual([0, false]);
      }
      void recording.stop("client_closed");
      void recording.stop("again");
      recorder.close();
      await clock.advance(20_000);
      await settle();
      const summary = await told;
      expect([summaries, summary !== undefined, recording.state]).toEqual([1, begun, "ended"]);
      expect(clock.pendingTimers).toBe(0);
      const before = storage.writes;
      recorder.inbound(flat(100, said));
      recording.start();
      await clock.advance(10_000);
      expect(storage.writes).toBe(before);
      if (trouble === "none" && summary) {
        expect([summary.error, storage.closed.size]).toEqual([undefined, summary.files.length]);
        expect([...storage.closed]).toEqual(expect.arrayContaining(summary.files.map(({ name }) => name)));
        for (const { name, bytes, kind, durationMs } of summary.files) {
          expect(storage.files.get(name)?.length).toBe(bytes);
          if (kind === "audio") expect(durationMs).toBeCloseTo(summary.durationMs, 6);
        }
      }
      if (summary && trouble !== "none" && summary.error === undefined)
        expect(trouble === "slow" || calls < 2).toBe(true);
    },
  );
});
