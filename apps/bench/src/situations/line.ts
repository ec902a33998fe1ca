/** The assistant's voice that comes back into the caller's microphone. */
export interface Echo {
  /** Against what is played, dB. */
  readonly db: number;
  /** In whole tens, ms. */
  readonly delayMs: number;
}

/** Something the server told, and when that came, on the line's clock. */
export interface Told {
  readonly atMs: number;
  readonly message: Readonly<Record<string, unknown>>;
}

/** A final transcript as the caller's screen shows it; of an answer that was cut off, what was heard. */
export interface Said {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** One call, as it is at the caller's microphone and ear. All times are ms on its own clock, which counts samples. */
export interface Line {
  /** As of the last look. */
  readonly nowMs: number;
  /** What came out of the loudspeaker, the level of each 10 ms from 0 on, dBFS; as of the last look. */
  readonly levels: readonly number[];
  readonly told: readonly Told[];
  /** Takes in what has happened since. @throws Error when the call is over. */
  look(): Promise<void>;
  /** Puts a sound into the microphone, at {@link RATE}; gives the moment of its first sample. */
  speak(samples: Int16Array): Promise<number>;
  close(): Promise<void>;
}

/** A way to call the demo. */
export interface Lines {
  /** Calls; the caller may speak as soon as this resolves. @throws Error when no call comes about. */
  call(echo: Echo | undefined): Promise<Line>;
  close(): Promise<void>;
}

/** RMS of the noise that every microphone has, dBFS. */
export const NOISE_DB = -66;
/** What a level is where there is nothing, dBFS. */
export const NOTHING_DB = -100;
/** How long the stretches are whose levels are taken, ms. */
export const STRETCH_MS = 10;

/** What was said, in the order in which it began. */
export function said(told: readonly Told[]): Said[] {
  const lines = new Map<unknown, Said>();
  for (const [i, { message }] of told.entries()) {
    // Compat tells each once, v1 as often as it changes.
    const line = (message.type === "transcription" ? message.data : message) as Record<string, unknown>;
    if (message.type !== "transcription" && (message.type !== "transcript" || message.final !== true)) continue;
    const role = line.role === "user" ? "user" : "assistant";
    lines.set(line.id ?? i, { role, text: String(line.heard ?? line.text) });
  }
  return [...lines.values()].filter(({ text }) => text.trim() !== "");
}
