import type { AIUsage, SessionParts, TurnMetrics, VoiceSession } from "@roomkit/core";

/** A call of a tool. Times here and below: wall time, ms. */
export interface ToolRecord {
  readonly type: "tool";
  readonly callId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly isError: boolean;
  /** Only with content. */
  readonly arguments?: unknown;
  readonly result?: string | undefined;
}

/** An answer of a model. */
export interface ReplyRecord {
  readonly type: "reply";
  readonly channelId: string;
  readonly provider: string | undefined;
  readonly status: "completed" | "aborted" | "failed" | undefined;
  readonly usage: AIUsage | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Only with content. */
  readonly text?: string | undefined;
}

/** Something that failed, or that was not as it should be. */
export interface NoteRecord {
  readonly type: "note";
  /** `stt_error`, `tts_error`, `ai_error`, `provider_fallback`, `audio_stage_failed`, `recording_refused`. */
  readonly name: string;
  readonly code: string;
  readonly failed: boolean;
  readonly at: number;
}

export type PartRecord = ToolRecord | ReplyRecord | NoteRecord;

/** A turn that is over. */
export interface TurnRecord {
  readonly id: string;
  /** The caller began to speak. */
  readonly startedAt: number;
  /** They had stopped: what the metrics count from. */
  readonly saidAt: number;
  /** The first sound of the answer was handed to the transport; absent: there was none. */
  readonly audibleAt: number | undefined;
  /** Its answer was played, or cut off; or nothing more of it can come. */
  readonly endedAt: number;
  readonly metrics: TurnMetrics | undefined;
  readonly interrupted: boolean;
  /** How much of the answer was played, ms. */
  readonly playedMs: number;
  readonly parts: readonly PartRecord[];
  /** Only with content: what the caller said, and what they heard. */
  readonly said?: string | undefined;
  readonly heard?: string | undefined;
}

/** A call, counting on while it goes on. */
export interface CallRecord extends SessionParts {
  readonly session: VoiceSession;
  readonly startedAt: number;
  readonly turns: number;
  readonly interrupted: number;
  readonly toolCalls: number;
  readonly toolErrors: number;
  readonly errors: number;
  /** Of the newest error. */
  readonly lastError: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Hears what becomes of calls. What it throws harms nobody. */
export interface CallListener {
  started?(call: CallRecord): void;
  /** Once for each turn. */
  turn(call: CallRecord, turn: TurnRecord): void;
  /** Something outside of any turn, or of one that is over (`turnId`). */
  part?(call: CallRecord, part: PartRecord, turnId: string | undefined): void;
  /** Once for each call that was started. Nothing of it comes after this. */
  ended(call: CallRecord, reason: string, at: number): void;
}
