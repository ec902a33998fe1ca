import type {
  AudioFormat,
  AudioFrame,
  RealtimeEvent,
  RealtimeSessionConfig,
  RoomKitError,
  SendTextOptions,
} from "@roomkit/core";

/** What a vendor's protocol may ask of whoever runs it. */
export interface RealtimePort {
  /** Sends a JSON message on the connection there is; without one it goes nowhere. */
  send(message: unknown): void;
  emit(event: RealtimeEvent): void;
  /** The handshake of this connection is done. `contextKept`: the vendor knows what was said before it. */
  ready(contextKept: boolean): void;
  /** This connection is of no use any more. What may be tried again is, on a new one; anything else ends the session. */
  fail(error: RoomKitError): void;
  /** A new connection is wanted: as soon as nothing is under way, in `withinMs` at the latest. */
  rotate(withinMs: number): void;
  /** Calls back once, unless the returned function is called first. */
  after(ms: number, handler: () => void): () => void;
  /** A line for the log: no transcript, no key. */
  note(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/**
 * A vendor's realtime protocol without I/O: messages and commands go in; messages and events come out through the port. It
 * lives as long as the session, over any number of connections.
 */
export interface RealtimeProtocol {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  /** The vendor owes something: its silence means that it is stuck. */
  readonly waiting: boolean;
  /** Nothing is under way that a change of connections would cut off. */
  readonly idle: boolean;
  /** A connection has been opened: begin the handshake. */
  begin(): void;
  /** A message of the vendor, parsed. What it throws counts as `provider_protocol`. */
  receive(message: unknown): void;
  /** The connection has ended: end (with events) what was under way, and remember what the next one must know. */
  lost(): void;
  /** Whether a connection refused for good may be tried once more, because something was changed. */
  otherwise?(error: RoomKitError): boolean;
  sendAudio(frame: AudioFrame): void;
  sendText(text: string, options: SendTextOptions): void;
  activityStart(): void;
  activityEnd(): void;
  interrupt(): void;
  truncate(itemId: string, playedMs: number): void;
  submitToolResult(callId: string, result: string, options: { readonly isError?: boolean | undefined }): void;
  /** Also called without a connection: the next one begins with it. */
  update(config: Partial<RealtimeSessionConfig>): Promise<void>;
}
