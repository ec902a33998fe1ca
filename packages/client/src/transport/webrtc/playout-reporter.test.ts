import type { PlayoutMessage } from "@roomkit/protocol";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { PlayoutReporter, type PlayoutSource } from "./playout-reporter.ts";

function start(origin = 0, receiver?: PlayoutSource) {
  const clock = new VirtualClock();
  const sent: PlayoutMessage[] = [];
  let newest = { source: 7, rtpTimestamp: 0, timestamp: 0 };
  let any = false;
  const reporter = new PlayoutReporter({
    receiver: receiver ?? { getSynchronizationSources: () => (any ? [newest] : []) },
    clock,
    send: (message) => sent.push(message),
    performance: { timeOrigin: 1e12, now: () => clock.now() },
  });
  return {
    clock,
    sent,
    reporter,
    /** The browser gives a packet to its speaker. */
    play(rtpTimestamp: number): void {
      any = true;
      newest = { source: 7, rtpTimestamp, timestamp: clock.now() + origin };
    },
  };
}

const stats = (totalPlayoutDelay: number, totalSamplesCount: number): Map<string, Record<string, unknown>> =>
  new Map([["P", { type: "media-playout", totalPlayoutDelay, totalSamplesCount }]]);

describe("PlayoutReporter", () => {
  it.each([
    ["relative", 0],
    ["absolute", 1e12],
  ])("tells the newest packet and how much of it was played, five times a second, by %s times", async (_, origin) => {
    const { clock, sent, play, reporter } = start(origin);
    await clock.advance(400);
    expect(sent).toEqual([]);
    play(960);
    await clock.advance(200);
    // Of a packet there is no more to be played than it holds.
    expect(sent).toEqual([{ event: "playout", ssrc: 7, rtpTimestamp: 960, playedMs: 20 }]);
    await clock.advance(195);
    play(9_600);
    await clock.advance(5);
    expect(sent.slice(1)).toEqual([{ event: "playout", ssrc: 7, rtpTimestamp: 9_600, playedMs: 5 }]);
    reporter.close();
  });

  it("says nothing while nothing is played, and at once when it is silenced", async () => {
    const { clock, sent, play, reporter } = start();
    reporter.cleared(1);
    play(960);
    await clock.advance(1_000);
    expect(sent).toHaveLength(1);
    reporter.cleared(3);
    expect(sent.slice(1)).toEqual([{ event: "playout", ssrc: 7, rtpTimestamp: 960, playedMs: 20, cleared: 3 }]);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
    reporter.close();
    play(1_920);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes off what waits on its way to the speaker, as the browser measures it lately", () => {
    const { sent, play, reporter } = start();
    play(960);
    const played = (): number | undefined => {
      reporter.cleared(1);
      return sent.at(-1)?.playedMs;
    };
    expect(played()).toBe(0);
    reporter.measure(stats(480, 48_000));
    expect(played()).toBe(-10);
    // 30 ms in the second after it.
    reporter.measure(stats(480 + 1_440, 96_000));
    expect(played()).toBe(-30);
    for (const odd of [stats(Number.NaN, 5), stats(0, 0), stats(-5, 97_000), new Map([["x", { type: "codec" }]])]) {
      reporter.measure(odd);
      expect(played()).toBeGreaterThanOrEqual(-5_000);
    }
    reporter.measure(stats(1e9, 200_000));
    expect(played()).toBe(-5_000);
    reporter.close();
  });

  it("is quiet in a browser that does not tell", async () => {
    const { clock, sent, reporter } = start(0, {});
    await clock.advance(1_000);
    reporter.cleared(1);
    expect(sent).toEqual([]);
    reporter.close();
  });
});
