import { type RealtimeEvent, silence } from "@roomkit/core";
import { expect, it } from "vitest";
import { FormatCheck } from "./format-check.ts";

it("takes what has the right format, and reports what has not once", () => {
  const events: RealtimeEvent[] = [];
  const check = new FormatCheck({ sampleRate: 16_000, channels: 1 }, "vendor", { emit: (event) => events.push(event) });
  const right = silence({ sampleRate: 16_000, channels: 1 }, 20);
  expect(check.takes(right)).toBe(true);
  expect(events).toEqual([]);
  expect(check.takes(silence({ sampleRate: 8_000, channels: 1 }, 20))).toBe(false);
  expect(check.takes(silence({ sampleRate: 16_000, channels: 2 }, 20))).toBe(false);
  expect(check.takes(right)).toBe(true);
  expect(events).toEqual([
    { type: "error", error: expect.objectContaining({ code: "unsupported_format" }), fatal: false },
  ]);
  expect(events[0]).toMatchObject({ error: { message: "vendor takes mono at 16000 Hz here, not 1 x 8000 Hz" } });
});
