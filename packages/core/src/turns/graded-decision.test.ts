import { describe, expect, it } from "vitest";
import { gradedDecision } from "./graded-decision.ts";

const context = { silenceMs: 200, history: [] };
const waited = (confidence: number, more = {}): number =>
  gradedDecision(confidence, { ...context, ...more }, "statement").waitMs ?? -1;
const said = (count: number) =>
  Array.from({ length: 2 * count }, (_, i) => ({
    role: i % 2 ? ("assistant" as const) : ("user" as const),
    text: "x",
  }));

describe("gradedDecision", () => {
  it("is complete when it is sure, and waits the longer the less it is", () => {
    expect(gradedDecision(0.9, context, "question")).toEqual({ complete: true, confidence: 0.9, reason: "question" });
    const waits = [0.84, 0.7, 0.5, 0.35, 0.2, 0.1, 0].map((confidence) => waited(confidence));
    expect(waits).toEqual([110, 250, 600, 900, 1_400, 1_800, 2_300]);
  });

  it("counts from the last sound", () => {
    expect(waited(0.5, { silenceMs: 500 })).toBe(300);
    expect(waited(0.5, { silenceMs: 5_000 })).toBe(0);
  });

  it("outlasts most of the speaker's pauses where it is unsure", () => {
    const pauses = [1_200, 400, 1_000, 1_100, 900];
    expect(waited(0.5, { pauses })).toBe(Math.round(1_100 * 1.15) - 200);
    expect(waited(0.84, { pauses })).toBeLessThan(150);
    expect(waited(0.1, { pauses: [2_500, 2_400, 2_600, 2_500] })).toBe(2_675);
  });

  it("is brisk with who pauses briefly, or hardly ever", () => {
    expect(waited(0.5, { pauses: [300, 250, 320, 280] })).toBe(400);
    expect(waited(0.5, { pauses: [], history: said(4) })).toBe(400);
    expect(waited(0.5, { pauses: [], history: said(2) })).toBe(600);
    // In the middle of something they are waited for all the same.
    expect(waited(0.1, { pauses: [300, 250, 320, 280] })).toBe(1_800);
  });

  it("stays within what the call allows", () => {
    expect(waited(0, { maxEndpointMs: 1_200 })).toBe(1_000);
    expect(waited(0.84, { minEndpointMs: 700 })).toBe(500);
    expect(waited(0.5, { minEndpointMs: 900, maxEndpointMs: 300 })).toBe(700);
  });

  it("takes whatever it is given", () => {
    const broken = {
      silenceMs: Number.NaN,
      pauses: [Number.NaN, -1, Number.POSITIVE_INFINITY],
      minEndpointMs: -1,
      history: [],
    };
    expect(gradedDecision(Number.NaN, broken, "prosody")).toEqual({
      complete: false,
      confidence: 0.5,
      waitMs: 800,
      reason: "prosody",
    });
    expect(gradedDecision(7, context, "x").confidence).toBe(1);
    expect(gradedDecision(-7, context, "x").confidence).toBe(0);
  });
});
