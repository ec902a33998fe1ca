import type { ConnectionQuality, SessionParts, SessionStatus, StageStatus, TurnStage } from "@roomkit/core";

/** Where the time of a turn went, from the caller's last word. */
export interface TurnTimes {
  /** When its times were told, wall time, ms. */
  readonly at: number;
  readonly stages: readonly TurnStage[];
  /** The whole wait of the caller; absent: the answer was never audible. */
  readonly replyMs?: number | undefined;
  readonly interrupted: boolean;
}

/** One turn of a call. */
export interface TurnView extends TurnTimes {
  readonly id: string;
  readonly speechMs?: number | undefined;
  /** What the turn detector went by. */
  readonly decidedBy?: string | undefined;
  readonly tools: readonly { readonly name: string; readonly ms: number; readonly failed: boolean }[];
  /** Only with `showWords`: what the caller said, and what they heard of the answer. */
  readonly said?: string | undefined;
  readonly heard?: string | undefined;
}

/** Something that failed: where (`stt_error`, `tts_error`, `ai_error`, ...) and with which code; never its message. */
export interface ErrorView {
  readonly at: number;
  readonly where: string;
  readonly code: string;
}

/** One call in a list. Times are wall time, ms. What is absent is not measured. */
export interface CallRow extends SessionParts {
  /** The session's id. */
  readonly id: string;
  readonly room: string;
  readonly channel: string;
  readonly who: string;
  readonly startedAt: number;
  readonly ended?: { readonly at: number; readonly reason: string } | undefined;
  readonly status?: Pick<SessionStatus, "state" | "microphoneOff" | "muted" | "outputMuted"> | undefined;
  /** Of the caller's audio and of the assistant's, dBFS, of the last second; somebody has to look for them to be measured. */
  readonly levels: { readonly inbound?: number | undefined; readonly outbound?: number | undefined };
  readonly quality?: ConnectionQuality | undefined;
  /** The caller hears the assistant by their loudspeaker and sends it back. `false`: a guard listens for that and has found none. */
  readonly echo?: { readonly couplingDb: number; readonly delayMs: number } | false | undefined;
  readonly turns: number;
  readonly interrupted: number;
  readonly toolCalls: number;
  readonly errors: number;
  readonly lastTurn?: TurnTimes | undefined;
  readonly lastError?: ErrorView | undefined;
}

/** All that is known of one call: newest turns and errors last. */
export interface CallDetail extends CallRow {
  readonly stages: readonly Pick<StageStatus, "role" | "name" | "state">[];
  readonly turnList: readonly TurnView[];
  readonly errorList: readonly ErrorView[];
}

/** A process, and its calls. */
export interface ProcessView {
  readonly id: string;
  readonly name: string;
  /** The one that answers. */
  readonly self: boolean;
  /** How long ago it was heard of, ms. */
  readonly ageMs: number;
  /** It has not been heard of for longer than it should: its calls may be over. */
  readonly stale: boolean;
  /** It runs a newer version, which this one does not understand. */
  readonly newer: boolean;
  readonly calls: readonly CallRow[];
  /** Calls that go on and are not among them. */
  readonly more: number;
}

/** What a viewer is shown. */
export interface InspectorView {
  readonly at: number;
  readonly processes: readonly ProcessView[];
  /** Whether calls of this process may be ended and muted. */
  readonly actions: boolean;
  /** The call that the viewer asked for; absent: it is not known (any more). */
  readonly detail?: { readonly process: string; readonly call: CallDetail } | undefined;
}

/** What an operator may do to a call. */
export type CallAction = "end" | "mute" | "unmute" | "mute_output" | "unmute_output";

/** What became of it: `code` says why not. */
export type ActionResult = { readonly ok: true } | { readonly ok: false; readonly code: string };
