import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { KeepAlive } from "./keep-alive.ts";

interface Made {
  readonly clock: VirtualClock;
  readonly pings: number[];
  readonly keepAlive: KeepAlive;
  dead(): number | undefined;
  quiet(): number[];
}

function make(everyMs = 5_000, timeoutMs = 10_000): Made {
  const clock = new VirtualClock();
  const pings: number[] = [];
  const quiet: number[] = [];
  let dead: number | undefined;
  const keepAlive = new KeepAlive({
    clock,
    everyMs,
    timeoutMs,
    ping: (t) => pings.push(t),
    onQuiet: () => quiet.push(clock.now()),
    onDead: () => {
      dead = clock.now();
    },
  });
  return { clock, pings, keepAlive, dead: () => dead, quiet: () => quiet };
}

describe("KeepAlive", () => {
  it("pings at its pace and measures the round trip", async () => {
    const { clock, pings, keepAlive, dead } = make();
    for (let i = 0; i < 3; i++) {
      await clock.advanceUntil(() => pings.length > i);
      await clock.advance(40);
      keepAlive.heard();
      keepAlive.pong(pings.at(-1));
    }
    expect(keepAlive.roundTripMs).toBe(40);
    expect(pings).toEqual([5_000, 10_000, 15_000]);
    expect(dead()).toBeUndefined();
    keepAlive.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("calls a connection dead when a ping and everything else stays away", async () => {
    const { clock, dead } = make();
    await clock.advance(60_000);
    expect(dead()).toBe(15_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes anything heard for a sign of life", async () => {
    const { clock, keepAlive, dead } = make();
    for (let i = 0; i < 30; i++) {
      await clock.advance(2_000);
      keepAlive.heard();
    }
    expect(dead()).toBeUndefined();
  });

  it("is not fooled by timers that came late", () => {
    // A hidden page: timers run once a minute, whatever was asked of them.
    let now = 0;
    let timer = (): void => {};
    let dead = false;
    const keepAlive = new KeepAlive({
      clock: {
        now: () => now,
        setTimeout(handler) {
          timer = handler;
          return () => {};
        },
      },
      everyMs: 5_000,
      timeoutMs: 10_000,
      ping: () => {},
      onDead: () => {
        dead = true;
      },
    });
    for (let minute = 0; minute < 5; minute++) {
      now += 60_000;
      timer();
      keepAlive.heard();
    }
    expect(dead).toBe(false);
    // The last ping was answered; the next is not.
    now += 60_000;
    timer();
    now += 60_000;
    timer();
    // So late that the answer may be waiting in line: that is let past first.
    expect(dead).toBe(false);
    timer();
    expect(dead).toBe(true);
  });

  it("lets what waited in line be heard first when the page stood still", () => {
    let now = 0;
    let timer = (): void => {};
    const dead = vi.fn();
    const keepAlive = new KeepAlive({
      clock: {
        now: () => now,
        setTimeout(handler) {
          timer = handler;
          return () => {};
        },
      },
      everyMs: 750,
      timeoutMs: 5_000,
      ping: () => {},
      onDead: dead,
    });
    now += 750;
    timer();
    now += 20_000;
    timer();
    keepAlive.heard();
    now += 50;
    timer();
    expect(dead).not.toHaveBeenCalled();
  });

  it("says once that an answer is late, and again when the next one is", async () => {
    const { clock, pings, keepAlive, quiet } = make(750, 5_000);
    await clock.advance(750);
    expect([keepAlive.quietMs, quiet()]).toEqual([undefined, []]);
    await clock.advance(2_000);
    expect([keepAlive.quietMs, quiet()]).toEqual([2_000, [1_500]]);
    keepAlive.heard();
    expect(keepAlive.quietMs).toBeUndefined();
    await clock.advance(2_000);
    expect(quiet()).toEqual([1_500, 3_750]);
    // It goes on asking: one may have been dropped.
    expect(pings).toEqual([750, 1_500, 2_250, 3_000, 3_750, 4_500]);
  });

  it("does not call a far server quiet", async () => {
    const { clock, pings, keepAlive, quiet } = make(750, 5_000);
    for (let i = 0; i < 6; i++) {
      await clock.advanceUntil(() => pings.length > i);
      await clock.advance(1_200);
      keepAlive.heard();
      keepAlive.pong(pings.at(-1));
    }
    // The first answer teaches how long they take.
    expect(quiet().length).toBe(1);
  });

  it("finds out quickly when it has reason to doubt", async () => {
    const { clock, pings, keepAlive, dead } = make();
    await clock.advance(1_000);
    keepAlive.probe();
    expect(pings).toEqual([1_000]);
    await clock.advance(3_000);
    expect(dead()).toBe(4_000);
  });

  it("goes back to its pace after a probe was answered", async () => {
    const { clock, pings, keepAlive, dead } = make();
    keepAlive.probe();
    keepAlive.heard();
    await clock.advance(3_000);
    expect(dead()).toBeUndefined();
    expect(pings).toEqual([0, 3_000]);
  });
});
