import type { VadEvent } from "../contracts/stage.ts";

export interface SpeechSegmenterOptions {
  /** How much silence ends speech, in ms. */
  readonly silenceThresholdMs: number;
  /** Longest speech in ms; what is longer is ended there, and what follows is speech of its own. */
  readonly maxSpeechMs: number;
  /** How long before its proof is complete speech may have begun, at most, in ms. Default: however long the proof took. */
  readonly maxProofMs?: number | undefined;
}

/** A judged stretch of audio. */
export interface SpeechHop {
  /** Where it begins on the capture clock, ms. */
  readonly timestamp: number;
  readonly durationMs: number;
  /**
   * Before speech: how much of the proof that speech has begun this stretch is. Speech begins when the sum reaches 1; a negative
   * value takes away from it, never below nothing.
   */
  readonly evidence: number;
  /** During speech: whether it goes on. */
  readonly sustained: boolean;
}

/** Adding up shares such as 1/6 falls short of 1 by a little. */
const ENOUGH = 1 - 1e-6;

/** Voices fall silent for so long inside words, ms: between two sounds that sustain the speech it counts as speech. */
const WITHIN_WORDS_MS = 80;

/** Speech begins only while its end, too, will find room. A reader that takes an event per frame never gets near this. */
const MAX_EVENTS = 32;

/**
 * The decisions every voice activity detector shares: from judged stretches of audio to `speech-start` and `speech-end`. Each start
 * has exactly one end, times never run backwards, and a gap in the audio counts as silence.
 */
export class SpeechSegmenter {
  readonly #options: SpeechSegmenterOptions;
  /** Untaken decisions, each with how much speech had been heard by then. */
  readonly #events: { readonly event: VadEvent; readonly speechMs: number }[] = [];
  #speaking = false;
  #evidence = 0;
  /** Where the evidence, or the speech, began. */
  #start = 0;
  /** Where the speech was last heard. */
  #heard = 0;
  /** How much of the evidence, or of the speech, was speech: hops that sustain it, and what lies within words. */
  #speechMs = 0;
  /** Of the decision taken last. */
  #takenMs = 0;
  /** End of the newest stretch. */
  #now = Number.NEGATIVE_INFINITY;

  constructor(options: SpeechSegmenterOptions) {
    this.#options = options;
  }

  /** Whether a start has been decided whose end has not. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** What `Vad.speechMs` wants: of the speech whose start was taken last, without the silence that is being waited out. */
  get speechMs(): number {
    return this.#events.length === 0 && this.#speaking ? this.#speechMs : this.#takenMs;
  }

  /** Takes the next stretch; what it decides is there to {@link take}. */
  push(hop: SpeechHop): void {
    const { silenceThresholdMs, maxSpeechMs, maxProofMs = Number.POSITIVE_INFINITY } = this.#options;
    const begin = Math.max(hop.timestamp, this.#now);
    const end = Math.max(hop.timestamp + hop.durationMs, begin);
    const gap = begin - this.#now;
    this.#now = end;
    if (this.#speaking && begin - this.#heard >= silenceThresholdMs) this.#end(this.#heard);
    if (this.#speaking) {
      if (hop.sustained) this.#hear(begin, end);
      if (end - this.#heard >= silenceThresholdMs) this.#end(this.#heard);
      else if (end - this.#start >= maxSpeechMs) this.#end(end);
      return;
    }
    if (gap >= silenceThresholdMs) this.#evidence = 0;
    const before = this.#evidence;
    this.#evidence = Math.max(0, before + hop.evidence);
    if (before === 0) {
      this.#start = begin;
      this.#heard = begin;
      this.#speechMs = 0;
    }
    if (hop.sustained) this.#hear(begin, end);
    if (this.#evidence < ENOUGH || this.#events.length > MAX_EVENTS - 2) return;
    this.#evidence = 0;
    this.#speaking = true;
    this.#start = Math.max(this.#start, end - maxProofMs);
    this.#speechMs = Math.min(this.#speechMs, end - this.#start);
    this.#heard = end;
    this.#tell({ type: "speech-start", timestamp: this.#start });
  }

  /** The oldest decision not yet taken. */
  take(): VadEvent | undefined {
    const next = this.#events.shift();
    if (next) this.#takenMs = next.speechMs;
    return next?.event;
  }

  /** Ends speech that is under way where it was last heard: no more audio can be judged. */
  finish(): void {
    if (this.#speaking) this.#end(this.#heard);
  }

  /** Forgets everything, open speech and untaken decisions too. */
  reset(): void {
    this.#events.length = 0;
    this.#speaking = false;
    this.#evidence = 0;
    this.#speechMs = 0;
    this.#takenMs = 0;
    this.#now = Number.NEGATIVE_INFINITY;
  }

  #hear(begin: number, end: number): void {
    this.#speechMs += end - (begin - this.#heard <= WITHIN_WORDS_MS ? this.#heard : begin);
    this.#heard = end;
  }

  #end(timestamp: number): void {
    this.#speaking = false;
    this.#evidence = 0;
    this.#tell({ type: "speech-end", timestamp, durationMs: timestamp - this.#start });
  }

  #tell(event: VadEvent): void {
    this.#events.push({ event, speechMs: this.#speechMs });
  }
}
