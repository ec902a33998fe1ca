import { expect, it } from "vitest";
import { formatMs, median, waterfall } from "./waterfall.ts";

it("makes bars that add up to the total", () => {
  const result = waterfall({
    turnId: "t",
    endpointMs: 420,
    transcriptMs: 560,
    firstTokenMs: 610,
    firstAudioMs: 790,
    replyMs: 812,
    interrupted: false,
  });
  expect(result?.stages.map(({ startMs, durationMs }) => [startMs, durationMs])).toEqual([
    [0, 420],
    [420, 140],
    [560, 50],
    [610, 180],
    [790, 22],
  ]);
  expect(result?.totalMs).toBe(812);
  expect(result?.stages.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(812);
});

it("gives a stage that was not timed to the next one, and leaves out one that runs backwards", () => {
  const result = waterfall({ turnId: "t", transcriptMs: 500, firstTokenMs: 400, replyMs: 900, interrupted: true });
  expect(result?.stages.map(({ name, durationMs }) => [name, durationMs])).toEqual([
    ["Transcript", 500],
    ["Reply", 400],
  ]);
});

it("says what was waited for before the turn was taken, and what decided it", () => {
  const times = {
    turnId: "t",
    transcriptMs: 300,
    decidedMs: 700,
    decidedBy: "digits",
    replyMs: 900,
    interrupted: false,
  };
  expect(waterfall(times)?.stages[1]).toMatchObject({
    ...{ name: "Pause", durationMs: 400 },
    meaning: "Waiting whether you would go on (digits)",
  });
});

it("is nothing when nothing was timed", () => {
  expect(waterfall({ turnId: "t", interrupted: false })).toBeUndefined();
});

it("writes times as people do", () => {
  expect([0, 12.4, 999, 1_000, 1_239].map(formatMs)).toEqual(["0 ms", "12 ms", "999 ms", "1.00 s", "1.24 s"]);
});

it("finds the middle", () => {
  expect([median([]), median([3]), median([9, 1]), median([5, 1, 100])]).toEqual([undefined, 3, 5, 5]);
});
