import type { DataChannel } from "node-datachannel";
import { describe, expect, it } from "vitest";
import { Liveness } from "./liveness.ts";

/** What a peer is asked, and channels that are answered by hand. */
function open({ canReport = false }: { canReport?: boolean } = {}) {
  const opened: { acknowledge: () => void; closed: boolean }[] = [];
  const asked = { reports: 0, opened };
  const liveness = new Liveness({
    requestReport: () => {
      if (canReport) asked.reports++;
      return canReport;
    },
    openChannel: () => {
      const channel = { acknowledge: () => {}, closed: false };
      opened.push(channel);
      return {
        onOpen: (listener: () => void) => {
          channel.acknowledge = listener;
        },
        onClosed: () => {},
        close: () => {
          channel.closed = true;
          throw new Error("closed already");
        },
      } as unknown as DataChannel;
    },
    onListenerError: (error) => {
      throw error;
    },
  });
  const check = (times: number, hasChannel: boolean): void => {
    for (let i = 0; i < times; i++) liveness.check(hasChannel);
  };
  return { liveness, asked, check };
}

describe("Liveness", () => {
  it("asks nothing of a client that is heard", () => {
    const { liveness, asked, check } = open({ canReport: true });
    for (let i = 0; i < 10; i++) {
      liveness.sign();
      check(1, true);
    }
    expect(asked).toEqual({ reports: 0, opened: [] });
    expect(liveness.signs).toBe(10);
  });

  it("asks a silent one for a report first, and opens a channel when none comes", () => {
    const { liveness, asked, check } = open({ canReport: true });
    check(1, true);
    expect([asked.reports, asked.opened.length]).toEqual([1, 0]);
    liveness.report();
    check(2, true);
    expect([asked.reports, asked.opened.length]).toEqual([2, 0]);
    check(1, true);
    expect([asked.reports, asked.opened.length]).toEqual([3, 1]);
    expect(liveness.signs).toBe(1);
  });

  it("counts an acknowledged channel once, and closes it", () => {
    const { liveness, asked, check } = open();
    check(1, true);
    asked.opened[0]?.acknowledge();
    asked.opened[0]?.acknowledge();
    expect(liveness.signs).toBe(1);
    expect(asked.opened[0]?.closed).toBe(true);
  });

  it("bounds what waits for an answer, and closes it in the end", () => {
    const { liveness, asked, check } = open();
    check(100, true);
    expect(asked.opened.length).toBe(6);
    expect(liveness.signs).toBe(0);
    liveness.close();
    expect(asked.opened.every(({ closed }) => closed)).toBe(true);
    asked.opened[0]?.acknowledge();
    expect(liveness.signs).toBe(0);
  });

  it("believes libdatachannel of a client that can be asked nothing", () => {
    const { liveness, check } = open();
    check(8, false);
    expect(liveness.signs).toBeGreaterThan(2);
  });

  it("believes reports alone of a client without a channel that has answered two requests in a row", () => {
    const { liveness, asked, check } = open({ canReport: true });
    liveness.sign();
    check(1, false);
    liveness.report();
    check(1, false);
    liveness.report();
    const { signs } = liveness;
    check(8, false);
    expect(liveness.signs).toBe(signs);
    expect(asked.reports).toBeGreaterThan(6);
  });

  it("does not take a report of its own accord for two answers", () => {
    const { liveness, asked, check } = open({ canReport: true });
    for (let i = 0; i < 20; i++) {
      liveness.sign();
      if (i % 3 === 0) liveness.report();
      check(1, false);
    }
    expect(asked.reports).toBe(5);
    const { signs } = liveness;
    check(8, false);
    expect(liveness.signs).toBeGreaterThan(signs);
  });
});
