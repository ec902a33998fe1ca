import type { AudioFrame, RealtimeEvent, RealtimeSession } from "@roomkit/core";
import { settle } from "../settle.ts";
import { check, until } from "./case.ts";

/** Hears a session's events and holds them to their grammar. */
export class WatchedSession {
  readonly session: RealtimeSession;
  readonly events: RealtimeEvent[] = [];
  readonly #patienceMs: number;
  readonly #stop: () => void;
  readonly #complaints: string[] = [];
  readonly #finals = new Set<string>();
  readonly #ended = new Set<string>();
  #response: string | undefined;
  #speaking = false;
  #closed = false;

  constructor(session: RealtimeSession, patienceMs: number) {
    this.session = session;
    this.#patienceMs = patienceMs;
    this.#stop = session.onEvent((event) => {
      this.events.push(event);
      this.#follow(event);
    });
  }

  of<T extends RealtimeEvent["type"]>(type: T): Extract<RealtimeEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RealtimeEvent, { type: T }> => event.type === type);
  }

  /** Finals of one side, in order. */
  said(role: "user" | "assistant"): string[] {
    return this.of("transcript")
      .filter((event) => event.final && event.role === role)
      .map(({ text }) => text);
  }

  /** Waits until so many events of a type have come. */
  async reaches(type: RealtimeEvent["type"], count: number): Promise<void> {
    await this.until(() => this.of(type).length >= count, `${type} number ${count}`);
  }

  async until(predicate: () => boolean, what: string): Promise<void> {
    const seen = (): string =>
      this.events
        .map(({ type }) => type)
        .join(" ")
        .slice(-300);
    try {
      await until(predicate, this.#patienceMs, what);
    } catch (error) {
      check(false, `${String(error)}; what came: ${seen()}`);
    }
  }

  /** Sends speech, then silence. */
  async speak(frames: readonly AudioFrame[]): Promise<void> {
    for (const frame of frames) {
      this.session.sendAudio(frame);
      await settle(1);
    }
  }

  /** @throws ConformanceFailure with what was wrong with the events so far. */
  checkGrammar(): void {
    check(this.#complaints.length === 0, this.#complaints.slice(0, 3).join("; "));
  }

  stop(): void {
    this.#stop();
  }

  #follow(event: RealtimeEvent): void {
    const wrong = (what: string): void => void this.#complaints.push(what);
    if (this.#closed) wrong(`${event.type} came after closed`);
    switch (event.type) {
      case "response-start":
        if (this.#response !== undefined) wrong("a response began within another");
        if (this.#ended.has(event.responseId)) wrong("a response began again");
        this.#response = event.responseId;
        return;
      case "audio":
        if (this.#response !== event.responseId) wrong("audio came outside of its response");
        if (event.frame.samples.length === 0) wrong("an audio frame was empty");
        if (
          event.frame.sampleRate !== this.session.outbound.sampleRate ||
          event.frame.channels !== this.session.outbound.channels
        )
          wrong("audio is not in the format of session.outbound");
        return;
      case "response-end":
        if (this.#response !== event.responseId) wrong("a response ended that was not under way");
        this.#ended.add(event.responseId);
        this.#response = undefined;
        return;
      case "transcript":
        if (this.#finals.has(event.id)) wrong(`a transcript came after its final (${event.role})`);
        if (event.final) this.#finals.add(event.id);
        return;
      case "speech-start":
        if (this.#speaking) wrong("speech began twice");
        this.#speaking = true;
        return;
      case "speech-end":
        this.#speaking = false;
        return;
      case "closed":
        if (this.#response !== undefined) wrong("it closed within a response, without ending that");
        this.#closed = true;
        return;
      case "error":
        if (event.error.code === "") wrong("an error has no code");
        return;
    }
  }
}
