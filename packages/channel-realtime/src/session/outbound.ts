import { type EndedUtterance, Playback } from "@roomkit/call";
import {
  type AudioFrame,
  afterSilence,
  type Clock,
  frameDurationMs,
  type RateConverter,
  type RealtimeEvent,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import type { Said } from "./conversation.ts";
import { type ResponseStatus, Responses } from "./responses.ts";
import { SpokenItem } from "./spoken-item.ts";

export interface OutboundOptions {
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
  readonly reserve: () => Said;
  /** How much of an item was played is known. Called once for each item that was played or cut off. */
  readonly onStopped: (item: SpokenItem) => void;
  /** Its words are known, too, or have been waited for long enough; called once for each item that was audible or has text. */
  readonly onPlayed: (ended: EndedUtterance, place: Said | undefined) => void;
  /** More speech than fits came: the newest was dropped. */
  readonly onOverflow: () => void;
}

type Step =
  | { readonly item: SpokenItem; readonly frame: AudioFrame }
  | { readonly item: SpokenItem; readonly end: true };
type Transcript = Extract<RealtimeEvent, { type: "transcript" }>;

/** Speech queued at the connection at most: little, so that the rest can still be dropped here. */
const QUEUE_AHEAD_MS = 1_000;
/** How long the words of speech that was heard are waited for: the first of them, and each further piece. */
const FIRST_WORDS_MS = 5_000;
const MORE_WORDS_MS = 2_500;
/** How long the end of a response that was cut off is waited for when its words are known: more of its audio may come. */
const END_MS = 500;
/** Items remembered, for what comes late of them. */
const MAX_ITEMS = 64;

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
export class OutboundAudio {
  readonly responses: Responses = new Responses();
  readonly #options: OutboundOptions;
  readonly #items = new Map<string, SpokenItem>();
  readonly #abort = new AbortController();
  #steps: Step[] = [];
  #bufferedMs = 0;
  #pumping = false;
  #audible = 0;
  /** The provider has told no words of speech that was heard: there may be none to wait for. */
  #wordless = false;
  /** Why the newest silence was. */
  #reason = "";

  constructor(options: OutboundOptions) {
    this.#options = options;
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
    item.playback.ledger.addAudio(ms);
    const full = this.#bufferedMs + ms > this.#options.maxBufferedMs;
    if (!item.live || item.playback.ended || mute || full) {
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
    const { over, cut, utterance } = item.playback;
    if (over) this.#awaitWords(item);
    else if (item.response.ended !== undefined) this.#ended(item);
    return cut || item.settled ? undefined : utterance;
  }

  /** The provider has made all of a response. */
  end(responseId: string, status: ResponseStatus): void {
    const response = this.responses.end(responseId, status);
    if (!response) return;
    for (const item of [...this.#items.values()]) {
      if (item.response !== response || item.settled) continue;
      if (item.playback.over) this.#awaitWords(item);
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
    for (const item of [...this.#items.values()]) {
      item.playback.close();
      this.#settle(item);
    }
    this.#abort.abort();
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
    for (const { playback } of live.sort((a, b) => a.audible - b.audible)) playback.silence(reason, report);
  }

  #item(id: string, responseId: string | undefined): SpokenItem {
    const known = this.#items.get(id);
    if (known) return known;
    const { connection, clock, newId, onAudible, onProgress, reserve, onStopped } = this.#options;
    const playback = new Playback(newId(), {
      ...{ connection, clock },
      onAudible: () => {
        item.audible = ++this.#audible;
        onAudible(playback.utterance);
      },
      onProgress: ({ playedMs, done }) => onProgress(id, playedMs, done),
      onOver: () => {
        // What nobody heard has no place.
        if (!item.settled && (playback.audible || !playback.cut)) item.place = reserve();
      },
      onCounted: () => {
        if (!item.settled) onStopped(item);
        this.#awaitWords(item);
      },
    });
    const item = new SpokenItem(id, this.responses.of(id, responseId), playback);
    this.#items.set(id, item);
    if (this.#items.size > MAX_ITEMS) this.#forgetOldest();
    if (item.response.cut) playback.silence(this.#reason);
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
    if (!item.sounding && (item.withheld || item.response.ended !== "completed")) item.playback.end();
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
    this.#bufferedMs -= frameDurationMs(frame);
    const { resampler } = this.#options;
    this.#give(item, resampler ? resampler.process(frame.samples) : frame.samples, frame.timestamp);
  }

  #handEnd(item: SpokenItem): void {
    const tail = this.#options.resampler?.flush();
    if (tail && item.sounding) this.#give(item, tail, 0);
    item.playback.end();
  }

  #give(item: SpokenItem, samples: Int16Array, timestamp: number): void {
    const { sampleRate } = this.#options.connection.outbound;
    item.playback.play({ samples, sampleRate, channels: 1, timestamp });
  }

  /** Settles what is over as soon as everything is known about it, or will not be any more. */
  #awaitWords(item: SpokenItem): void {
    const { response, playback, textFinal } = item;
    const { cut, counted, ledger } = playback;
    if (!counted || item.settled) return;
    const heard = playback.audible ? playback.playedMs > 0 || !cut : !cut && response.ended === "completed";
    const ended = !cut || response.ended !== undefined;
    if (!heard || (textFinal && ended)) this.#settle(item);
    else if (textFinal) this.#settleAfter(END_MS, item);
    else if (ledger.text !== "") this.#settleAfter(MORE_WORDS_MS, item);
    else if (this.#wordless) this.#settle(item);
    else this.#settleAfter(FIRST_WORDS_MS, item);
  }

  #settleAfter(ms: number, item: SpokenItem): void {
    item.stopTimer?.();
    item.stopTimer = afterSilence(this.#options.clock, ms, () => {
      this.#wordless ||= ms === FIRST_WORDS_MS;
      this.#settle(item);
    });
  }

  #settle(item: SpokenItem): void {
    if (item.settled) return;
    item.settled = true;
    item.stopTimer?.();
    const { playback, place } = item;
    if (!playback.audible && playback.ledger.text === "" && place === undefined) return;
    this.#options.onPlayed(playback.result(item.split()), place);
  }
}
