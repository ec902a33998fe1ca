import {
  type ChannelHost,
  errorFields,
  type ForeignToken,
  type KeepingSession,
  type SessionState,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceSession,
} from "@roomkit/core";

import type { CallStart, ChannelCall } from "../session/channel-call.ts";

interface Entry {
  /** Of a session that another process had: what that kept. */
  readonly kept?: { readonly call: unknown } | undefined;
  keeping?: KeepingSession | undefined;
  /** It was written a last time. */
  handed?: Promise<void> | undefined;
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
    const entry: Entry = this.#entries.get(session.id) ?? {};
    this.#entries.set(session.id, entry);
    let last: SessionState | undefined;
    entry.keeping = sessions.keep(session, () => {
      const resumption = this.#backend.resumption?.(session);
      const handed = entry.handed !== undefined;
      // The transport forgets a session that has ended before the channel does.
      if (resumption) last = { ...resumption, call: call.record?.(handed) };
      return last;
    });
  }

  /** Another process may go on with it. False: it is kept by nobody. */
  async handOver(session: VoiceSession): Promise<boolean> {
    const entry = this.#entries.get(session.id);
    if (!entry?.keeping) return false;
    const { keeping } = entry;
    if (!entry.handed) {
      // Noted first, so that what is written says so.
      let done = (): void => {};
      entry.handed = new Promise((resolve) => {
        done = resolve;
      });
      await keeping.handOver();
      done();
    }
    await entry.handed;
    return true;
  }

  /** It is over. */
  async forget(session: VoiceSession): Promise<void> {
    const entry = this.#entries.get(session.id);
    this.#entries.delete(session.id);
    if (!entry?.handed) await entry?.keeping?.forget();
  }

  /** It never became a call here: whoever kept it did. */
  drop(session: VoiceSession): void {
    this.#entries.delete(session.id);
  }

  async #take(host: ChannelHost, channelId: string, foreign: ForeignToken): Promise<VoiceSession | undefined> {
    const { token, backend, signal } = foreign;
    const { sessions } = host;
    let taken: string | undefined;
    try {
      const found = await sessions?.find(token);
      if (!sessions || found?.channelId !== channelId) return undefined;
      return await sessions.takeOver(
        token,
        async ({ sessionId: id, roomId, participantId, metadata, transport, call }) => {
          taken = id;
          this.#entries.set(id, { kept: { call } });
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
