import { Cell } from "./cell.ts";
import type { Happened } from "./listeners.ts";
import {
  type SpeechLine,
  settled,
  type TranscriptLine,
  withInterruption,
  withMetrics,
  withNotice,
  withRepeated,
  withTranscript,
  withTyped,
} from "./transcript.ts";

/** Words, and whose they are. */
export type Said = Pick<SpeechLine, "role" | "text"> & { readonly speaker?: string | undefined };

/** What is said in a call, as lines to show. */
export class Script extends Cell<readonly TranscriptLine[]> {
  /** The newest thing said, for those who cannot see the page. */
  readonly announcement: Cell<Said | undefined> = new Cell<Said | undefined>(undefined);
  /** Counts the sessions: another one begins its ids anew. */
  #sessions = 0;
  #ids = 0;

  constructor() {
    super([]);
  }

  clear(): void {
    this.announcement.set(undefined);
    this.set([]);
  }

  /** Nothing more is on its way to what is still being written. */
  settle(): void {
    this.set(settled(this.get()));
  }

  typed(text: string): void {
    this.set(withTyped(this.get(), `typed-${++this.#ids}`, text));
  }

  note(text: string): void {
    this.set(withNotice(this.get(), `note-${++this.#ids}`, text));
  }

  take({ event, payload }: Happened): void {
    if (event === "session") {
      if (!payload.resumed) this.#sessions++;
      // What was on its way when the connection broke comes again, or never.
      this.settle();
    } else if (event === "transcript") {
      const { role, text, final } = payload;
      const line = { ...payload, id: this.#own(payload.id) };
      const entries = this.get();
      const before = final && role === "user" ? withRepeated(entries, line) : entries;
      this.set(withTranscript(before, line));
      // What the user has typed is no news to them.
      if (final && before === entries) this.announcement.set({ ...payload, text: payload.heard ?? text });
    } else if (event === "interrupted") {
      this.set(withInterruption(this.get(), payload.heard, payload.unheard));
    } else if (event === "metrics") {
      this.set(withMetrics(this.get(), { ...payload, turnId: this.#own(payload.turnId) }));
    }
  }

  /** An id of the session under way, told apart from the same one of another. */
  #own(id: string): string {
    return `${this.#sessions}:${id}`;
  }
}
