import {
  type ChannelHost,
  errorFields,
  type ForeignToken,
  type KeepingSession,
  type SessionResumption,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceSession,
} from "@roomkit/core";

import type { CallStart, ChannelCall } from "../session/channel-call.ts";

interface Entry {
  /** Of a session that another process had: what that kept. */
  readonly kept?: { readonly call: unknown } | undefined;
  keeping?: KeepingSession | undefined;
  /** What is written now is written last. */
  last: boolean;
  handed?: Promise<boolean> | undefined;
}

/** The calls of a channel as they are kept for other processes, and those of other processes that are gone on with here. Does nothing where the kit keeps none. */
export class KeptCalls {
  readonly #backend: VoiceBackend;
  readonly #entries = new Map<string, Entry>();
  #host: ChannelHost | undefined;

  constructor(backend: VoiceBackend) {
    this.#backend = backend;
  }

  register(host: ChannelHost, channelId: string): Unsubscribe[] {
    const { onForeignToken, onResumption } = this.#backend;
    if (!host.sessions || !onForeignToken) return [];
    this.#host = host;
    const changed = (session: VoiceSession): void => this.#entries.get(session.id)?.keeping?.changed(true);
    const stop = onResumption?.call(this.#backend, changed);
    const taking = onForeignToken.call(this.#backend, (foreign) => this.#take(host, channelId, foreign));
    return stop ? [stop, taking] : [taking];
  }

  /** What `start` is told of a session. */
  of(session: VoiceSession): { readonly kept: Entry["kept"]; readonly onChange: CallStart["onChange"] } {
    const kept = this.#entries.get(session.id)?.kept;
    const changed = (now: boolean): void => this.#entries.get(session.id)?.keeping?.changed(now);
    const onChange = this.#host && changed;
    return { kept, onChange };
  }

  /** A call is under way: it is kept from now on. */
  begin(session: VoiceSession, call: ChannelCall): void {
    const sessions = this.#host?.sessions;
    if (!sessions) return;
    const entry: Entry = this.#entries.get(session.id) ?? { last: false };
    this.#entries.set(session.id, entry);
    let known: SessionResumption | undefined;
    entry.keeping = sessions.keep(session, () => {
      // The transport forgets a session that has ended before the channel does.
      known = this.#backend.resumption?.(session) ?? known;
      return known && { ...known, call: call.record?.(entry.last) };
    });
  }

  /** Whether another process may go on with it. */
  handOver(session: VoiceSession): Promise<boolean> {
    const entry = this.#entries.get(session.id);
    if (!entry?.keeping) return Promise.resolve(false);
    entry.last = true;
    entry.handed ??= entry.keeping.handOver();
    return entry.handed;
  }

  /** It is over here. True: another process goes on with it, or may. */
  async end(session: VoiceSession): Promise<boolean> {
    const entry = this.#entries.get(session.id);
    this.#entries.delete(session.id);
    if (!entry?.keeping) return false;
    if (entry.handed !== undefined) return await entry.handed;
    return !(await entry.keeping.forget());
  }

  /** It never became a call here: whoever kept it did. Nothing happens to one that did, which is ended by {@link end}, once. */
  drop(session: VoiceSession): void {
    if (!this.#entries.get(session.id)?.keeping) this.#entries.delete(session.id);
  }

  async #take(host: ChannelHost, channelId: string, foreign: ForeignToken): Promise<VoiceSession | undefined> {
    const { token, backend, signal } = foreign;
    const { sessions } = host;
    let taken: string | undefined;
    try {
      return await sessions?.takeOver(
        token,
        channelId,
        async ({ sessionId: id, roomId, participantId, metadata, transport, call }) => {
          taken = id;
          this.#entries.set(id, { kept: { call }, last: false });
          return await backend.connect(roomId, participantId, channelId, metadata, { id, transport });
        },
        signal,
      );
    } catch (error) {
      if (taken !== undefined) this.#entries.delete(taken);
      host.logger.warn(errorFields(error), "a call of another process could not be gone on with");
      throw error;
    }
  }
}
