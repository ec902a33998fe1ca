import type { VoiceConnection, VoiceSession } from "@roomkit/core";
import type { CallStatus } from "./caller-line.ts";

/** A call as its channel's bookkeeping sees it. */
export interface ChannelCall {
  readonly session: VoiceSession;
  /** Nobody speaks, nothing is being answered, and nothing waits to be. */
  readonly pausing: boolean;
  /** How it stands just now. */
  status?(): CallStatus;
  /** What another process needs to go on with it: data. Absent: it begins anew there. @param last nothing changes any more */
  record?(last: boolean): unknown;
  /** Ends it for both sides at once; resolves when what was said last is in the room. Idempotent. */
  close(reason: string): void | Promise<void>;
}

/** A call that is begun. */
export interface CallStart {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** Aborts when either goes meanwhile; what is begun is then undone. */
  readonly signal: AbortSignal;
  /** What another process, which had the call before, kept of it. */
  readonly kept: { readonly call: unknown } | undefined;
  /** To be called when {@link ChannelCall.record} is another; `now`: by more than what has been heard. */
  readonly onChange: ((now: boolean) => void) | undefined;
}
