import { opus } from "@roomkit/codec-opus";
import { type Clock, makeClock, silentLogger, systemClock } from "@roomkit/core";
import { PacingWheel } from "@roomkit/transport-utils";
import { werift } from "@roomkit/webrtc-engine-werift";
import { describe, expect, it } from "vitest";
import { acceptAll, speak, start } from "../harness.fixture.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";

/** The real clock, and how many of its timers have neither run nor been cancelled. */
function countingClock(): Clock & { readonly pending: number } {
  const pending = new Set<object>();
  const clock = makeClock({
    now: systemClock.now,
    wallTime: systemClock.wallTime,
    setTimeout(handler, ms) {
      const token = {};
      pending.add(token);
      const cancel = systemClock.setTimeout(() => {
        pending.delete(token);
        handler();
      }, ms);
      return () => {
        pending.delete(token);
        cancel();
      };
    },
  });
  return {
    ...clock,
    get pending() {
      return pending.size;
    },
  };
}

// Sockets are counted in network/churn.test.ts, where the server has a process of its own: here the callers have some too.
describe("a hundred calls", () => {
  it("leave nothing behind", async () => {
    const clock = countingClock();
    let coders = 0;
    const counted = opus();
    const watch = <T extends { close(): void }>(coder: T): T => {
      coders++;
      const close = coder.close.bind(coder);
      let open = true;
      coder.close = () => {
        if (open) coders--;
        open = false;
        close();
      };
      return coder;
    };
    const engine = werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger, clock });
    const server = await start({
      engine,
      clock,
      // The machine may be busy with other things.
      limits: { connectTimeoutMs: 60_000, idleTimeoutMs: 60_000 },
      opus: {
        name: counted.name,
        createDecoder: async (o) => watch(await counted.createDecoder(o)),
        createEncoder: async (o) => watch(await counted.createEncoder(o)),
      },
    });
    const app = acceptAll(server.transport);
    for (let round = 0; round < 10; round++) {
      const callers = await Promise.all(Array.from({ length: 10 }, () => server.client().connect()));
      await until(() => app.connections.length === (round + 1) * 10, "the callers", 60_000);
      expect([clock.pending > 0, coders, engine.size]).toEqual([true, 20, 10]);
      await Promise.all(callers.slice(0, 2).map((caller) => speak(caller, 40)));
      for (const connection of app.connections.slice(-10))
        connection.play("u", frameOf(sine(24_000, 440, 200), 24_000));
      // Half leave by themselves, some with a word and some without; the rest are sent away.
      for (const caller of callers.slice(0, 3)) caller.send({ event: "stop" });
      for (const caller of callers.slice(3, 5)) await caller.close();
      await Promise.all(
        app.connections
          .slice(-10)
          .slice(5)
          .map((connection) => connection.close()),
      );
      for (const connection of app.connections.slice(-10)) await connection.close();
      await until(() => server.transport.size === 0, "the end of all", 60_000);
      await Promise.all(callers.map((caller) => caller.close()));
    }
    expect(engine.size).toBe(0);
    expect(coders).toBe(0);
    const wheel = PacingWheel.shared(clock);
    expect(wheel.size).toBe(0);
    await until(() => clock.pending === 0, "the timers");
    await server.stop();
  }, 240_000);
});
