import type { Playback } from "@roomkit/call";
import type { Cancel, HeardSplit } from "@roomkit/core";
import type { Said } from "./conversation.ts";
import type { Response } from "./responses.ts";

/** Nobody speaks faster, in characters per second: words beyond that are of audio that never came. */
const FASTEST_SPEECH = 25;

/** One stretch of the provider's speech: an utterance whose words and audio come from outside. */
export class SpokenItem {
  readonly id: string;
  readonly response: Response;
  /** Its ledger counts all audio the vendor made of it, also what is not played. */
  readonly playback: Playback;
  /** Some of its audio is or was on its way to the listener. */
  sounding = false;
  /** Audio of it that the listener does not get: it came too late, was too much, or the output is muted. */
  withheld = false;
  /** Its place among those that became audible; 0: it has not. */
  audible = 0;
  /** Its end is on its way to the listener, behind its audio. */
  ending = false;
  /** All of its words are known. */
  textFinal = false;
  /** Its place in the conversation, once its playback is over; none where there is nothing that could be told of it. */
  place: Said | undefined;
  /** Set while its words are waited for. */
  stopTimer: Cancel | undefined;
  settled = false;

  constructor(id: string, response: Response, playback: Playback) {
    this.id = id;
    this.response = response;
    this.playback = playback;
  }

  /** Playback of it goes on, or is still to come. */
  get live(): boolean {
    return !this.playback.over && !this.settled;
  }

  /** Takes words; false for what is known already. */
  hear(text: string, final: boolean, audioMs = 0): boolean {
    const { ledger } = this.playback;
    if (this.settled || this.textFinal) return false;
    if (audioMs > ledger.audioMs) {
      ledger.addAudio(audioMs - ledger.audioMs);
      this.withheld = true;
    }
    // An older state of them, overtaken by a newer one.
    if (!final && text.length < ledger.text.length && ledger.text.startsWith(text)) return false;
    ledger.setText(text);
    this.textFinal = final;
    return true;
  }

  /** What was heard of the words known by now. */
  split(): HeardSplit {
    const { playback, response, withheld } = this;
    const { ledger, cut } = playback;
    const completed = response.ended === "completed";
    // Words without any sound are a written answer: said when it is complete, unless somebody broke in before.
    if (completed && !this.sounding && !withheld && !cut) return ledger.all();
    // The words of a response that broke off may reach beyond its audio.
    if (completed || ledger.text.trim().length / FASTEST_SPEECH <= ledger.audioMs / 1000) ledger.finish();
    return playback.heard(completed && !withheld);
  }
}
