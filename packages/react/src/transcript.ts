import type { Transcript, TurnMetrics } from "@roomkit/client";

/** One line of a call, as it is shown. */
export type TranscriptLine = SpeechLine | NoticeLine;

/** What the caller or the assistant said. */
export interface SpeechLine {
  readonly kind: "speech";
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly text: string;
  readonly final: boolean;
  readonly revision: number;
  /** Typed, not spoken. */
  readonly typed?: true | undefined;
  /** On a typed line: the server's transcript that repeats it. */
  readonly repeated?: string | undefined;
  /** On an assistant line that was cut off: how many characters of `text` were heard. */
  readonly heardLength?: number | undefined;
  /** Somebody cut it off. */
  readonly interrupted?: true | undefined;
  /** Whose voice said most of it, where the server tells voices apart; for an operator, the name of who said it. */
  readonly speaker?: string | undefined;
  /** On a user line: where the time until the answer went. */
  readonly metrics?: TurnMetrics | undefined;
}

/** Something that happened to the call, in the application's words: `note`. */
export interface NoticeLine {
  readonly kind: "notice";
  readonly id: string;
  readonly text: string;
}

/** Lines kept; the oldest go first. */
const MAX_LINES = 500;

/** Takes a transcript in: a new line, or a newer revision of one. */
export function withTranscript(entries: readonly TranscriptLine[], transcript: Transcript): readonly TranscriptLine[] {
  const { id, role, text, final, revision, heard, speaker } = transcript;
  const index = entries.findIndex((entry) => isOf(entry, id));
  const old = entries[index];
  const cut = heard === undefined ? heard : heardLength(text, heard);
  if (old?.kind !== "speech") {
    // What was taken back before anybody saw it.
    if (text.trim() === "") return entries;
    // Nobody says two things at once: what came before is over, also when its end got lost.
    const made = { kind: "speech", id, role, text, final, revision, speaker, heardLength: cut } as const;
    return bounded([...settled(entries, role), made]);
  }
  if (revision < old.revision) return entries;
  return entries.with(index, {
    ...old,
    text,
    final,
    revision,
    speaker: speaker ?? old.speaker,
    heardLength: cut,
    // Whoever was silenced by a cough goes on, and is heard to the end.
    interrupted: heard === undefined ? heard : old.interrupted,
  });
}

/**
 * Nothing more is on its way to the lines that are still being written: their connection ended, or what comes next is another line.
 * Should more come after all, they go on.
 */
export function settled(entries: readonly TranscriptLine[], role?: SpeechLine["role"]): readonly TranscriptLine[] {
  const open = (entry: TranscriptLine): entry is SpeechLine =>
    entry.kind === "speech" && !entry.final && (role === undefined || entry.role === role);
  if (!entries.some(open)) return entries;
  return entries.map((entry) => (open(entry) ? { ...entry, final: true } : entry));
}

/** Takes an interruption in: the newest line of the assistant was cut off. */
export function withInterruption(
  entries: readonly TranscriptLine[],
  heard: string,
  unheard: string,
): readonly TranscriptLine[] {
  const index = entries.findLastIndex((entry) => entry.kind === "speech" && entry.role === "assistant");
  const old = entries[index];
  if (old?.kind !== "speech" || old.interrupted || unheard.trim() === "") return entries;
  // The transcript knows better, also that it was heard to its end: what was cut off now has no line yet.
  const length = old.heardLength ?? (old.final ? undefined : heardLength(old.text, heard));
  return length === undefined ? entries : entries.with(index, { ...old, interrupted: true, heardLength: length });
}

/** Puts a turn's times to the line that began the turn: the newest of the user's. */
export function withMetrics(entries: readonly TranscriptLine[], metrics: TurnMetrics): readonly TranscriptLine[] {
  const same = entries.findLastIndex((entry) => entry.kind === "speech" && entry.metrics?.turnId === metrics.turnId);
  const newest = entries.findLastIndex((entry) => entry.kind === "speech" && entry.role === "user");
  const index = same >= 0 ? same : newest;
  const old = entries[index];
  return old?.kind === "speech" ? entries.with(index, { ...old, metrics }) : entries;
}

/** Shows what the user typed, at once: a server need not send it back. */
export function withTyped(entries: readonly TranscriptLine[], id: string, text: string): readonly TranscriptLine[] {
  return bounded([...entries, { kind: "speech", id, role: "user", text, final: true, revision: 0, typed: true }]);
}

export function withNotice(entries: readonly TranscriptLine[], id: string, text: string): readonly TranscriptLine[] {
  return bounded([...entries, { kind: "notice", id, text }]);
}

/**
 * Takes in that the server repeats what was typed, as a turn or as the end of one with words said before. Where it is all of the turn its line
 * stays; else it gives way to the turn's.
 */
export function withRepeated(entries: readonly TranscriptLine[], { id, text }: Transcript): readonly TranscriptLine[] {
  const line = entries.find((entry) => isOf(entry, id));
  let left = entries;
  let rest = text;
  for (let i = entries.length; i--; ) {
    const entry = entries[i];
    if (entry?.kind !== "speech" || entry === line) continue;
    if (!entry.typed || entry.repeated || !rest.endsWith(entry.text)) break;
    if (!line && entry.text === text) return entries.with(i, { ...entry, repeated: id });
    left = left.toSpliced(i, 1);
    rest = rest.slice(0, -entry.text.length).trimEnd();
  }
  return left;
}

/** Whether a line shows a transcript of the server. */
function isOf(entry: TranscriptLine, id: string): entry is SpeechLine {
  return entry.kind === "speech" && (entry.id === id || entry.repeated === id);
}

/** A line's text in two: heard, and not. */
export function splitHeard({ text, heardLength: length }: SpeechLine): {
  readonly heard: string;
  readonly unheard: string;
} {
  return length === undefined
    ? { heard: text, unheard: "" }
    : { heard: text.slice(0, length), unheard: text.slice(length) };
}

/**
 * How much of `text` the words in `heard` cover. The server joins heard text from pieces, so white space may differ: what
 * counts is the characters between.
 */
export function heardLength(text: string, heard: string): number {
  const wanted = heard.replace(/\s+/g, "").length;
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    if (seen >= wanted) return i;
    if (!/\s/.test(text[i] as string)) seen++;
  }
  return text.length;
}

function bounded(entries: readonly TranscriptLine[]): readonly TranscriptLine[] {
  return entries.length > MAX_LINES ? entries.slice(-MAX_LINES) : entries;
}
