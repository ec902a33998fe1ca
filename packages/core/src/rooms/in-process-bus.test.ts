import { busConformance, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../log/logger.ts";
import { InProcessBus } from "./in-process-bus.ts";

describe("InProcessBus", () => {
  for (const { name, run } of busConformance({ open: () => new InProcessBus({ logger: silentLogger }) })) it(name, run);

  it("forgets who is there by its own clock", async () => {
    const clock = new VirtualClock();
    const bus = new InProcessBus({ clock });
    await bus.beat("a", 1, 1_000);
    await clock.advance(999);
    expect(await bus.present("")).toEqual([{ key: "a", data: 1 }]);
    await clock.advance(1);
    expect([await bus.present(""), clock.pendingTimers]).toEqual([[], 0]);
  });

  it.each([
    ["", () => {}, {}],
    ["t", "handler", {}],
    ["t", () => {}, { maxQueue: 0 }],
  ])("refuses to subscribe to %o with %o and %o", async (topic, handler, options) => {
    const subscribing = new InProcessBus().subscribe(topic, handler as () => void, options);
    await expect(subscribing).rejects.toMatchObject({ code: "invalid_option" });
  });
});
