import { HeardLedger, type HeardSplit, type PlaybackProgress, type UtteranceId } from "@roomkit/core";
import type { Response } from "./responses.ts";

/** Nobody speaks faster, in characters per second: words beyond that are of audio that never came. */
const FASTEST_SPEECH = 25;

/** One stretch of the provider's speech: its audio, its words, and how much of both the listener has had. */
export class SpokenItem {
  readonly id: string;
  readonly response: Response;
  readonly utterance: UtteranceId;
  /** Counts all audio the vendor made of it, also what is not played. */
  readonly ledger: HeardLedger = new HeardLedger();
  /** Some of its audio is or was on its way to the listener. */
  sounding = false;
  /** Audio of it that the listener does not get: it came too late, was too much, or the output is muted. */
  withheld = false;
  /** Its place among those that became audible; 0: it has not. */
  audible = 0;
  /** Its end is on its way to the listener, behind its audio. */
  ending = false;
  handedOver = false;
  /** Nothing more of it will be played. */
  over = false;
  /** It was cut off: by the caller or the application, for the reason they gave, or by the end of the call. */
  cut = false;
  silencedBecause = "";
  /** How much of it was played is known for good. */
  counted = false;
  /** All of its words are known. */
  textFinal = false;
  progress: PlaybackProgress | undefined;
  settled = false;

  constructor(id: string, response: Response, utterance: UtteranceId) {
    this.id = id;
    this.response = response;
    this.utterance = utterance;
  }

  /** Playback of it goes on, or is still to come. */
  get live(): boolean {
    return !this.over && !this.settled;
  }

  get playedMs(): number {
    return this.audible > 0 ? (this.progress?.playedMs ?? 0) : 0;
  }

  /** Takes words; false for what is known already. */
  hear(text: string, final: boolean, audioMs = 0): boolean {
    if (this.settled || this.textFinal) return false;
    if (audioMs > this.ledger.audioMs) {
      this.ledger.addAudio(audioMs - this.ledger.audioMs);
      this.withheld = true;
    }
    // An older state of them, overtaken by a newer one.
    if (!final && text.length < this.ledger.text.length && this.ledger.text.startsWith(text)) return false;
    this.ledger.setText(text);
    this.textFinal = final;
    return true;
  }

  /** What was heard of the words known by now. */
  split(): HeardSplit {
    const { ledger, response } = this;
    const words = ledger.text.trim();
    const nothing = { heard: "", unheard: words };
    // Words without any sound are a written answer: said when it is complete, unless somebody broke in before.
    const written = !this.sounding && !this.withheld && response.ended === "completed" && !this.cut;
    if (written) return ledger.all();
    if (this.audible === 0) return nothing;
    const played = this.handedOver && (this.progress === undefined || this.progress.done);
    const whole = played && !this.cut && !this.withheld;
    if (whole && response.ended === "completed") return ledger.all();
    // The words of a response that broke off may reach beyond its audio.
    if (response.ended === "completed" || words.length / FASTEST_SPEECH <= ledger.audioMs / 1000) ledger.finish();
    return ledger.heardAt(whole && this.progress === undefined ? ledger.audioMs : this.playedMs);
  }
}
