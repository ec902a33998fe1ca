import type { TurnMetrics } from "../contracts/voice.ts";

/**
 * `endpoint`: until the pause was noticed. `stt`: until the words were known. `hooks`: until these had passed. `decide`: until the turn was
 * over. `llm`: until the model's first text. `tts`: until the voice's first audio. `playout`: until that was handed to the transport.
 */
export type TurnStageName = "endpoint" | "stt" | "hooks" | "decide" | "llm" | "tts" | "playout";

/** A stage of a turn, in ms after the caller stopped speaking. */
export interface TurnStage {
  readonly stage: TurnStageName;
  readonly startMs: number;
  /** Never less than `startMs`. */
  readonly endMs: number;
}

/** The stages of a turn one after the other, those that happened. One that was prepared begins before the stage that it waited for. */
export function turnStages(metrics: TurnMetrics): TurnStage[] {
  const { endpointMs, transcriptMs, hooksMs, decidedMs, firstTokenMs, firstAudioMs, replyMs } = metrics;
  const { preparedMs = 0, preparedSpeechMs = 0 } = metrics;
  const stages: TurnStage[] = [];
  let at = 0;
  const add = (stage: TurnStageName, endMs: number | undefined, earlierMs = 0): void => {
    if (endMs === undefined) return;
    const startMs = Math.min(Math.max(0, at - earlierMs), endMs);
    stages.push({ stage, startMs, endMs });
    at = Math.max(at, endMs);
  };
  add("endpoint", endpointMs);
  add("stt", transcriptMs);
  add("hooks", hooksMs);
  add("decide", decidedMs);
  add("llm", firstTokenMs, preparedMs);
  add("tts", firstAudioMs, preparedSpeechMs);
  add("playout", replyMs);
  return stages;
}
