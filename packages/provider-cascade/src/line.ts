import {
  type AudioFormat,
  type AudioFrame,
  type Cancel,
  type Clock,
  type CloseReason,
  type ConnectionInput,
  type ConnectionMessage,
  Emitter,
  frameDurationMs,
  type HeardReport,
  keepNewest,
  type Metadata,
  type PlaybackProgress,
  type Unsubscribe,
  type UtteranceId,
  type VoiceConnection,
  withTimeout,
} from "@roomkit/core";

export interface LineOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly onAudio: (utterance: UtteranceId, frame: AudioFrame) => void;
  /** All audio of an utterance has been given. */
  readonly onUtteranceEnd: (utterance: UtteranceId) => void;
  /** The listener is to be silenced. Whoever plays the audio may say now what it has played. */
  readonly onClear: () => void;
  readonly onMessage: (message: ConnectionMessage) => void;
}

/** What was given of an utterance, and where it lies on the clock when it is played as it comes. */
interface Playing {
  sentMs: number;
  /** When its first audio is heard, ms on the clock; later when audio came too late. */
  startsAt: number;
  ended: boolean;
  /** As whoever plays it says; undefined while nobody does. */
  reportedMs: number | undefined;
  /** Silenced; its last report may still come. */
  cleared: boolean;
}

interface Events {
  readonly audio: AudioFrame;
  readonly playback: PlaybackProgress;
  readonly close: CloseReason;
}

/** Silenced utterances whose report may still come, at most. */
const MOST_CLEARED = 8;

/** How often progress is told while nobody reports any, ms. */
const ESTIMATE_EVERY_MS = 100;

/**
 * The far end of a call whose caller is on the other side of a realtime session. What is played becomes events of the session,
 * as fast as it comes; what has been heard of it the session is told, and until then it is estimated as played in real time.
 */
export class Line implements VoiceConnection {
  readonly id: string;
  readonly label = "";
  readonly metadata: Metadata = {};
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #options: LineOptions;
  readonly #playing = new Map<UtteranceId, Playing>();
  readonly #events = new Emitter<Events>();
  readonly #room = new Set<() => void>();
  #reports = false;
  /** When everything given so far has been played, ms on the clock. */
  #playedAt = 0;
  #stopEstimate: Cancel | undefined;
  #reason: CloseReason | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    this.id = options.id;
    this.inbound = options.inbound;
    this.outbound = options.outbound;
  }

  /** How much of an interrupted item was heard is always told; only when nobody does counts what the clock says. */
  readonly playback = "reported";

  get closed(): boolean {
    return this.#reason !== undefined;
  }

  get queuedMs(): number {
    let ms = 0;
    for (const item of this.#playing.values()) if (!item.cleared) ms += item.sentMs - this.#playedMs(item);
    return ms;
  }

  /** The caller's audio. */
  hear(frame: AudioFrame): void {
    if (!this.closed) this.#events.emit("audio", frame);
  }

  /** Whoever plays the audio says how far it is. */
  report(utterance: UtteranceId, playedMs: number, done: boolean): void {
    const item = this.#playing.get(utterance);
    if (!item) return;
    this.#reports = true;
    item.reportedMs = Math.min(item.sentMs, Math.max(0, playedMs));
    this.#tell(utterance, item, done);
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.#events.on("audio", listener);
  }

  play(utterance: UtteranceId, frame: AudioFrame): void {
    if (this.closed || frame.samples.length === 0) return;
    const now = this.#options.clock.now();
    const item = this.#playing.get(utterance) ?? {
      sentMs: 0,
      startsAt: now,
      ended: false,
      reportedMs: undefined,
      cleared: false,
    };
    // What came too late is heard later by so much.
    if (item.sentMs === 0) item.startsAt = Math.max(now, this.#playedAt);
    else item.startsAt += Math.max(0, now - this.#playedAt);
    const ms = frameDurationMs(frame);
    item.sentMs += ms;
    this.#playedAt = Math.max(now, this.#playedAt) + ms;
    this.#playing.set(utterance, item);
    this.#options.onAudio(utterance, frame);
    this.#estimate();
  }

  endUtterance(utterance: UtteranceId): void {
    const item = this.#playing.get(utterance);
    if (!item || item.ended) return;
    item.ended = true;
    this.#options.onUtteranceEnd(utterance);
    this.#estimate();
  }

  async writable(belowMs: number, signal: AbortSignal): Promise<void> {
    while (!this.closed && this.queuedMs > belowMs) {
      let wake = (): void => {};
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
        this.#room.add(resolve);
      });
      try {
        await withTimeout(changed, this.queuedMs + ESTIMATE_EVERY_MS, { clock: this.#options.clock, signal }).catch(
          (error: unknown) => {
            if (signal.aborted) throw error;
          },
        );
      } finally {
        this.#room.delete(wake);
      }
    }
  }

  clear(): HeardReport {
    if (this.closed) return { utterances: [] };
    this.#options.onClear();
    const utterances = [...this.#playing]
      .filter(([, item]) => !item.cleared)
      .map(([utterance, item]) => this.#progress(utterance, item, false));
    // Those for which a report follows stay known until it is there, or others have taken their place.
    for (const item of this.#playing.values()) item.cleared = true;
    keepNewest(this.#playing, MOST_CLEARED);
    this.#playedAt = 0;
    this.#stop();
    return { utterances };
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    return this.#events.on("playback", listener);
  }

  /** What leaves the listener's speaker is not known here. */
  onPlayed(): Unsubscribe {
    return () => {};
  }

  send(message: ConnectionMessage): void {
    if (!this.closed) this.#options.onMessage(message);
  }

  /** Everything but audio comes as calls of the session. */
  onInput(_listener: (input: ConnectionInput) => void): Unsubscribe {
    return () => {};
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    if (this.#reason) {
      listener(this.#reason);
      return () => {};
    }
    return this.#events.on("close", listener);
  }

  async close(reason: CloseReason = { code: "server_closed", message: "the session is over" }): Promise<void> {
    if (this.#reason) return;
    this.#reason = reason;
    this.#stop();
    this.#playing.clear();
    this.#events.emit("close", reason);
    this.#events.clear();
    for (const wake of this.#room) wake();
  }

  #playedMs(item: Playing): number {
    if (item.reportedMs !== undefined) return item.reportedMs;
    if (this.#reports) return 0;
    return Math.min(item.sentMs, Math.max(0, this.#options.clock.now() - item.startsAt));
  }

  #progress(utterance: UtteranceId, item: Playing, done: boolean): PlaybackProgress {
    return { utterance, playedMs: this.#playedMs(item), confidence: "reported", done };
  }

  #tell(utterance: UtteranceId, item: Playing, done: boolean): void {
    if (done) this.#playing.delete(utterance);
    this.#events.emit("playback", this.#progress(utterance, item, done));
    for (const wake of this.#room) wake();
  }

  /** Tells progress now and then while nobody reports any, and the end of what has ended. */
  #estimate(): void {
    if (this.#reports || this.#stopEstimate || this.#playing.size === 0) return;
    this.#stopEstimate = this.#options.clock.setTimeout(() => {
      this.#stopEstimate = undefined;
      if (this.#reports) return;
      for (const [utterance, item] of [...this.#playing]) {
        this.#tell(utterance, item, item.ended && this.#playedMs(item) >= item.sentMs);
      }
      this.#estimate();
    }, ESTIMATE_EVERY_MS);
  }

  #stop(): void {
    this.#stopEstimate?.();
    this.#stopEstimate = undefined;
  }
}
