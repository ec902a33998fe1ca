import {
  type AudioFrame,
  type Clock,
  frameDurationMs,
  HeardLedger,
  type HeardRecord,
  type HeardSplit,
  type PlaybackProgress,
  type RateConverter,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";

/** What became of one item of the provider's speech. */
export interface PlayedItem extends HeardSplit {
  readonly itemId: string;
  readonly utterance: UtteranceId;
  readonly record: HeardRecord;
  /** The caller or the application broke in. (The record says interrupted of speech that the end of the call cut off, too.) */
  readonly brokenIn: boolean;
}

export interface OutboundOptions {
  readonly connection: VoiceConnection;
  readonly clock: Clock;
  readonly newId: () => UtteranceId;
  /** From the provider's rate to the listener's; absent when they are equal. */
  readonly resampler: RateConverter | undefined;
  /** Speech kept for the listener at most, in ms: a provider cannot be held back, it generates faster than anybody listens. */
  readonly maxBufferedMs: number;
  readonly onAudible: (utterance: UtteranceId) => void;
  /** An item has been played to its end or was cut off; called once for each item that was audible or has text. */
  readonly onPlayed: (item: PlayedItem) => void;
  /** More speech than fits came: the newest was dropped. */
  readonly onOverflow: () => void;
}

interface Item {
  readonly id: string;
  readonly utterance: UtteranceId;
  readonly ledger: HeardLedger;
  /** The provider has sent all of it. */
  complete: boolean;
  /** All of its audio has been played. */
  played: boolean;
  /** All of its text is known. */
  textFinal: boolean;
  handedOver: boolean;
  audible: boolean;
  progress: PlaybackProgress | undefined;
  silenced: boolean;
  /** Silenced because somebody broke in, not because the call is over. */
  brokenIn: boolean;
  settled: boolean;
  stopTimer: () => void;
}

type Step = { readonly item: Item; readonly frame: AudioFrame } | { readonly item: Item; readonly end: true };

/** Speech queued at the connection at most: little, so that the rest can still be dropped here. */
const QUEUE_AHEAD_MS = 1_000;
/** How long a silenced client may take for its exact count. */
const CLEAR_REPORT_MS = 500;
/** How long after the last audio the client may take to say it was played. */
const PLAYED_GRACE_MS = 3_000;
/** How long the text of speech that has been heard is waited for. */
const TEXT_GRACE_MS = 1_500;
const EMPTY = new Int16Array(0);

/** The provider's speech on its way to the listener: paced, cut off at once, and remembered as heard. */
export class OutboundAudio {
  readonly #options: OutboundOptions;
  readonly #items = new Map<string, Item>();
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  #steps: Step[] = [];
  #bufferedMs = 0;
  #pumping = false;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#stop = options.connection.onPlayback((progress) => this.#onPlayback(progress));
  }

  /** Whether the listener hears anything, or is about to. */
  get playing(): boolean {
    return [...this.#items.values()].some(
      (item) => !item.settled && !item.silenced && (item.audible || item.ledger.audioMs > 0),
    );
  }

  /** Speech of an item, in the provider's format. */
  play(itemId: string, frame: AudioFrame): void {
    const item = this.#item(itemId);
    if (item.silenced || item.settled) return;
    const ms = frameDurationMs(frame);
    if (this.#bufferedMs + ms > this.#options.maxBufferedMs) {
      this.#options.onOverflow();
      return;
    }
    item.ledger.addAudio(ms);
    this.#bufferedMs += ms;
    this.#steps.push({ item, frame });
    void this.#pump();
  }

  /** The text of an item so far: what the ledger splits. */
  text(itemId: string, text: string, final: boolean): void {
    const item = this.#item(itemId);
    if (item.settled || item.silenced) return;
    item.ledger.setText(text);
    item.textFinal ||= final;
    if (item.played && item.textFinal) this.#settle(item);
  }

  /** The provider has sent all of its items. Travels behind their audio. */
  complete(): void {
    for (const item of this.#items.values()) {
      if (item.complete || item.silenced) continue;
      item.complete = true;
      item.ledger.finish();
      this.#steps.push({ item, end: true });
    }
    void this.#pump();
  }

  /** Silences the listener now. Gives the items that had been audible, for the provider's truncation, once their count is known. */
  silence(): void {
    this.#cut(true);
  }

  close(): void {
    this.#cut(false);
    for (const item of [...this.#items.values()]) this.#settle(item);
    this.#abort.abort();
    this.#stop();
  }

  #cut(brokenIn: boolean): void {
    const { connection, resampler } = this.#options;
    const report = connection.clear();
    this.#steps = [];
    this.#bufferedMs = 0;
    resampler?.reset();
    for (const item of [...this.#items.values()]) {
      if (item.settled || item.silenced) continue;
      item.silenced = true;
      item.brokenIn = brokenIn;
      const heard = report.utterances.find((progress) => progress.utterance === item.utterance);
      if (heard) item.progress = heard;
      const exact = !item.audible || item.progress?.done === true || item.progress?.confidence === "estimated";
      if (exact) this.#settle(item);
      else this.#settleWithin(item, CLEAR_REPORT_MS);
    }
  }

  #item(id: string): Item {
    let item = this.#items.get(id);
    if (!item) {
      item = {
        id,
        utterance: this.#options.newId(),
        ledger: new HeardLedger(),
        complete: false,
        played: false,
        textFinal: false,
        handedOver: false,
        audible: false,
        progress: undefined,
        silenced: false,
        brokenIn: false,
        settled: false,
        stopTimer: () => {},
      };
      this.#items.set(id, item);
      // Finished items are kept a little for late text; not for ever.
      if (this.#items.size > 32)
        for (const old of this.#items.values()) if (old.settled && this.#items.size > 16) this.#items.delete(old.id);
    }
    return item;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    const { connection } = this.#options;
    try {
      while (this.#steps.length > 0 && !connection.closed) {
        if (connection.queuedMs > QUEUE_AHEAD_MS) await connection.writable(QUEUE_AHEAD_MS, this.#abort.signal);
        const step = this.#steps.shift();
        if (!step) break;
        if ("frame" in step) this.#hand(step.item, step.frame);
        else this.#finish(step.item);
      }
    } catch {
      // Aborted: the session is over.
    } finally {
      this.#pumping = false;
    }
  }

  #hand(item: Item, frame: AudioFrame): void {
    const { connection, resampler, onAudible } = this.#options;
    this.#bufferedMs -= frameDurationMs(frame);
    const samples = resampler ? resampler.process(frame.samples) : frame.samples;
    const { sampleRate } = connection.outbound;
    if (samples.length > 0)
      connection.play(item.utterance, { samples, sampleRate, channels: 1, timestamp: frame.timestamp });
    if (item.audible) return;
    item.audible = true;
    onAudible(item.utterance);
  }

  #finish(item: Item): void {
    const { connection, resampler } = this.#options;
    const tail = resampler?.flush() ?? EMPTY;
    const { sampleRate } = connection.outbound;
    if (item.audible && tail.length > 0)
      connection.play(item.utterance, { samples: tail, sampleRate, channels: 1, timestamp: 0 });
    item.handedOver = true;
    if (!item.audible) {
      this.#settle(item);
      return;
    }
    connection.endUtterance(item.utterance);
    this.#settleWithin(item, connection.queuedMs + PLAYED_GRACE_MS);
  }

  #onPlayback(progress: PlaybackProgress): void {
    for (const item of this.#items.values()) {
      if (item.utterance !== progress.utterance || item.settled) continue;
      item.progress = progress;
      if (progress.done) this.#onDone(item);
      return;
    }
  }

  #onDone(item: Item): void {
    item.played = true;
    // Its last words may be told after they were heard.
    if (item.silenced || item.textFinal) this.#settle(item);
    else this.#settleWithin(item, TEXT_GRACE_MS);
  }

  #settleWithin(item: Item, ms: number): void {
    item.stopTimer();
    item.stopTimer = this.#options.clock.setTimeout(() => this.#settle(item), ms);
  }

  #settle(item: Item): void {
    if (item.settled) return;
    item.settled = true;
    item.stopTimer();
    const playedMs = item.progress?.playedMs ?? 0;
    const cut = item.silenced || !item.handedOver;
    const split = cut
      ? item.audible
        ? item.ledger.heardAt(playedMs)
        : { heard: "", unheard: item.ledger.text }
      : item.ledger.all();
    if (!item.audible && item.ledger.text === "") return;
    const confidence = item.progress?.confidence ?? this.#options.connection.playback;
    const record: HeardRecord = {
      interrupted: item.silenced,
      unheard: split.unheard,
      playedMs: Math.round(playedMs),
      confidence,
    };
    const { id: itemId, utterance, brokenIn } = item;
    this.#options.onPlayed({ ...split, itemId, utterance, record, brokenIn });
  }
}
