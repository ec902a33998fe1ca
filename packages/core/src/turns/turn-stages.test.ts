import { describe, expect, it } from "vitest";
import type { TurnMetrics } from "../contracts/voice.ts";
import { turnStages } from "./turn-stages.ts";

const show = (metrics: Omit<TurnMetrics, "turnId" | "interrupted">): string =>
  turnStages({ turnId: "t", interrupted: false, ...metrics })
    .map(({ stage, startMs, endMs }) => `${stage} ${startMs}-${endMs}`)
    .join(", ");

describe("the stages of a turn", () => {
  it("follow each other, those that happened", () => {
    const all = { endpointMs: 200, transcriptMs: 250, hooksMs: 260, decidedMs: 400 };
    expect(show({ ...all, firstTokenMs: 700, firstAudioMs: 800, replyMs: 805 })).toBe(
      "endpoint 0-200, stt 200-250, hooks 250-260, decide 260-400, llm 400-700, tts 700-800, playout 800-805",
    );
    expect(show({ transcriptMs: 0, firstTokenMs: 40, firstAudioMs: 90, replyMs: 90 })).toBe(
      "stt 0-0, llm 0-40, tts 40-90, playout 90-90",
    );
    expect(show({})).toBe("");
  });

  it("begin earlier where they were prepared, but never before the caller stopped", () => {
    expect(show({ decidedMs: 500, firstTokenMs: 510, preparedMs: 300, firstAudioMs: 520, preparedSpeechMs: 60 })).toBe(
      "decide 0-500, llm 200-510, tts 450-520",
    );
    expect(show({ transcriptMs: 100, firstTokenMs: 110, preparedMs: 300 })).toBe("stt 0-100, llm 0-110");
  });

  it("never end before they begin, in whichever order the marks came", () => {
    expect(show({ endpointMs: 300, transcriptMs: 200, decidedMs: 320, firstTokenMs: 310, firstAudioMs: 400 })).toBe(
      "endpoint 0-300, stt 200-200, decide 300-320, llm 310-310, tts 320-400",
    );
  });
});
