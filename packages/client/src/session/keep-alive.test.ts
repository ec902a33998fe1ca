import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { KeepAlive } from "./keep-alive.ts";

function make(): { clock: VirtualClock; pings: number[]; keepAlive: KeepAlive; dead: () => number | undefined } {
  const clock = new VirtualClock();
  const pings: number[] = [];
  let dead: number | undefined;
  const keepAlive = new KeepAlive({
    clock,
    everyMs: 5_000,
    timeoutMs: 10_000,
    ping: (t) => pings.push(t),
    onDead: () => {
      dead = clock.now();
    },
  });
  return { clock, pings, keepAlive, dead: () => dead };
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
    expect(dead).toBe(true);
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
