import {
  type AudioFormat,
  type AudioFrame,
  type Cancel,
  type Clock,
  type CloseReason,
  type ConnectionInput,
  type ConnectionMessage,
  type DtmfPress,
  Emitter,
  frameDurationMs,
  type HeardReport,
  type Metadata,
  type PlaybackProgress,
  type Unsubscribe,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import type { CallEntry, CallHeader } from "./entries.ts";

interface Point {
  /** Since the utterance's first audio, ms. */
  readonly afterMs: number;
  readonly ms: number;
  readonly done: boolean;
}

/** How an utterance was played when the call was recorded. */
interface Curve {
  /** When it began, by the clock of the replay. */
  readonly beganAt: number;
  readonly points: Point[];
  cleared: Point | undefined;
  /** The same by the end of the call. */
  end: Point | undefined;
}

interface Playing {
  readonly utterance: UtteranceId;
  readonly curve: Curve | undefined;
  readonly beganAt: number;
  /** From when on it is played as the recorded one was. */
  readonly from: number;
  givenMs: number;
  ended: boolean;
  ms: number;
  at: number;
  next: number;
  cancel: Cancel;
}

/** How often a client tells where it is when the file does not say, and how long it takes for its last word, ms. */
const EVERY_MS = 100;
const LAST_MS = 20;
/** A cut so close to the recorded one is the same. */
const SAME_MS = 60;
/** What was said so much later than here was the same: a process that had other things to do took longer from the words to their sound. */
const BUSY_MS = 250;

/** A client that plays as the recorded one did, for as long as it is given the same; then in the time it takes. */
export class ReplayConnection implements VoiceConnection {
  readonly id = "replay";
  readonly label = "replay";
  readonly metadata: Metadata = {};
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly playback: "reported" | "estimated";
  readonly #clock: Clock;
  readonly #curves: Curve[] = [];
  readonly #playing = new Map<UtteranceId, Playing>();
  readonly #events = new Emitter<{
    audio: AudioFrame;
    playback: PlaybackProgress;
    input: ConnectionInput;
    close: CloseReason;
  }>((error) => {
    throw error;
  });
  #begun = 0;
  #closeReason: CloseReason | undefined;

  constructor(clock: Clock, header: CallHeader, entries: readonly CallEntry[]) {
    this.#clock = clock;
    this.inbound = header.inbound;
    this.outbound = header.outbound;
    this.playback = header.playback;
    const began: number[] = [];
    // What was cut off by the end was played until then: the call may have been told of that end first.
    const endedAt = entries.find(({ k }) => k === "close")?.t ?? Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      if (entry.k === "begin") {
        began[entry.u] = entry.t;
        this.#curves[entry.u] = { beganAt: clock.now() + entry.t, points: [], cleared: undefined, end: undefined };
      } else if (entry.k === "played" || entry.k === "cleared") {
        const { t, u, ms, done = false } = entry;
        const point = { afterMs: t - (began[u] ?? t), ms, done };
        const curve = this.#curves[u];
        if (entry.k === "played" && entry.t < endedAt) curve?.points.push(point);
        else if (entry.k === "played") continue;
        else if (curve && entry.t < endedAt) curve.cleared ??= point;
        else if (curve) curve.end ??= point;
      }
    }
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  get queuedMs(): number {
    const now = this.#clock.now();
    return [...this.#playing.values()].reduce((ms, one) => ms + Math.max(0, one.givenMs - (now - one.beganAt)), 0);
  }

  hear(frame: AudioFrame): void {
    this.#events.emit("audio", frame);
  }

  input(input: ConnectionInput): void {
    this.#events.emit("input", input);
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.#events.on("audio", listener);
  }

  play(utterance: UtteranceId, frame: AudioFrame): void {
    if (!this.closed && frame.samples.length > 0) this.#given(utterance).givenMs += frameDurationMs(frame);
  }

  playDtmf(utterance: UtteranceId, press: DtmfPress): void {
    if (!this.closed) this.#given(utterance).givenMs += press.toneMs + press.pauseMs;
  }

  endUtterance(utterance: UtteranceId): void {
    const one = this.#playing.get(utterance);
    if (one) one.ended = true;
  }

  async writable(belowMs: number, signal: AbortSignal): Promise<void> {
    while (!this.closed && this.queuedMs > belowMs)
      await this.#clock.sleep(Math.max(1, this.queuedMs - belowMs), signal);
  }

  clear(): HeardReport {
    const utterances = [...this.#playing.values()].map((one) => this.#cut(one));
    this.#playing.clear();
    return { utterances };
  }

  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    return this.#events.on("playback", listener);
  }

  /** What goes out has no sound. */
  onPlayed(): Unsubscribe {
    return () => {};
  }

  send(_message: ConnectionMessage): void {}

  onInput(listener: (input: ConnectionInput) => void): Unsubscribe {
    return this.#events.on("input", listener);
  }

  onClose(listener: (reason: CloseReason) => void): Unsubscribe {
    if (!this.#closeReason) return this.#events.on("close", listener);
    listener(this.#closeReason);
    return () => {};
  }

  async close(reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    // Who is told of it may still want to know how far the listener was.
    this.#events.emit("close", reason);
    for (const { cancel } of this.#playing.values()) cancel();
    this.#playing.clear();
  }

  #given(utterance: UtteranceId): Playing {
    const known = this.#playing.get(utterance);
    if (known) return known;
    const now = this.#clock.now();
    const curve = this.#curves[this.#begun++];
    const lateMs = (curve?.beganAt ?? now) - now;
    const from = lateMs > 0 && lateMs <= BUSY_MS ? now + lateMs : now;
    const one: Playing = {
      utterance,
      curve,
      beganAt: now,
      from,
      givenMs: 0,
      ended: false,
      ms: 0,
      at: from,
      next: 0,
      cancel: () => {},
    };
    this.#playing.set(utterance, one);
    this.#arm(one);
    return one;
  }

  #arm(one: Playing): void {
    const point = one.curve?.points[one.next];
    if (!point && fellSilent(one)) return;
    const wait = point ? one.from + point.afterMs - this.#clock.now() : EVERY_MS;
    one.cancel = this.#clock.setTimeout(() => this.#report(one, point), Math.max(0, wait));
  }

  #report(one: Playing, point: Point | undefined): void {
    const now = this.#clock.now();
    one.next++;
    // Where the recorded one was cut off, and this one is not, it plays on.
    const cutThere =
      point !== undefined && one.curve?.cleared !== undefined && point.afterMs >= one.curve.cleared.afterMs;
    if (point && !cutThere) one.ms = point.ms;
    else one.ms = this.#position(one, now);
    one.at = now;
    const done = one.ended && (point?.done && !cutThere ? true : one.ms >= one.givenMs);
    if (done) this.#playing.delete(one.utterance);
    this.#tell(one, done);
    if (!done) this.#arm(one);
  }

  /** Where it is by its last report, in the time since. */
  #position(one: Playing, now: number): number {
    return fellSilent(one) ? one.ms : Math.min(one.givenMs, one.ms + Math.max(0, now - one.at));
  }

  #cut(one: Playing): PlaybackProgress {
    one.cancel();
    const now = this.#clock.now();
    const recorded = one.curve?.cleared ?? one.curve?.end;
    const same = recorded !== undefined && Math.abs(one.from + recorded.afterMs - now) <= SAME_MS;
    const playedMs = same ? recorded.ms : this.#position(one, now);
    const { utterance } = one;
    const { playback: confidence } = this;
    const done = same ? recorded.done : confidence === "estimated";
    const last = same ? one.curve?.points.find((point) => point.done && point.afterMs >= recorded.afterMs) : undefined;
    if (!done && (last || !(same || fellSilent(one)))) {
      const afterMs = last && recorded ? last.afterMs - recorded.afterMs : LAST_MS;
      one.ms = last?.ms ?? this.#position(one, now);
      this.#clock.setTimeout(() => this.#tell(one, true), afterMs);
    }
    return { utterance, playedMs, confidence, done };
  }

  #tell({ utterance, ms: playedMs }: Playing, done: boolean): void {
    if (!this.closed) this.#events.emit("playback", { utterance, playedMs, confidence: this.playback, done });
  }
}

/** The recorded client never said that it had played all of it, nor was it cut off: it was gone. */
function fellSilent({ curve }: Playing): boolean {
  return curve !== undefined && curve.cleared === undefined && !curve.points.some(({ done }) => done);
}
