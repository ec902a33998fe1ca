import type { CallOptions } from "@roomkit/call";
import { type AIProvider, type Clock, type Logger, type OptionRanges, optionsWithin } from "@roomkit/core";

/** An answer that was made ahead of its turn, or the beginning of it that was synthesized: it is the answer (`used`), or was thrown away. */
export interface PreparedAnswer {
  /** Of the session. */
  readonly sessionId: string;
  readonly what: "text" | "speech";
  readonly used: boolean;
  /** What the voice was given, in characters; of `speech`. */
  readonly chars?: number | undefined;
}

/** How the caller is heard, spoken to and interrupted is as in a voice channel. */
export interface CascadeOptions extends Omit<CallOptions, "greeting" | "voice" | "language"> {
  readonly ai: AIProvider;
  /** Messages of the conversation shown to the model at most. Default 60. */
  readonly maxMessages?: number | undefined;
  /** Rounds of tool calls before the model must answer in words. Default 8. */
  readonly maxToolRounds?: number | undefined;
  /** How long the application may take for a tool's result. Default 30,000 ms. */
  readonly toolTimeoutMs?: number | undefined;
  /** Longest silence of the model while an answer is made, before it is given up as failed. Default 20,000 ms. */
  readonly responseTimeoutMs?: number | undefined;
  /** Said when the model fails before it said anything. Default a short apology; empty for silence. */
  readonly apology?: string | undefined;
  /** Is told what became of each answer that was made ahead (`preemptive`). */
  readonly onPrepared?: ((prepared: PreparedAnswer) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

const defaults = {
  maxMessages: 60,
  maxToolRounds: 8,
  toolTimeoutMs: 30_000,
  responseTimeoutMs: 20_000,
  apology: "Sorry, something went wrong. Please say that again.",
};

const ranges: OptionRanges<typeof defaults> = {
  maxMessages: [1, 100_000],
  maxToolRounds: [0, 1_000],
  toolTimeoutMs: [0, 3_600_000],
  responseTimeoutMs: [1, 3_600_000],
};

export type CascadeSettings = Readonly<typeof defaults>;

/** @throws RoomKitError `invalid_option` for a number out of its range. */
export function resolveOptions(options: CascadeOptions): CascadeSettings {
  return optionsWithin(options, defaults, ranges);
}
