/** The caller's audio as it arrives by packets, counted since their client connected, or came back. */
export interface InboundQuality {
  /** Packets that came in time. */
  readonly received: number;
  /** Packets that never came, or too late. */
  readonly lost: number;
  /** Of these, those that came too late. */
  readonly late: number;
  /** How unevenly packets arrive, smoothed (RFC 3550, 6.4.1), ms. */
  readonly jitterMs: number;
  /** Audio that was made up in place of what was lost, ms. */
  readonly concealedMs: number;
}

/** How well a connection carries audio. What is absent is not measured there. */
export interface ConnectionQuality {
  readonly inbound?: InboundQuality | undefined;
  /** How often the client's playback ran dry, as the client says. */
  readonly underruns?: number | undefined;
  /** Audio for the client that was dropped because too much of it waited, ms. */
  readonly droppedMs?: number | undefined;
  /** Audio for the client that waits to be sent, ms. */
  readonly queuedMs?: number | undefined;
}
