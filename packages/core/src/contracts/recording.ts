/** One side of a call: what its caller said, and what was said to them. */
export type RecordedSide = "inbound" | "outbound";

/** What a recording is going to be: told to whoever decides whether it may begin. */
export interface RecordingInfo {
  readonly id: string;
  /** What it is called in its storage, without an ending; no path. */
  readonly name: string;
  /** What is in it. */
  readonly channels: readonly RecordedSide[];
}

/**
 * `waiting`: nobody has said yet that it may begin, and nothing is written; `paused`: it may, and what is said now is not in it;
 * `ended`: for good, or it was refused.
 */
export type RecordingState = "waiting" | "recording" | "paused" | "ended";

/** A file, or an object of a storage, that a recording has made. */
export interface RecordingFile {
  readonly name: string;
  readonly kind: "audio" | "sidecar";
  /** What is in it, in the order of its channels; both in one channel where they are mixed. */
  readonly channels: readonly RecordedSide[];
  readonly bytes: number;
  /** How long it plays, ms; 0 for a sidecar. */
  readonly durationMs: number;
}

/** A recording that was begun and is over. */
export interface RecordingSummary extends RecordingInfo {
  /** `stopped` by the application, `max_duration`, `failed`, or the code with which its call ended. */
  readonly reason: string;
  /** Wall time of its first sample, ms since 1970. */
  readonly startedAt: number;
  /** How long it plays, ms. */
  readonly durationMs: number;
  /** Complete as far as they go, also after a failure. */
  readonly files: readonly RecordingFile[];
  /** Audio that is silence in the files because it could not be written in time or came too late for its place, ms. */
  readonly lostMs: number;
  /** Why it ended early, or is not whole. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** Something that happened in the call, for a recording that keeps more than sound: JSON, without what identifies the call. */
export interface RecordingNote {
  readonly type: string;
  readonly [fact: string]: unknown;
}

/**
 * How a recording is steered by the call it is made of. It begins in `waiting`, and nothing of it is written before
 * {@link start}. Every order of calls is allowed, and none of them throws:
 *
 * | call     | waiting                          | recording | paused    | ended   |
 * | -------- | -------------------------------- | --------- | --------- | ------- |
 * | `start`  | recording; paused if that was so | nothing   | nothing   | nothing |
 * | `pause`  | remembered                       | paused    | nothing   | nothing |
 * | `resume` | no longer remembered             | nothing   | recording | nothing |
 * | `stop`   | ended: nothing was made          | ended     | ended     | nothing |
 * | it fails |                                  | ended     | ended     | nothing |
 */
export interface Recording {
  readonly info: RecordingInfo;
  /** Refuses to begin where nobody is asked. */
  readonly requireConsent: boolean;
  readonly state: RecordingState;
  /** Whoever must be asked has agreed. */
  start(): void;
  /** What is said from now on is not to be in it, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Something happened now. What happens while it is paused is not noted. */
  note(note: RecordingNote): void;
  /**
   * Nothing more belongs to it. `last`: notes may come until it settles, or for as long as the recorder waits. Gives {@link ended}.
   */
  stop(reason: string, last?: Promise<unknown>): Promise<RecordingSummary | undefined>;
  /** Resolves when it is over, however that came, and its files are complete; `undefined` when it never began. Never rejects. */
  readonly ended: Promise<RecordingSummary | undefined>;
}
