import type { CloseReason, ConnectionMessage, InboundQuality } from "@roomkit/core";
import type { PlayoutFrame } from "../playout/options.ts";

/** The socket (or peer) under a connection. A resumed connection gets a new one. None of these may throw, but `message` for what is no JSON. */
export interface ConnectionLink {
  /** Hands a frame to the client. False when the client cannot take it now; it is offered again 20 ms later. */
  audio(frame: PlayoutFrame): boolean;
  /** Calls {@link audio} several times, in `work`: what can leave as one does. Default: one by one. */
  together?(work: () => void): void;
  /** How the client's packets arrive, where audio comes in packets. */
  readonly inbound?: InboundQuality | undefined;
  /** Tells the client, in its dialect. */
  message(message: ConnectionMessage): void;
  /** An application's own message, JSON already. A client that has no place for one is not told. */
  raw(text: string): void;
  /** Silences the client: drop utterances numbered `number` or lower. */
  clear(number: number): void;
  /** Tells the client why, then ends. Resolves when the socket is gone. */
  close(reason: CloseReason): Promise<void>;
}
