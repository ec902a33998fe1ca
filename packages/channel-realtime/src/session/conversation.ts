import {
  type ChannelHost,
  type HeardRecord,
  RoomKitError,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";

export interface ConversationOptions {
  readonly host: ChannelHost;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly channelId: string;
  /** Whether final words become events of the room. */
  readonly store: boolean;
}

interface Line {
  readonly role: "user" | "assistant";
  revision: number;
  final: boolean;
}

/** Waiting pieces beyond this are dropped, partial ones first: a hook that hangs must not pile up a whole call. */
const MAX_WAITING = 256;

/** What storing fails with when the room or the channel's place in it is gone: nothing to report. */
const OVER: ReadonlySet<string> = new Set(["aborted", "kit_closed", "not_attached", "room_closed"]);

/**
 * What is said, on its way to client, hooks and room, strictly in order: nothing overtakes, and nothing leaves before its hook.
 * Tool calls pass through the same queue, so that no call runs before the words that caused it are in the room.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #lines = new Map<string, Line>();
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #turns = 0;
  #closed = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Words of the caller, as far as they are recognised. */
  user(id: string, text: string, final: boolean): void {
    const line = this.#line(id, "user");
    if (line.final) return;
    line.final = final;
    if (final) this.#turns++;
    const turnId = this.#turnId(final ? this.#turns : this.#turns + 1);
    this.#enqueue(final, () =>
      final ? this.#finalUser(id, line, text, turnId) : this.#partialUser(id, line, text, turnId),
    );
  }

  /** Words of the assistant while it speaks them. */
  assistant(id: string, text: string): void {
    const line = this.#line(id, "assistant");
    const { host, session } = this.#options;
    // With a hook on what is spoken, words are shown when the hook has seen all of them.
    if (line.final || host.hasSyncHooks("BEFORE_TTS", session.roomId)) return;
    this.#enqueue(false, async () => {
      if (!line.final) this.#show(id, line, text, false);
    });
  }

  /** What the caller has heard of the assistant's words, when that is certain. */
  heard(id: string, heard: string, record: HeardRecord): void {
    const line = this.#line(id, "assistant");
    line.final = true;
    const turnId = this.#turnId(this.#turns);
    this.#enqueue(true, async () => {
      const { host, session } = this.#options;
      let shown = heard;
      let unheard = record.unheard;
      if (host.hasHooks("BEFORE_TTS", session.roomId)) {
        const text = [heard, unheard].filter((part) => part !== "").join(" ");
        const outcome = await host.runHooks("BEFORE_TTS", { session, roomId: session.roomId, text, utterance: id });
        if (!outcome.allowed) return;
        if (outcome.payload.text !== text) {
          shown = outcome.payload.text;
          unheard = "";
        }
      }
      const text = [shown, unheard].filter((part) => part !== "").join(" ");
      if (text !== "") this.#show(id, line, text, true, record.interrupted ? shown : undefined);
      await this.#store("assistant", shown, turnId, { ...record, unheard });
    });
  }

  /** Runs after everything said so far has gone its way. */
  after(work: () => void): void {
    this.#enqueue(true, async () => work());
  }

  /** Takes nothing more; what was said to its end still goes its way. Resolves when it has. */
  close(): Promise<void> {
    this.#closed = true;
    this.#lines.clear();
    return this.#tail;
  }

  async #partialUser(id: string, line: Line, text: string, turnId: string): Promise<void> {
    const { host, session } = this.#options;
    const { roomId } = session;
    if (line.final) return;
    const gated =
      host.hasSyncHooks("ON_TRANSCRIPTION", roomId) && !host.hasSyncHooks("ON_PARTIAL_TRANSCRIPTION", roomId);
    if (host.hasHooks("ON_PARTIAL_TRANSCRIPTION", roomId)) {
      const outcome = await host.runHooks("ON_PARTIAL_TRANSCRIPTION", { session, roomId, text, turnId });
      if (outcome.allowed && !gated) this.#show(id, line, outcome.payload.text, false);
    } else if (!gated) this.#show(id, line, text, false);
  }

  async #finalUser(id: string, line: Line, raw: string, turnId: string): Promise<void> {
    const { host, session } = this.#options;
    const { roomId } = session;
    let text = raw.trim();
    if (text !== "" && host.hasHooks("ON_TRANSCRIPTION", roomId)) {
      const outcome = await host.runHooks("ON_TRANSCRIPTION", { session, roomId, text, turnId });
      text = outcome.allowed ? outcome.payload.text.trim() : "";
    }
    if (text === "") return;
    this.#show(id, line, text, true);
    host.notifyHooks("ON_TURN_COMPLETE", { session, roomId, text, turnId });
    await this.#store("user", text, turnId);
  }

  async #store(role: "user" | "assistant", text: string, correlationId: string, heard?: HeardRecord): Promise<void> {
    const { host, session, channelId, store } = this.#options;
    if (!store) return;
    await host.processInbound({
      roomId: session.roomId,
      channelId,
      role,
      content: { type: "text", text },
      correlationId,
      metadata: { voiceSessionId: session.id, source: "realtime_voice" },
      ...(role === "user" ? { participantId: session.participantId } : {}),
      ...(heard === undefined ? {} : { heard }),
    });
  }

  #show(id: string, line: Line, text: string, final: boolean, heard?: string): void {
    const message = { type: "transcript", id, role: line.role, text, final, revision: line.revision++ } as const;
    this.#options.connection.send(heard === undefined ? message : { ...message, heard });
  }

  #line(id: string, role: Line["role"]): Line {
    const key = `${role}:${id}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = { role, revision: 0, final: false };
      this.#lines.set(key, line);
      // Old lines are only remembered so that late parts of them are ignored.
      if (this.#lines.size > 64) this.#lines.delete(this.#lines.keys().next().value as string);
    }
    return line;
  }

  #enqueue(must: boolean, work: () => Promise<void>): void {
    if (this.#closed || (this.#waiting >= MAX_WAITING && !must)) return;
    this.#waiting++;
    this.#tail = this.#tail.then(async () => {
      this.#waiting--;
      if (this.#closed && !must) return;
      try {
        await work();
      } catch (thrown) {
        const error = RoomKitError.from(thrown);
        if (OVER.has(error.code)) return;
        this.#options.host.logger.error(
          { session: this.#options.session.id, code: error.code },
          "a transcript went nowhere",
        );
      }
    });
  }

  #turnId(turn: number): string {
    return `${this.#options.session.id}:${turn}`;
  }
}
