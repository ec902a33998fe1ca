import { type ChannelHost, errorFields, type Logger, type VoiceConnection, type VoiceSession } from "@roomkit/core";

/**
 * What the caller is shown of their own words. Nothing is shown before its hook has run: with a hook on final transcripts and
 * none on partial ones, partials are withheld.
 */
export class UserTranscripts {
  readonly #host: ChannelHost;
  readonly #session: VoiceSession;
  readonly #connection: VoiceConnection;
  readonly #logger: Logger;
  readonly #revisions = new Map<string, number>();
  #closedTurns = new Set<string>();
  #running = false;
  #next: { readonly turnId: string; readonly text: string } | undefined;

  constructor(host: ChannelHost, session: VoiceSession, connection: VoiceConnection) {
    this.#host = host;
    this.#session = session;
    this.#connection = connection;
    this.#logger = host.logger;
  }

  /** Shows a guess; only the newest of several that wait for a hook is shown. */
  partial(turnId: string, text: string): void {
    if (text === "" || this.#closedTurns.has(turnId)) return;
    const { roomId } = this.#session;
    if (!this.#host.hasHooks("ON_PARTIAL_TRANSCRIPTION", roomId)) {
      if (!this.#host.hasSyncHooks("ON_TRANSCRIPTION", roomId)) this.#send(turnId, text, false);
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
        const outcome = await this.#host.runHooks("ON_PARTIAL_TRANSCRIPTION", {
          session: this.#session,
          roomId,
          text,
          turnId,
        });
        const gated =
          this.#host.hasSyncHooks("ON_TRANSCRIPTION", roomId) &&
          !this.#host.hasSyncHooks("ON_PARTIAL_TRANSCRIPTION", roomId);
        if (outcome.allowed && !gated && !this.#closedTurns.has(turnId))
          this.#send(turnId, outcome.payload.text, false);
      }
    } catch (error) {
      this.#logger.error({ session: this.#session.id, ...errorFields(error) }, "a partial transcript was withheld");
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
