import {
  type AudioFrame,
  type Clock,
  frameDurationMs,
  type HeardRecord,
  type HeardSplit,
  type PlaybackProgress,
  type RateConverter,
  type RealtimeEvent,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import { type ResponseStatus, Responses } from "./responses.ts";
import { SpokenItem } from "./spoken-item.ts";

/** What became of one item of the provider's speech. */
export interface PlayedItem<P> extends HeardSplit {
  readonly itemId: string;
  readonly utterance: UtteranceId;
  readonly record: HeardRecord;
  /** Why it was silenced; empty when it was not. (The record says interrupted of speech that the end of the call cut off, too.) */
  readonly silencedBecause: string;
  /** The listener had some of its audio. */
  readonly audible: boolean;
  /** What `reserve` gave when its playback was over; undefined where there is nothing that could be told of it. */
  readonly place: P | undefined;
}

export interface OutboundOptions<P> {
  readonly connection: VoiceConnection;
  readonly clock: Clock;
  readonly newId: () => UtteranceId;
  /** From the provider's rate to the listener's; absent when they are equal. */
  readonly resampler: RateConverter | undefined;
  /** Speech kept for the listener at most, in ms: a provider cannot be held back, it generates faster than anybody listens. */
  readonly maxBufferedMs: number;
  /** Speech came that the listener will hear. */
  readonly onSound: () => void;
  readonly onAudible: (utterance: UtteranceId) => void;
  /** How far the listener is in an item, a few times a second and once with `done`. */
  readonly onProgress: (itemId: string, playedMs: number, done: boolean) => void;
  /** An item's playback is over: it takes its place in the conversation, although its words may be told later. */
  readonly reserve: () => P;
  /** How much of an item was played is known: exactly, or as well as it will ever be. Called once for each item that was played or cut off. */
  readonly onStopped: (
    item: Pick<PlayedItem<P>, "itemId" | "utterance" | "silencedBecause" | "audible"> & { readonly playedMs: number },
  ) => void;
  /** Its words are known, too, or have been waited for long enough; called once for each item that was audible or has text. */
  readonly onPlayed: (item: PlayedItem<P>) => void;
  /** More speech than fits came: the newest was dropped. */
  readonly onOverflow: () => void;
}

type Step =
  | { readonly item: SpokenItem; readonly frame: AudioFrame }
  | { readonly item: SpokenItem; readonly end: true };
type Transcript = Extract<RealtimeEvent, { type: "transcript" }>;

/** Speech queued at the connection at most: little, so that the rest can still be dropped here. */
const QUEUE_AHEAD_MS = 1_000;
/** How long a silenced client may take for its exact count. */
const CLEAR_REPORT_MS = 500;
/** How long after the last audio the client may take to say it was played. */
const PLAYED_GRACE_MS = 3_000;
/** How long the words of speech that was heard are waited for: the first of them, and each further piece. */
const FIRST_WORDS_MS = 5_000;
const MORE_WORDS_MS = 2_500;
/** How long the end of a response that was cut off is waited for when its words are known: more of its audio may come. */
const END_MS = 500;
/** Items remembered, for what comes late of them. */
const MAX_ITEMS = 64;
const EMPTY = new Int16Array(0);

/**
 * The provider's speech on its way to the listener: paced, cut off at once, and remembered as heard.
 *
 * Events come in any order. What each means for an item:
 *
 * | event                   | before its playback is over        | after it was played     | after it was cut off              |
 * | ----------------------- | ---------------------------------- | ----------------------- | --------------------------------- |
 * | audio                   | is played, behind what is there    | withheld, but counted   | withheld, but counted             |
 * | words, their final      | are shown, and remembered          | complete the entry      | are split at what was heard       |
 * | speech-start, interrupt | cuts it off at what was heard      | nothing                 | nothing                           |
 * | response-end completed  | its end follows its audio          | nothing                 | all of its audio is known         |
 * | ... cancelled, failed   | same; words alone are not said     | nothing                 | no more of its audio comes        |
 * | audio of another item   | its end follows its audio          | nothing                 | nothing                           |
 * | playback done           | it takes its place                 | nothing                 | how much was heard is exact       |
 * | close                   | cut off, told with the words there | told with those there   | told with those there             |
 *
 * All of them count once; an item or response first mentioned by any of them begins with it; one of a response that was cut off
 * before is heard by nobody.
 */
export class OutboundAudio<P> {
  readonly responses: Responses = new Responses();
  readonly #options: OutboundOptions<P>;
  readonly #items = new Map<string, SpokenItem>();
  readonly #places = new WeakMap<SpokenItem, P>();
  readonly #timers = new Map<SpokenItem, () => void>();
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  #steps: Step[] = [];
  #bufferedMs = 0;
  #pumping = false;
  #audible = 0;
  /** The provider has told no words of speech that was heard: there may be none to wait for. */
  #wordless = false;
  /** Why the newest silence was. */
  #reason = "";

  constructor(options: OutboundOptions<P>) {
    this.#options = options;
    this.#stop = options.connection.onPlayback((progress) => this.#onPlayback(progress));
  }

  /** Whether the listener hears anything, or is about to. */
  get playing(): boolean {
    return [...this.#items.values()].some((item) => item.live && item.sounding);
  }

  /** Speech of an item, in the provider's format; `mute`: the listener is not to hear it. */
  play({ itemId, responseId, frame }: Extract<RealtimeEvent, { type: "audio" }>, mute: boolean): void {
    const item = this.#item(itemId, responseId);
    const ms = frameDurationMs(frame);
    if (item.settled || ms === 0) return;
    item.ledger.addAudio(ms);
    const full = this.#bufferedMs + ms > this.#options.maxBufferedMs;
    if (!item.live || item.handedOver || mute || full) {
      item.withheld = true;
      if (item.live && !mute && full) this.#options.onOverflow();
      return;
    }
    // One voice speaks: what it spoke before has ended, should nobody say so.
    for (const other of this.#items.values()) if (other !== item && other.sounding) this.#finish(other);
    item.sounding = true;
    this.#options.onSound();
    this.#bufferedMs += ms;
    const ended = item.ending;
    if (ended) this.#steps = this.#steps.filter((step) => step.item !== item || "frame" in step);
    this.#steps.push({ item, frame });
    if (ended) this.#steps.push({ item, end: true });
    void this.#pump();
  }

  /** Words of an item. Gives its utterance when they are to be shown while it is spoken. */
  text({ id, itemId = id, responseId, text, final, audioMs }: Transcript): UtteranceId | undefined {
    const item = this.#item(itemId, responseId);
    if (!item.hear(text, final, audioMs)) return undefined;
    if (text.trim() !== "") this.#wordless = false;
    if (item.over) this.#awaitWords(item);
    else if (item.response.ended !== undefined) this.#ended(item);
    return item.cut || item.settled ? undefined : item.utterance;
  }

  /** The provider has made all of a response. */
  end(responseId: string, status: ResponseStatus): void {
    const response = this.responses.end(responseId, status);
    if (!response) return;
    for (const item of [...this.#items.values()]) {
      if (item.response !== response || item.settled) continue;
      if (item.over) this.#awaitWords(item);
      else this.#ended(item);
    }
  }

  /** Silences the listener now, for good as far as what has begun is concerned. */
  silence(reason: string): void {
    this.#reason = reason;
    this.#cut(reason);
  }

  close(): void {
    this.#cut("");
    for (const item of [...this.#items.values()]) this.#settle(item);
    this.#abort.abort();
    this.#stop();
  }

  /** @param reason empty: the call is over */
  #cut(reason: string): void {
    const { connection, resampler } = this.#options;
    this.responses.cut();
    const report = reason === "" || this.playing ? connection.clear() : undefined;
    this.#steps = [];
    this.#bufferedMs = 0;
    resampler?.reset();
    const live = [...this.#items.values()].filter((item) => item.live);
    // Those that were heard first come first.
    for (const item of live.sort((a, b) => a.audible - b.audible)) {
      item.cut = true;
      item.silencedBecause = reason;
      item.progress = report?.utterances.find(({ utterance }) => utterance === item.utterance) ?? item.progress;
      const { progress } = item;
      this.#over(item, item.audible === 0 || progress?.done === true || progress?.confidence === "estimated");
    }
  }

  #item(id: string, responseId: string | undefined): SpokenItem {
    let item = this.#items.get(id);
    if (!item) {
      const response = this.responses.of(id, responseId);
      item = new SpokenItem(id, response, this.#options.newId());
      this.#items.set(id, item);
      if (this.#items.size > MAX_ITEMS) this.#forgetOldest();
      if (response.cut) {
        item.cut = true;
        item.silencedBecause = this.#reason;
        this.#over(item, true);
      }
    }
    return item;
  }

  #forgetOldest(): void {
    for (const [id, item] of this.#items) {
      if (!item.settled && item.sounding) continue;
      this.#settle(item);
      this.#items.delete(id);
      return;
    }
  }

  /** The response of an item that is still to be played has ended. */
  #ended(item: SpokenItem): void {
    // Words alone, of a response that broke off: nobody has heard them, and nobody will.
    if (!item.sounding && (item.withheld || item.response.ended !== "completed")) this.#over(item, true);
    else this.#finish(item);
  }

  /** All of its audio is here: its end travels behind it. */
  #finish(item: SpokenItem): void {
    if (!item.live || item.ending) return;
    item.ending = true;
    this.#steps.push({ item, end: true });
    void this.#pump();
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
        else this.#handEnd(step.item);
      }
    } catch {
      // Aborted: the session is over.
    } finally {
      this.#pumping = false;
    }
  }

  #hand(item: SpokenItem, frame: AudioFrame): void {
    const { connection, resampler, onAudible } = this.#options;
    this.#bufferedMs -= frameDurationMs(frame);
    const samples = resampler ? resampler.process(frame.samples) : frame.samples;
    const { sampleRate } = connection.outbound;
    if (samples.length > 0)
      connection.play(item.utterance, { samples, sampleRate, channels: 1, timestamp: frame.timestamp });
    if (item.audible > 0) return;
    item.audible = ++this.#audible;
    onAudible(item.utterance);
  }

  #handEnd(item: SpokenItem): void {
    const { connection, resampler } = this.#options;
    const tail = resampler?.flush() ?? EMPTY;
    const { sampleRate } = connection.outbound;
    if (item.audible > 0 && tail.length > 0)
      connection.play(item.utterance, { samples: tail, sampleRate, channels: 1, timestamp: 0 });
    item.handedOver = true;
    if (item.audible === 0) {
      this.#over(item, true);
      return;
    }
    connection.endUtterance(item.utterance);
    this.#after(item, connection.queuedMs + PLAYED_GRACE_MS, () => this.#over(item, true));
  }

  #onPlayback(progress: PlaybackProgress): void {
    for (const item of this.#items.values()) {
      if (item.utterance !== progress.utterance || item.counted) continue;
      item.progress = progress;
      this.#options.onProgress(item.id, progress.playedMs, progress.done);
      if (progress.done) this.#over(item, true);
      return;
    }
  }

  /** Nothing more of it is played; `counted`: and how much was, is known. */
  #over(item: SpokenItem, counted: boolean): void {
    if (item.settled || item.counted) return;
    // What nobody heard has no place.
    if (!item.over && (item.audible > 0 || !item.cut)) this.#places.set(item, this.#options.reserve());
    item.over = true;
    if (!counted) {
      this.#after(item, CLEAR_REPORT_MS, () => this.#over(item, true));
      return;
    }
    item.counted = true;
    const { id: itemId, utterance, silencedBecause, playedMs } = item;
    const audible = item.audible > 0;
    this.#options.onStopped({ itemId, utterance, silencedBecause, playedMs: Math.round(playedMs), audible });
    this.#awaitWords(item);
  }

  /** Settles what is over as soon as everything is known about it, or will not be any more. */
  #awaitWords(item: SpokenItem): void {
    if (!item.counted || item.settled) return;
    const { response, ledger } = item;
    const heard = item.audible === 0 ? !item.cut && response.ended === "completed" : item.playedMs > 0 || !item.cut;
    const ended = !item.cut || response.ended !== undefined;
    if (!heard || (item.textFinal && ended)) this.#settle(item);
    else if (item.textFinal) this.#after(item, END_MS, () => this.#settle(item));
    else if (ledger.text !== "") this.#after(item, MORE_WORDS_MS, () => this.#settle(item));
    else if (this.#wordless) this.#settle(item);
    else
      this.#after(item, FIRST_WORDS_MS, () => {
        this.#wordless = true;
        this.#settle(item);
      });
  }

  #after(item: SpokenItem, ms: number, then: () => void): void {
    this.#timers.get(item)?.();
    this.#timers.set(item, this.#options.clock.setTimeout(then, ms));
  }

  #settle(item: SpokenItem): void {
    if (item.settled) return;
    item.settled = true;
    this.#timers.get(item)?.();
    this.#timers.delete(item);
    const place = this.#places.get(item);
    const { id: itemId, utterance, silencedBecause, ledger, progress } = item;
    const audible = item.audible > 0;
    if (!audible && ledger.text === "" && place === undefined) return;
    const split = item.split();
    const record: HeardRecord = {
      interrupted: item.cut,
      unheard: split.unheard,
      playedMs: Math.round(item.playedMs),
      confidence: progress?.confidence ?? this.#options.connection.playback,
    };
    this.#options.onPlayed({ ...split, itemId, utterance, record, silencedBecause, audible, place });
  }
}
