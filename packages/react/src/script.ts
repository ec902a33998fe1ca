import { Cell } from "./cell.ts";
import type { Happened } from "./listeners.ts";
import {
  findTyped,
  MAX_LINES,
  settled,
  type TranscriptLine,
  withInterruption,
  withMetrics,
  withNotice,
  withTranscript,
  withTyped,
} from "./transcript.ts";

/** What is said in a call, as lines to show. */
export class Script extends Cell<readonly TranscriptLine[]> {
  /** The newest thing said, for those who cannot see the page. */
  readonly announcement: Cell<{ readonly role: "user" | "assistant"; readonly text: string } | undefined> = new Cell<
    { readonly role: "user" | "assistant"; readonly text: string } | undefined
  >(undefined);
  /** Counts the sessions: another one begins its ids anew. */
  #sessions = 0;
  #ids = 0;
  /** Transcripts of the server that repeat what was typed here. */
  readonly #typed = new Map<string, string>();

  constructor() {
    super([]);
  }

  clear(): void {
    this.#typed.clear();
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
      const own = this.#own(payload.id);
      const isKnown = this.get().some(({ id }) => id === (this.#typed.get(own) ?? own));
      const typed = isKnown ? undefined : findTyped(this.get(), payload);
      if (typed) this.#remember(own, typed.id);
      this.set(withTranscript(this.get(), { ...payload, id: this.#typed.get(own) ?? own }));
      const { role, text, heard, final } = payload;
      if (final && !typed) this.announcement.set({ role, text: heard ?? text });
    } else if (event === "interrupted") {
      this.set(withInterruption(this.get(), payload.heard, payload.unheard));
    } else if (event === "metrics") {
      this.set(withMetrics(this.get(), { ...payload, turnId: this.#own(payload.turnId) }));
    }
  }

  #remember(own: string, id: string): void {
    this.#typed.set(own, id);
    const [oldest] = this.#typed.keys();
    if (oldest !== undefined && this.#typed.size > MAX_LINES) this.#typed.delete(oldest);
  }

  /** An id of the session under way, told apart from the same one of another. */
  #own(id: string): string {
    return `${this.#sessions}:${id}`;
  }
}
