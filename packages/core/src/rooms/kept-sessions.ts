import type { Metadata } from "../contracts/voice.ts";

/** What another process needs of a session to go on with it. Data only. */
export interface KeptSession {
  readonly sessionId: string;
  readonly roomId: string;
  readonly participantId: string;
  readonly channelId: string;
  readonly metadata: Metadata;
  /** SHA-256 of the resume tokens its client may show, in base64url, the newest first. None: nobody can come back to it any more. */
  readonly tokens: readonly string[];
  /** What the transport needs: see `VoiceBackend.resumption`. */
  readonly transport: unknown;
  /** What the channel needs. */
  readonly call: unknown;
}

export interface KeepOptions {
  /** How long it is kept unless it is kept again, ms. */
  readonly ttlMs: number;
  /** That of the room's lease, looked at as in a commit. Absent: not looked at. */
  readonly fence?: number | undefined;
}

/** The sessions of the rooms in a store, for the process that goes on with them when theirs is gone. */
export interface KeptSessions {
  /**
   * Adds or replaces a session, by its id. False: nothing was stored, as another process has taken the room over with a greater fence.
   *
   * @throws RoomKitError `unknown_room`, `invalid_data`.
   */
  keep(session: KeptSession, options: KeepOptions): Promise<boolean>;
  /** The session with this token among its `tokens`, as long as it is kept. */
  find(token: string): Promise<KeptSession | undefined>;
  /** It is over. False: nothing happened, as there is none, or another process has taken its room over with a greater fence. */
  forget(sessionId: string, options: Pick<KeepOptions, "fence">): Promise<boolean>;
  /** Removes sessions that are kept no longer, at most `limit`, the longest gone first, and gives each to one caller only: nobody came back. */
  expired(limit: number): Promise<readonly KeptSession[]>;
}
