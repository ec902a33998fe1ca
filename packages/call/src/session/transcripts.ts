import { errorFields, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/**
 * What the caller is shown of their own words. Nothing is shown before its hook has run: with a hook on final transcripts and
 * none on partial ones, partials are withheld.
 */
export class UserTranscripts {
  readonly #room: CallRoom;
  readonly #session: VoiceSession;
  readonly #connection: VoiceConnection;
  readonly #revisions = new Map<string, number>();
  #closedTurns = new Set<string>();
  #running = false;
  #next: { readonly turnId: string; readonly text: string } | undefined;

  constructor(room: CallRoom, session: VoiceSession, connection: VoiceConnection) {
    this.#room = room;
    this.#session = session;
    this.#connection = connection;
  }

  /** Shows a guess; only the newest of several that wait for a hook is shown. */
  partial(turnId: string, text: string): void {
    if (text === "" || this.#closedTurns.has(turnId)) return;
    const { roomId } = this.#session;
    if (!this.#room.hasHooks("ON_PARTIAL_TRANSCRIPTION", roomId)) {
      if (!this.#room.hasSyncHooks("ON_TRANSCRIPTION", roomId)) this.#send(turnId, text, false);
      return;
    }
    this.#next = { turnId, text };
    if (!this.#running) void this.#drain();
  }

  /** Shows an unfinished turn as its hooks left it. */
  hooked(turnId: string, text: string): void {
    if (!this.#closedTurns.has(turnId)) this.#send(turnId, text, false);
  }

  /** Shows the turn as its hooks left it. No partial of the turn follows. */
  final(turnId: string, text: string): void {
    this.#send(turnId, text, true);
    this.#closedTurns.add(turnId);
    this.#revisions.delete(turnId);
    // Turns end in order: remembering a few is enough to stop a late partial.
    if (this.#closedTurns.size > 8) this.#closedTurns = new Set([...this.#closedTurns].slice(-4));
  }

  async #drain(): Promise<void> {
    this.#running = true;
    try {
      while (this.#next) {
        const { turnId, text } = this.#next;
        this.#next = undefined;
        const { roomId } = this.#session;
        const outcome = await this.#room.runHooks("ON_PARTIAL_TRANSCRIPTION", {
          session: this.#session,
          roomId,
          text,
          turnId,
        });
        const gated =
          this.#room.hasSyncHooks("ON_TRANSCRIPTION", roomId) &&
          !this.#room.hasSyncHooks("ON_PARTIAL_TRANSCRIPTION", roomId);
        if (outcome.allowed && !gated && !this.#closedTurns.has(turnId))
          this.#send(turnId, outcome.payload.text, false);
      }
    } catch (error) {
      this.#room.logger.error(
        { session: this.#session.id, ...errorFields(error) },
        "a partial transcript was withheld",
      );
    } finally {
      this.#running = false;
    }
  }

  #send(turnId: string, text: string, final: boolean): void {
    const revision = this.#revisions.get(turnId) ?? 0;
    this.#revisions.set(turnId, revision + 1);
    this.#connection.send({ type: "transcript", id: turnId, role: "user", text, final, revision });
  }
}
