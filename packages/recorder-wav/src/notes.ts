import type { RecordingNote } from "@roomkit/core";

/** Notes kept at most; further ones are counted. */
const MOST_NOTES = 10_000;

/** What happened in a call, each with its place on the recording's time line, in samples. */
export class Notes {
  readonly #notes: { readonly at: number; readonly note: RecordingNote }[] = [];
  #dropped = 0;

  add(at: number, note: RecordingNote): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push({ at, note });
    else this.#dropped++;
  }

  /** As the sidecar tells them. `msAt`: where a place of the time line is in the file, ms. */
  told(msAt: (at: number) => number): {
    readonly transcript: readonly RecordingNote[];
    readonly events: readonly RecordingNote[];
    readonly notesDropped: number;
  } {
    const all = this.#notes
      .map(({ at, note }) => ({ ...note, atMs: Math.round(msAt(at) * 1000) / 1000 }))
      .sort((a, b) => a.atMs - b.atMs);
    const transcript = all.filter(({ type }) => type === "transcript");
    const events = all.filter(({ type }) => type !== "transcript");
    return { transcript, events, notesDropped: this.#dropped };
  }
}
