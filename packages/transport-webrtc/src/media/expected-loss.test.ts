import { describe, expect, it } from "vitest";
import { ExpectedLoss } from "./expected-loss.ts";

/** What is told after each report of a share lost, the reports each 100 packets on. */
const told = (...shares: number[]): (number | undefined)[] => {
  const loss = new ExpectedLoss();
  return shares.map((lost, i) => loss.reported({ lost, highest: 100 * (i + 1) }));
};

describe("ExpectedLoss", () => {
  it("is what was lost last, at once, and less by and by", () => {
    expect(told(0, 0.1, 0, 0, 0.3, 0.05)).toEqual([0, 10, 8, 6, 30, 24]);
  });

  it("is nothing again after a while, and says each figure once", () => {
    const all = told(0.1, ...Array<number>(20).fill(0));
    expect(all.filter((percent) => percent !== undefined)).toEqual([10, 8, 6, 5, 4, 3, 2, 1, 0]);
    expect(all.at(-1)).toBeUndefined();
  });

  it("takes a single packet of hundreds for no loss", () => {
    expect(told(1 / 256, 1 / 256)).toEqual([0, undefined]);
  });

  it("takes nothing from a report that is sent twice, or is overtaken", () => {
    const loss = new ExpectedLoss();
    const reports = [
      { lost: 0.2, highest: 500 },
      { lost: 0, highest: 500 },
      { lost: 0.9, highest: 400 },
      { lost: 0, highest: 600 },
    ];
    expect(reports.map((report) => loss.reported(report))).toEqual([20, undefined, undefined, 16]);
  });

  it("counts on beyond 32 bits", () => {
    const loss = new ExpectedLoss();
    expect(loss.reported({ lost: 0, highest: 0xffff_ff00 })).toBe(0);
    expect(loss.reported({ lost: 0.5, highest: 10 })).toBe(50);
    expect(loss.reported({ lost: 1, highest: 0xffff_fff0 })).toBeUndefined();
  });
});
