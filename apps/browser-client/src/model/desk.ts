import { loudness } from "@roomkit/react";

/** Stages of the server that a caller may switch, in the order of the path, and what people call them. */
export const stageNames = {
  dtmf: "Hear telephone keys",
  aec: "Cancel echo",
  echoGuard: "Ignore echo of the assistant",
  agc: "Even out volume",
  denoiser: "Suppress noise",
  vad: "Find speech before it is recognised",
} as const;

export type StageName = keyof typeof stageNames;

export interface DeskStage {
  readonly role: StageName;
  readonly state: "on" | "off" | "native" | "failed";
}

export interface DeskRecording {
  readonly state: "off" | "recording" | "paused" | "done";
  /** Where it can be fetched, once it has begun. */
  readonly address?: string | undefined;
}

/** What a server says of a caller's sound. */
export type DeskMessage =
  /** The microphone hears the loudspeaker, so many dB quieter than it plays. */
  | { readonly type: "echo"; readonly couplingDb: number }
  | { readonly type: "state"; readonly stages: readonly DeskStage[]; readonly recording: DeskRecording }
  | {
      readonly type: "level";
      /** dBFS, as it came and behind the stages. */
      readonly before: number;
      readonly after: number | undefined;
      /** How likely it is speech, 0 to 1. */
      readonly speech: number | undefined;
    };

/** Reads what a server sent; undefined for anything that is none of it. */
export function readDeskMessage(payload: unknown): DeskMessage | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { type, stages, recording, before, after, speech, couplingDb } = payload as Readonly<Record<string, unknown>>;
  if (type === "echo" && typeof couplingDb === "number") return { type, couplingDb };
  if (type === "level" && typeof before === "number")
    return { type, before, after: numberOf(after), speech: numberOf(speech) };
  if (type !== "state" || !Array.isArray(stages)) return undefined;
  return { type, stages: stages.flatMap(readStage), recording: readRecording(recording) };
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

function readStage(stage: unknown): DeskStage[] {
  const { role, state } = (stage ?? {}) as Readonly<Record<string, unknown>>;
  const known = (["on", "off", "native", "failed"] as const).find((each) => each === state);
  return typeof role === "string" && Object.hasOwn(stageNames, role) && known
    ? [{ role: role as StageName, state: known }]
    : [];
}

function readRecording(recording: unknown): DeskRecording {
  const { state, address } = (recording ?? {}) as Readonly<Record<string, unknown>>;
  const known = (["off", "recording", "paused", "done"] as const).find((each) => each === state) ?? "off";
  return { state: known, address: typeof address === "string" ? address : undefined };
}

/** The last levels before and behind the stages, and how likely they were speech: a ring of fixed length. */
export class SoundHistory {
  readonly length: number;
  readonly #moments: { readonly before: number; readonly after: number; readonly speech: number | undefined }[] = [];

  constructor(length: number) {
    this.length = length;
  }

  push({ before, after, speech }: Extract<DeskMessage, { type: "level" }>): void {
    this.#moments.push({ before: loudness(before), after: loudness(after ?? before), speech });
    if (this.#moments.length > this.length) this.#moments.shift();
  }

  /** The moment `age` steps ago, 0 the newest. */
  at(
    age: number,
  ): { readonly before: number; readonly after: number; readonly speech: number | undefined } | undefined {
    return this.#moments.at(-1 - age);
  }

  clear(): void {
    this.#moments.length = 0;
  }
}
