import type { SayOptions } from "@roomkit/channel-voice";
import {
  type AIPart,
  type ConnectionInput,
  RoomKitError,
  type TranscriptPart,
  type TurnDecision,
  type WordTiming,
} from "@roomkit/core";

/** What the audio path made of a frame, in the order it was told. Times of audio in ms. */
export type PathEvent =
  | readonly ["frame", at: number, ms: number, speech: boolean, speechMs?: number]
  | readonly ["start", at: number, preRollMs: number]
  | readonly ["end", at: number, ms: number]
  | readonly ["dtmf", digit: string, durationMs: number];

/** The first line of a file. */
export interface CallHeader {
  readonly roomkit: "call";
  /** 1: without audio, turn detector and what the application does. */
  readonly version: 1 | 2;
  readonly inbound: { readonly sampleRate: number; readonly channels: 1 | 2 };
  readonly outbound: { readonly sampleRate: number; readonly channels: 1 | 2 };
  readonly internalRate: number;
  readonly hasVad: boolean;
  readonly playback: "reported" | "estimated";
  /** Whether words are as they were said; else they are placeholders of the same length. */
  readonly transcripts: boolean;
  readonly sttTakesTurns: boolean;
  readonly wordTimings: boolean;
  /** Whether it has the caller's audio, and a turn detector. */
  readonly audio?: boolean;
  readonly detector?: boolean;
  /** The channel's options, those that are data. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A line: something that came in, or was decided, `t` ms after the call began. `n`, `u`: the how many-eth stream, utterance. */
export type CallEntry =
  /** A frame came to the audio path, and what it made of it; `own`: the call's own, where audio failed to come. */
  | {
      readonly t: number;
      readonly k: "path";
      readonly at: number;
      readonly ms: number;
      readonly own?: true;
      /** Its samples (see `pcmOf`), where audio is kept and there is any sound. */
      readonly pcm?: string;
      readonly ev?: readonly PathEvent[];
    }
  | { readonly t: number; readonly k: "input"; readonly input: ConnectionInput }
  | { readonly t: number; readonly k: "played"; readonly u: number; readonly ms: number; readonly done?: true }
  | { readonly t: number; readonly k: "begin"; readonly u: number }
  | { readonly t: number; readonly k: "cleared"; readonly u: number; readonly ms: number; readonly done?: true }
  | { readonly t: number; readonly k: "close"; readonly code: string }
  /** A recogniser's stream began with the audio of `at`; its audio ended; it said something; it was over. */
  | { readonly t: number; readonly k: "stt"; readonly n: number; readonly at: number }
  | { readonly t: number; readonly k: "stt-audio-end"; readonly n: number }
  | { readonly t: number; readonly k: "stt-part"; readonly n: number; readonly part: TranscriptPart }
  | { readonly t: number; readonly k: "stt-over"; readonly n: number; readonly error?: string }
  | { readonly t: number; readonly k: "ai"; readonly n: number }
  | { readonly t: number; readonly k: "ai-part"; readonly n: number; readonly part: AIPart }
  | { readonly t: number; readonly k: "ai-over"; readonly n: number; readonly error?: string }
  /** A voice was given a piece, and so much of it was audio by the end; `whole`: it had finished it. */
  | {
      readonly t: number;
      readonly k: "piece";
      readonly n: number;
      readonly text: string;
      readonly waitMs: number;
      readonly audioMs: number;
      readonly whole: boolean;
      readonly words?: readonly WordTiming[];
    }
  /** A turn detector was asked about what was said; what it said of that. */
  | { readonly t: number; readonly k: "ask"; readonly n: number; readonly text: string }
  | {
      readonly t: number;
      readonly k: "verdict";
      readonly n: number;
      readonly decision?: { readonly [K in keyof TurnDecision]?: TurnDecision[K] };
      readonly error?: string;
    }
  /** What the application did to the call. */
  | {
      readonly t: number;
      readonly k: "app";
      readonly does: "say";
      readonly text: string;
      readonly interruption?: SayOptions["interruption"];
    }
  | { readonly t: number; readonly k: "app"; readonly does: "interrupt" | "start" | "end" }
  /** What the call decided. */
  | { readonly t: number; readonly k: "turn"; readonly text: string }
  | {
      readonly t: number;
      readonly k: "answer";
      readonly u: number;
      readonly heard: string;
      readonly unheard: string;
      readonly interrupted: boolean;
    }
  /** The file had no room for more. */
  | { readonly t: number; readonly k: "full" };

export interface CallFile {
  readonly header: CallHeader;
  readonly entries: readonly CallEntry[];
}

/** The largest file that is read, in characters. */
const MOST_CHARS = 512 * 2 ** 20;

/** @throws RoomKitError `invalid_recording` for something that is no file of a call. */
export function parseCall(file: string): CallFile {
  if (file.length > MOST_CHARS) throw new RoomKitError("invalid_recording", "the file is too large for a call");
  const [first, ...lines] = file.split("\n").filter((line) => line !== "");
  const header = parsed(first) as Partial<CallHeader>;
  if (
    header.roomkit !== "call" ||
    (header.version !== 1 && header.version !== 2) ||
    !header.inbound ||
    !header.outbound
  )
    throw new RoomKitError("invalid_recording", "not a file of `recordCall`, or of another version");
  const entries = lines.map((line) => parsed(line) as CallEntry);
  if (entries.some(({ t, k }) => !Number.isFinite(t) || typeof k !== "string"))
    throw new RoomKitError("invalid_recording", "a line of the file says neither when nor what");
  return { header: header as CallHeader, entries };
}

function parsed(line: string | undefined): object {
  try {
    const value: unknown = JSON.parse(line ?? "");
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new RoomKitError("invalid_recording", "a line of the file is no JSON object");
}
