import { describe, expect, it } from "vitest";
import { ConnectionLife } from "./connection-life.ts";

describe("ConnectionLife", () => {
  it("connects once and ends once, and tells also who asks late", () => {
    const life = new ConnectionLife(() => {});
    const seen: string[] = [];
    life.onConnected(() => seen.push("up"));
    life.onClosed(({ code }) => seen.push(code));
    expect(life.state).toBe("connecting");
    life.connect();
    life.connect();
    life.onConnected(() => seen.push("up, late"));
    expect(life.state).toBe("connected");
    life.end({ code: "first", message: "" });
    life.end({ code: "second", message: "" });
    life.connect();
    life.onClosed(({ code }) => seen.push(`${code}, late`));
    expect([life.state, seen]).toEqual(["closed", ["up", "up, late", "first", "first, late"]]);
  });

  it("tells nobody who has gone, and survives listeners that throw", () => {
    const errors: unknown[] = [];
    const life = new ConnectionLife((error) => errors.push(error));
    let told = 0;
    life.onClosed(() => told++)();
    life.onClosed(() => {
      throw new Error("a listener's own");
    });
    life.onClosed(() => told++);
    life.end({ code: "x", message: "" });
    expect([told, errors.length]).toEqual([1, 1]);
  });
});
