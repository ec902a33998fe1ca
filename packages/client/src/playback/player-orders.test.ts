import { seededRandom } from "@roomkit/testing";
import { expect, it } from "vitest";
import { Player } from "./player.ts";

/*
 * What comes to the player, and in what order: every row may meet every other one.
 *
 * | what                    | not begun      | waits, plays           | ended, played         | cleared     |
 * | ----------------------- | -------------- | ---------------------- | --------------------- | ----------- |
 * | audio that follows      | queued         | played                 | dropped               | dropped     |
 * | audio ahead: a gap      | joined there   | silence, then played   | dropped               | dropped     |
 * | audio behind            | put in order   | dropped what was played| dropped               | dropped     |
 * | end                     | done           | done when all is played| nothing               | nothing     |
 * | clear of it, or later   | nothing comes  | done, as far as heard  | nothing               | nothing     |
 * | clear of an earlier one | nothing        | plays on               | nothing               | nothing     |
 */
it("accounts for what comes in any order: never more than came, never back, done once", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const sourceRate = [8_000, 16_000, 24_000][below(3)] as number;
    const contextRate = [44_100, 48_000][below(2)] as number;
    const player = new Player({ contextRate, sourceRate, jitter: { startMs: 40 } });
    const until = new Map<number, number>();
    const played = new Map<number, number>();
    const done = new Set<number>();
    const take = (): void => {
      for (const { utterance, playedSamples, done: over } of player.takeReports()) {
        const where = `seed ${seed}, utterance ${utterance}`;
        expect(Number.isSafeInteger(playedSamples), where).toBe(true);
        expect(playedSamples, where).toBeLessThanOrEqual(until.get(utterance) ?? 0);
        expect(playedSamples, where).toBeGreaterThanOrEqual(played.get(utterance) ?? 0);
        expect(done.has(utterance), where).toBe(false);
        if (over) done.add(utterance);
        played.set(utterance, playedSamples);
      }
    };
    const output = new Float32Array(128);
    const render = (): void => {
      player.render(output);
      take();
    };
    let newest = 1;
    const at = new Map<number, number>();
    for (let step = 0; step < 150; step++) {
      const utterance = Math.max(1, newest - below(3));
      const kind = below(12);
      if (kind < 5) {
        const offset = Math.max(0, (at.get(utterance) ?? 0) + (below(5) === 0 ? below(2_000) - 1_000 : 0));
        const length = 1 + below(1_500);
        player.push(utterance, offset, new Int16Array(length).fill(8_000));
        at.set(utterance, offset + length);
        until.set(utterance, Math.max(until.get(utterance) ?? 0, offset + length));
        if (below(6) === 0) newest++;
      } else if (kind === 5) {
        player.end(utterance);
      } else if (kind === 6) {
        for (let times = below(3); times > 0; times--) player.clear(below(3) === 0 ? undefined : utterance - 1);
        take();
      } else {
        for (let blocks = below(20); blocks >= 0; blocks--) render();
      }
    }
    for (let utterance = 1; utterance <= newest; utterance++) player.end(utterance);
    for (let blocks = 0; blocks < 20_000 && player.jitter.head; blocks++) render();
    expect(player.jitter.head, `seed ${seed}`).toBeUndefined();
    expect([...played.keys()].filter((utterance) => !done.has(utterance))).toEqual([]);
  }
});
