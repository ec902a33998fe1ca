import type { Recording, RecordingInfo, RecordingNote, RecordingState, RecordingSummary } from "@roomkit/core";

/** A recording that writes nothing and remembers what it was told. */
export class FakeRecording implements Recording {
  readonly info: RecordingInfo;
  readonly requireConsent: boolean;
  readonly notes: RecordingNote[] = [];
  readonly ended: Promise<RecordingSummary | undefined>;
  state: RecordingState = "waiting";
  #settle: (summary: RecordingSummary | undefined) => void = () => {};
  #paused = false;
  #begun = false;
  #settled = false;

  constructor(options: { readonly id?: string | undefined; readonly requireConsent?: boolean | undefined } = {}) {
    const { id = "rec_fake", requireConsent = false } = options;
    this.info = { id, name: `name-of-${id}`, channels: ["inbound", "outbound"] };
    this.requireConsent = requireConsent;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  start(): void {
    if (this.state === "waiting") this.state = this.#paused ? "paused" : "recording";
    this.#begun ||= this.state !== "ended";
  }

  pause(): void {
    this.#paused = true;
    if (this.state === "recording") this.state = "paused";
  }

  resume(): void {
    this.#paused = false;
    if (this.state === "paused") this.state = "recording";
  }

  note(note: RecordingNote): void {
    if (this.#begun && !this.#paused && !this.#settled) this.notes.push(note);
  }

  /** Its storage is full, for instance. */
  fail(code: string): void {
    this.#end("failed", { code, message: "made to fail" });
  }

  stop(reason: string, last?: Promise<unknown>): Promise<RecordingSummary | undefined> {
    if (this.state === "ended") return this.ended;
    this.state = "ended";
    if (last === undefined) this.#end(reason);
    else void last.then(() => this.#end(reason));
    return this.ended;
  }

  #end(reason: string, error?: RecordingSummary["error"]): void {
    this.state = "ended";
    this.#settled = true;
    const facts = { reason, startedAt: 0, durationMs: 0, files: [], lostMs: 0, ...(error && { error }) };
    this.#settle(this.#begun ? { ...this.info, ...facts } : undefined);
  }
}
