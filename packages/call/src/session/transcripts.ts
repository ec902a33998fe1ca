import { errorFields, keepNewest, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/** Words of the caller: `id` names them to the client, `turnId` their turn to hooks and room. */
export interface UserWords {
  readonly id: string;
  readonly turnId: string;
  readonly text: string;
  /** Who said most of it; undefined: nobody knows. */
  readonly speaker?: string | undefined;
}

/** What the client was told of some words. */
interface Shown {
  revision: number;
  finished: boolean;
}

/** Words remembered at most: a few are enough to stop what comes late, and some never end. */
const MAX_SHOWN = 64;
/** Characters of a speaker's label that a client takes. */
const MAX_LABEL = 256;

/**
 * The caller's words on their way through the hooks to the client, whoever recognised them. Nothing is shown before its hook has
 * run: with a hook on final transcripts and none on partial ones, partials are withheld.
 */
export class UserTranscripts {
  readonly #room: CallRoom;
  readonly #session: VoiceSession;
  readonly #connection: VoiceConnection;
  readonly #shown = new Map<string, Shown>();
  #running = false;
  #next: UserWords | undefined;

  constructor(room: CallRoom, session: VoiceSession, connection: VoiceConnection) {
    this.#room = room;
    this.#session = session;
    this.#connection = connection;
  }

  /** Shows a guess; only the newest of several that wait for a hook is shown. */
  partial(words: UserWords): void {
    if (words.text === "" || this.#of(words.id).finished) return;
    if (this.#room.hasHooks("ON_PARTIAL_TRANSCRIPTION", this.#session.roomId)) {
      this.#next = words;
      if (!this.#running) void this.#drain();
    } else if (!this.#room.hasSyncHooks("ON_TRANSCRIPTION", this.#session.roomId)) this.#send(words, false);
  }

  /** What hooks leave of words that are certain; an empty text: nothing. */
  async ask(words: UserWords, signal?: AbortSignal): Promise<UserWords> {
    const { text, turnId, speaker } = words;
    const { roomId } = this.#session;
    if (text === "" || !this.#room.hasHooks("ON_TRANSCRIPTION", roomId)) return words;
    const asked = { session: this.#session, roomId, text, turnId, speaker };
    const { allowed, payload } = await this.#room.runHooks("ON_TRANSCRIPTION", asked, signal);
    // Where there was none, a hook may give anything.
    const known = typeof payload.speaker === "string" && payload.speaker !== "";
    return { ...words, text: allowed ? payload.text.trim() : "", speaker: known ? payload.speaker : undefined };
  }

  /** Shows an unfinished turn as its hooks left it. */
  hooked(words: UserWords): void {
    if (!this.#of(words.id).finished) this.#send(words, false);
  }

  /** The turn is complete: shows it as its hooks left it, and tells the hooks that wait for it. */
  final(words: UserWords): void {
    const { turnId, text, speaker } = words;
    const { roomId } = this.#session;
    this.#send(words, true);
    this.finish(words.id);
    this.#room.notifyHooks("ON_TURN_COMPLETE", { session: this.#session, roomId, text, turnId, speaker });
  }

  /** No guess at these words is shown any more. */
  finish(id: string): void {
    this.#of(id).finished = true;
  }

  async #drain(): Promise<void> {
    this.#running = true;
    const session = this.#session;
    const { roomId } = session;
    try {
      while (this.#next) {
        const { id, turnId, text } = this.#next;
        this.#next = undefined;
        const asked = { session, roomId, text, turnId };
        const outcome = await this.#room.runHooks("ON_PARTIAL_TRANSCRIPTION", asked);
        const gated =
          this.#room.hasSyncHooks("ON_TRANSCRIPTION", roomId) &&
          !this.#room.hasSyncHooks("ON_PARTIAL_TRANSCRIPTION", roomId);
        if (outcome.allowed && !gated && !this.#of(id).finished)
          this.#send({ id, turnId, text: outcome.payload.text }, false);
      }
    } catch (error) {
      this.#room.logger.error({ session: session.id, ...errorFields(error) }, "a partial transcript was withheld");
    } finally {
      this.#running = false;
    }
  }

  #send({ id, text, speaker }: UserWords, final: boolean): void {
    const revision = this.#of(id).revision++;
    const message = { type: "transcript", id, role: "user", text, final, revision } as const;
    this.#connection.send(
      final && speaker !== undefined ? { ...message, speaker: speaker.slice(0, MAX_LABEL) } : message,
    );
  }

  #of(id: string): Shown {
    let shown = this.#shown.get(id);
    if (!shown) {
      shown = { revision: 0, finished: false };
      this.#shown.set(id, shown);
      keepNewest(this.#shown, MAX_SHOWN);
    }
    return shown;
  }
}
