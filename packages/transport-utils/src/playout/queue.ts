import {
  type AudioFrame,
  abortedError,
  type DtmfPress,
  type HeardReport,
  type PlaybackProgress,
  type PlayOptions,
  RoomKitError,
  samplesFor,
  type Unsubscribe,
  type UtteranceId,
} from "@roomkit/core";
import { Backlog } from "./backlog.ts";
import { assertFormat, fill } from "./framer.ts";
import { PlayoutGain } from "./gain.ts";
import { assertLive, LiveDelay } from "./live.ts";
import type { PlayedTapOptions, PlayoutQueueOptions } from "./options.ts";
import { type PlayedListener, PlayedTap } from "./played-tap.ts";
import { Reports } from "./reports.ts";
import { Resend } from "./resend.ts";
import { Timeline } from "./timeline.ts";
import { progressOf, type UtteranceRecord, Utterances } from "./utterances.ts";
import { Waiters } from "./waiters.ts";

const FRAME_MS = 20;

/**
 * The outbound audio of one connection: utterances in the order they were put in, cut to 20 ms, sent at the rate they are
 * played, and followed until they have been heard.
 *
 * At most `leadMs` of audio is with the client unplayed, also after a stall: so silence comes within the lead, and what has been
 * heard is known. All times are absolute; lateness never adds up.
 */
export class PlayoutQueue {
  readonly reports: Reports;
  readonly #options: PlayoutQueueOptions;
  readonly #leadMs: number;
  readonly #maxFrames: number;
  readonly #maxSamples: number;
  readonly #frameSize: number;
  readonly #rate: number;
  readonly gain: PlayoutGain = new PlayoutGain();
  readonly #utterances = new Utterances();
  readonly #backlog: Backlog;
  readonly #timeline: Timeline;
  readonly #resend: Resend | undefined;
  readonly #waiters = new Waiters();
  #progressAt = 0;
  #tap: PlayedTap | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #suspended = false;
  #closed = false;

  constructor(options: PlayoutQueueOptions) {
    const { leadMs = 200, maxFrames = 1_000, maxQueuedMs = 20_000, format } = options;
    if (!(leadMs >= 0 && leadMs <= 5_000)) throw new RoomKitError("invalid_option", "leadMs is 0 to 5,000");
    const room = maxFrames >= 1 && maxQueuedMs >= FRAME_MS;
    if (!room) throw new RoomKitError("invalid_option", "a playout queue holds at least one frame");
    this.#options = options;
    this.reports = new Reports(options);
    this.#leadMs = leadMs;
    this.#maxFrames = maxFrames;
    this.#maxSamples = samplesFor(format, maxQueuedMs);
    this.#frameSize = samplesFor(format, FRAME_MS);
    this.#rate = format.sampleRate;
    this.#backlog = new Backlog(this.#frameSize);
    this.#timeline = new Timeline(format);
    this.#resend = options.resumable ? new Resend() : undefined;
  }

  /** Audio put in and not yet sent, ms. */
  get queuedMs(): number {
    return this.#ms(this.#backlog.samples);
  }

  /** The wire numbers given, and those of utterances that may be playing. */
  get numbers(): Pick<Utterances, "numberOf" | "lastNumber" | "playing" | "startAfter"> {
    return this.#utterances;
  }

  /**
   * Adds audio, or a key that is pressed: silence, with {@link PlayoutFrame.dtmf}. Ignored for an utterance that has ended or was cleared
   * or dropped, and after {@link close}.
   *
   * @throws RoomKitError `invalid_audio` when the frame has not the queue's format, `invalid_option` for a delay that is none.
   */
  play(utterance: UtteranceId, sound: AudioFrame | DtmfPress, { live }: PlayOptions = {}): void {
    const frame = "samples" in sound ? sound : undefined;
    if (frame) assertFormat(frame, this.#options.format);
    assertLive(live);
    const record = this.#closed ? undefined : this.#utterances.open(utterance);
    if (!record || record.closed || frame?.samples.length === 0) return;
    record.started = true;
    if (frame) record.live = live && (record.live ?? new LiveDelay(this.#options.format, live.maxDelayMs));
    const now = this.#options.clock.now();
    if ("samples" in sound) this.#backlog.add(record, sound.samples, now, record.live && !this.#options.wholeFrames);
    else this.#backlog.press(record, sound);
    if (this.#suspended) this.#backlog.keepNewest(now);
    this.#pump(now);
    if (this.#bound(now)) this.#pump(now);
    this.#wake();
  }

  /** Nothing more of this utterance will come. Travels the queue behind its audio. */
  endUtterance(utterance: UtteranceId): void {
    const record = this.#closed ? undefined : this.#utterances.open(utterance);
    if (!record || record.closed) return;
    record.closed = true;
    this.#backlog.end(record);
    const now = this.#options.clock.now();
    this.#pump(now);
    this.#settle(now);
    this.#wake();
  }

  /** Resolves when at most `belowMs` is queued, or the queue was closed. @throws RoomKitError `aborted`. */
  writable(belowMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError(signal));
    if (this.#closed || this.queuedMs <= belowMs) return Promise.resolve();
    return this.#waiters.wait(belowMs, signal);
  }

  /**
   * Drops everything queued and counts nothing more as played. In the report an utterance with `done` is final. The others hold
   * the client's last count carried on to now (`reported`); its exact count follows as progress with `done`, or `clearGraceMs`
   * later this one does, as an estimate. Of a client that sends marks nothing follows: those that come now were dropped.
   *
   * `number` is the highest wire number used so far: the client drops what arrives of it or of lower ones.
   */
  clear(): { readonly report: HeardReport; readonly number: number } {
    const now = this.#options.clock.now();
    this.#advance(now);
    const utterances: PlaybackProgress[] = [];
    for (const record of [...this.#utterances]) {
      if (record.cleared) continue;
      const waits = this.reports.exact && record.sentAtMost > 0 && !this.#suspended;
      const heard = this.reports.heard(record, now);
      const mentioned = record.started || record.closed;
      record.closed = true;
      record.cleared = true;
      // From here on only the client itself changes it.
      record.estimated = heard;
      if (mentioned) {
        const said = waits || (this.reports.believed && !this.reports.exact && record.reported !== undefined);
        utterances.push(progressOf(record, heard, this.#rate, said ? "reported" : "estimated", !waits));
      }
      if (waits) record.settleBy = now + (this.#options.clearGraceMs ?? 300);
      else this.#utterances.finish(record);
    }
    this.#backlog.clear();
    this.#timeline.cut(now);
    this.#resend?.clear();
    this.#waiters.check(0);
    this.#wake();
    return { report: { utterances }, number: this.#utterances.lastNumber };
  }

  /**
   * The client's count of what it played, in samples of the outbound rate. Never taken to fall, nor to exceed what was sent.
   *
   * @param done The client will play no more of it.
   */
  report(number: number, playedSamples: number, done = false): void {
    const record = this.#utterances.byNumber(number);
    const now = this.#options.clock.now();
    if (this.#closed || !this.reports.come(record, playedSamples, now)) return;
    const samples = record.reported?.samples ?? 0;
    this.#resend?.heard(record, samples);
    record.clientDone ||= done;
    const over = record.cleared ? done : this.reports.whole(record, now) !== undefined;
    if (over) this.#finish(record, samples, "reported");
    else if (!record.cleared) this.#emit(record, samples, "reported");
  }

  /** The client plays nothing more of the utterances up to `number` that were cleared: what it said of them was its last word. */
  reportCleared(number: number): void {
    if (this.#closed || !this.reports.exact) return;
    for (const record of this.#utterances)
      if (record.cleared && record.number <= number) this.#finish(record, record.reported?.samples ?? 0, "reported");
  }

  /** Shows `listener` the audio when it is played, and silence between if asked. One at a time; `undefined` removes it. */
  tapPlayed(listener: PlayedListener | undefined, options: PlayedTapOptions = {}): void {
    const { format, clock } = this.#options;
    this.#tap = listener && new PlayedTap(format, clock.now(), options.silence ?? false, listener);
    this.#wake();
  }

  /** The client is gone for now: nothing is sent until {@link resume}. */
  suspend(): void {
    if (this.#closed || this.#suspended) return;
    this.#suspended = true;
    this.#advance(this.#options.clock.now());
    this.#sleep();
  }

  /** The client is back: what it never reported as played is sent again, then what is queued. */
  resume(): void {
    if (this.#closed || !this.#suspended) return;
    this.#suspended = false;
    const now = this.#options.clock.now();
    this.#backlog.prepend(this.#resend?.rewind() ?? []);
    this.#timeline.cut(this.#backlog.next?.live ? Number.POSITIVE_INFINITY : now);
    this.#backlog.keepNewest(now);
    // What is not sent again has been heard.
    for (const record of this.#utterances) record.estimated = record.sent;
    this.#pump(now);
    this.#wake();
  }

  /** Every utterance gets its last progress, and those who wait go on. */
  close(): void {
    if (this.#closed) return;
    const now = this.#options.clock.now();
    if (!this.#suspended) this.#advance(now);
    this.#closed = true;
    this.#sleep();
    this.#backlog.clear();
    this.#timeline.cut(now);
    this.#resend?.clear();
    for (const record of [...this.#utterances]) {
      if (record.started || record.closed) this.#finish(record, this.reports.heard(record, now), "estimated");
      else this.#utterances.finish(record);
    }
    this.#tap = undefined;
    this.#waiters.releaseAll();
  }

  #ms(samples: number): number {
    return (samples / this.#options.format.channels / this.#rate) * 1000;
  }

  /** Drops the oldest utterance, of a live one what is old, until the backlog is within its bounds; whether it dropped any. */
  #bound(now: number): boolean {
    let any = false;
    while (this.#backlog.frames.length > this.#maxFrames || this.#backlog.samples > this.#maxSamples) {
      const dropped = this.#backlog.dropOldest(now);
      if (!dropped) break;
      any = true;
      this.#options.onDrop?.(dropped.record.id, this.#ms(dropped.samples));
    }
    return any;
  }

  /** Sends what is due: as much as keeps `leadMs` with the client. */
  #pump(now: number): void {
    if (this.#suspended) return;
    const several = this.#backlog.frames.length > 1 && this.#timeline.aheadMs(now) + 2 * FRAME_MS <= this.#leadMs;
    if (several && this.#options.together) this.#options.together(() => this.#send(now));
    else this.#send(now);
  }

  #send(now: number): void {
    let sent = 0;
    for (const waiting of this.#backlog.frames) {
      const { record, samples, dtmf, end } = waiting;
      const ahead = this.#timeline.aheadMs(now);
      const leadMs = Math.min(this.#leadMs, record.live?.leadMs ?? this.#leadMs);
      if (samples.length > 0 && ahead > 0 && ahead + FRAME_MS > leadMs + 1e-6) break;
      const filled = this.gain.apply(this.#options.wholeFrames ? fill(samples, this.#frameSize) : samples);
      const frame = { utterance: record.id, number: record.number, offset: record.sent, samples: filled, dtmf, end };
      if (!this.#options.send(frame) || this.#closed) break;
      sent++;
      const count = samples.length / this.#options.format.channels;
      this.#resend?.sent(waiting, record.sent, record.sent + count);
      record.sent += count;
      record.sentAtMost = Math.max(record.sentAtMost, record.sent);
      if (end) record.endSent = true;
      if (samples.length === 0) continue;
      this.gain.taken();
      if (ahead <= 0) this.reports.begin(now);
      this.#timeline.add(record, filled, count, now);
    }
    if (sent === 0 || this.#closed) return;
    this.#backlog.sent(sent);
    this.#waiters.check(this.queuedMs);
  }

  #advance(now: number): void {
    this.#timeline.advance(now, this.#tap?.audio);
    this.#tap?.idle(now);
  }

  readonly #tick = (now: number): void => {
    this.#advance(now);
    this.#backlog.release(now);
    this.#backlog.catchUp(this.#timeline.current, this.#timeline.aheadMs(now), now);
    this.#pump(now);
    this.#settle(now);
    this.#estimate(now);
    if (this.#idle) this.#sleep();
  };

  /** Finishes the utterances that have been played: they leave the map, which an iterator allows. */
  #settle(now: number): void {
    for (const record of this.#utterances) {
      if (this.reports.overdue(record, now)) this.reports.fail();
      if (!this.reports.believed && !record.cleared) {
        if (record.endSent && record.estimated >= record.sent) this.#finish(record, record.estimated, "estimated");
        continue;
      }
      const whole = this.reports.whole(record, now);
      if (whole !== undefined) {
        this.#finish(record, whole, "reported");
        continue;
      }
      if (!record.cleared && !(record.endSent && record.estimated >= record.sent)) continue;
      // Of what was never sent no client says anything.
      const grace = record.sentAtMost === 0 ? 0 : (this.#options.reportGraceMs ?? 2_000);
      record.settleBy ??= now + grace;
      if (now < record.settleBy) continue;
      this.#finish(record, this.reports.heard(record, now), "estimated");
      // A client that does not say what it has played any more is one that never did.
      this.reports.fail();
    }
  }

  #estimate(now: number): void {
    const record = this.#timeline.current;
    if (!record || this.reports.believed || now - this.#progressAt < (this.#options.progressMs ?? 200)) return;
    this.#progressAt = now;
    this.#emit(record, this.reports.heard(record, now), "estimated");
  }

  #emit(record: UtteranceRecord, samples: number, confidence: PlaybackProgress["confidence"], done = false): void {
    this.#options.onProgress(progressOf(record, samples, this.#rate, confidence, done));
  }

  #finish(record: UtteranceRecord, samples: number, confidence: PlaybackProgress["confidence"]): void {
    this.#utterances.finish(record);
    this.#resend?.heard(record);
    this.#emit(record, samples, confidence, true);
  }

  get #idle(): boolean {
    if (!this.#backlog.empty || !this.#timeline.empty || this.#tap?.continuous) return false;
    for (const record of this.#utterances) if (record.settleBy !== undefined) return false;
    return true;
  }

  #wake(): void {
    if (this.#unsubscribe || this.#suspended || this.#closed || this.#idle) return;
    this.#unsubscribe = this.#options.wheel.subscribe(this.#tick);
  }

  #sleep(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
