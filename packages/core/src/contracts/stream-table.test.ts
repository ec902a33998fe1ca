import { describe, expect, it } from "vitest";
import { StreamTable } from "./stream-table.ts";

describe("StreamTable", () => {
  it("admits so many at once, and any number one after another", () => {
    const table = new StreamTable<number>(2);
    for (let ssrc = 0; ssrc < 500; ssrc++) {
      const now = ssrc * 1_500;
      expect(table.admits(ssrc, now)).toBe(true);
      table.note(ssrc, ssrc, now);
    }
    expect(table.size).toBeLessThan(100);
    expect([table.latest, table.get(499), table.get(450), table.get(1)]).toEqual([499, 499, 450, undefined]);
    table.note(500, 0, 499 * 1_500);
    expect([table.admits(501, 499 * 1_500), table.admits(499, 499 * 1_500)]).toEqual([false, true]);
    expect(table.admits(501, 501 * 1_500)).toBe(true);
  });

  it("keeps those that send, however long others have been there", () => {
    const table = new StreamTable<string>(1);
    table.note(7, "voice", 0);
    for (let i = 0; i < 200; i++) {
      table.note(100 + i, "other", i * 3_000);
      table.note(7, table.get(7) ?? "", i * 3_000 + 1);
    }
    expect(table.get(7)).toBe("voice");
    expect(table.latest).toBe(7);
  });
});
