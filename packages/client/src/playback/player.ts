import { Resampler } from "../audio/resampler.ts";
import { JitterBuffer, type JitterOptions } from "./jitter-buffer.ts";

/** How far an utterance has been rendered. */
export interface PlaybackReport {
  readonly utterance: number;
  /** Position in the utterance, in samples of its own rate, up to which everything was rendered or given up as lost. */
  readonly playedSamples: number;
  /** Nothing more of it will be rendered. */
  readonly done: boolean;
  /** Done because it was cleared. */
  readonly cleared: boolean;
}

export interface PlayerOptions {
  /** Rate audio is rendered at, Hz. */
  readonly contextRate: number;
  /** Rate audio arrives in, Hz. */
  readonly sourceRate: number;
  readonly jitter?: Partial<JitterOptions> | undefined;
  /** Audio between two reports of a playing utterance, ms. Default 200. */
  readonly reportEveryMs?: number | undefined;
}

/** Fade-out on clear, ms. */
const CLEAR_FADE_MS = 5;
/** Fade-in after audio ran out or a piece was lost, ms. */
const FADE_IN_MS = 3;
/** In this time the last value falls to a fiftieth when audio stops in the middle, ms. */
const DECAY_MS = 2;
/** A lost piece is replaced by as much silence, up to this; longer ones are skipped. */
const MAX_CONCEALED_MS = 60;
/** Audio is resampled in blocks of this length, ms. */
const BLOCK_MS = 5;

/**
 * Everything between the packets and the speaker, for one call: jitter buffer, resampler, fades, and the account of what
 * has been rendered. Pure: time passes only in `render`.
 */
export class Player {
  readonly jitter: JitterBuffer;
  readonly #contextRate: number;
  readonly #ratio: number;
  readonly #resampler: Resampler;
  readonly #block: Float32Array;
  readonly #reportEvery: number;
  #reports: PlaybackReport[] = [];
  /** Resampled and not yet rendered. */
  #pending: Float32Array = new Float32Array(0);
  #at = 0;
  /** What the pending samples belong to: since `#from` in the source, `#fed` read and `#rendered` rendered. */
  #open = false;
  #from = 0;
  #fed = 0;
  #rendered = 0;
  #sinceReport = 0;
  #last = 0;
  #fadeIn = 0;
  #pause = 0;
  #tail: Float32Array = new Float32Array(0);
  #concealed = 0;

  constructor(options: PlayerOptions) {
    this.jitter = new JitterBuffer(options.sourceRate, options.jitter);
    this.#contextRate = options.contextRate;
    this.#ratio = options.sourceRate / options.contextRate;
    this.#resampler = new Resampler(options.sourceRate, options.contextRate);
    this.#block = new Float32Array(Math.max(1, this.#ms(BLOCK_MS, options.sourceRate)));
    this.#reportEvery = this.#ms(options.reportEveryMs ?? 200, options.contextRate);
    this.#sinceReport = this.#reportEvery;
  }

  /** Lost source samples that were replaced by silence or skipped. */
  get concealed(): number {
    return this.#concealed;
  }

  /** Takes audio that arrived: `samples` begin at `offset` of the utterance. Takes the array over. */
  push(utterance: number, offset: number, samples: Int16Array): void {
    this.jitter.push(utterance, offset, samples);
  }

  /** No more audio of the utterance will come. */
  end(utterance: number): void {
    this.jitter.end(utterance);
  }

  /** Drops the utterances numbered `upTo` or lower, silencing a playing one within 5 ms, and reports each of them as done. */
  clear(upTo: number = Number.POSITIVE_INFINITY): void {
    const fade = new Float32Array(this.#ms(CLEAR_FADE_MS, this.#contextRate));
    let playing = this.jitter.head;
    const begun = playing !== undefined && playing.utterance <= upTo;
    if (begun) {
      this.#produce(fade);
      this.#tail = fade;
      playing = this.jitter.head;
    }
    // Otherwise it ended by itself just now, and what plays is meant to.
    const stop = begun && (playing === undefined || playing.utterance <= upTo);
    // What was rendered up to here will be heard: the fade is already on its way.
    const midway = this.#open || this.#at < this.#pending.length;
    for (const buffer of this.jitter.clear(upTo)) {
      this.#report(buffer.utterance, buffer === playing && midway ? this.#played() : buffer.position, true, true);
    }
    if (!stop) return;
    fadeOut(fade);
    this.#close();
    this.#resampler.reset();
    this.#pause = 0;
    this.#last = 0;
  }

  /** Fills `output` with the next stretch of audio, or silence. */
  render(output: Float32Array): void {
    const faded = Math.min(this.#tail.length, output.length);
    if (faded > 0) {
      output.set(this.#tail.subarray(0, faded));
      this.#tail = this.#tail.subarray(faded);
    }
    if (faded < output.length) this.#produce(output.subarray(faded));
  }

  /** The reports since the last call. */
  takeReports(): readonly PlaybackReport[] {
    const reports = this.#reports;
    if (reports.length > 0) this.#reports = [];
    return reports;
  }

  #produce(output: Float32Array): void {
    let at = 0;
    while (at < output.length) {
      if (this.#pause > 0) {
        const count = Math.min(this.#pause, output.length - at);
        this.#decay(output.subarray(at, at + count));
        this.#pause -= count;
        at += count;
      } else if (this.#at < this.#pending.length) {
        at += this.#copy(output.subarray(at));
      } else if (!this.#refill()) {
        const rest = output.subarray(at);
        this.#decay(rest);
        this.jitter.waited((rest.length / this.#contextRate) * 1000);
        return;
      }
    }
  }

  #copy(output: Float32Array): number {
    const count = Math.min(output.length, this.#pending.length - this.#at);
    output.set(this.#pending.subarray(this.#at, this.#at + count));
    const fadeLength = this.#ms(FADE_IN_MS, this.#contextRate);
    for (let i = 0; i < count && this.#fadeIn > 0; i++) {
      output[i] = (output[i] as number) * (1 - this.#fadeIn / fadeLength);
      this.#fadeIn--;
    }
    this.#at += count;
    this.#rendered += count;
    this.#last = output[count - 1] as number;
    this.#sinceReport += count;
    const head = this.jitter.head;
    if (head && this.#sinceReport >= this.#reportEvery) this.#report(head.utterance, this.#played(), false, false);
    return count;
  }

  /** Makes more pending audio, or changes state so that the next call can; false when there is nothing to play. */
  #refill(): boolean {
    const poll = this.jitter.poll();
    // Whatever interrupts the stretch, its tail is still in the resampler and comes first.
    if (poll !== "play" && this.#open) {
      this.#pending = this.#resampler.flush();
      this.#at = 0;
      this.#open = false;
      fadeOut(this.#pending);
      return true;
    }
    const head = this.jitter.head;
    if (head === undefined) return false;
    switch (poll) {
      case "play": {
        if (!this.#open) {
          this.#open = true;
          this.#from = head.position;
          this.#fed = 0;
          this.#rendered = 0;
        }
        const count = this.jitter.read(this.#block, this.#block.length);
        this.#fed += count;
        this.#pending = this.#resampler.process(this.#block.subarray(0, count));
        this.#at = 0;
        return true;
      }
      case "gap": {
        const atStart = head.position === 0;
        const lost = head.skipGap();
        this.#concealed += lost;
        const lostMs = (lost * 1000) / (this.#ratio * this.#contextRate);
        if (!atStart) this.#pause = this.#ms(Math.min(lostMs, MAX_CONCEALED_MS), this.#contextRate);
        this.#fadeIn = this.#ms(FADE_IN_MS, this.#contextRate);
        return true;
      }
      case "finished":
        this.#report(head.utterance, head.position, true, false);
        this.jitter.advance();
        this.#close();
        return true;
      default:
        if (head.position > 0) this.#fadeIn = this.#ms(FADE_IN_MS, this.#contextRate);
        return false;
    }
  }

  /** Position in the utterance of the last rendered sample. */
  #played(): number {
    return this.#from + Math.min(this.#fed, Math.floor(this.#rendered * this.#ratio));
  }

  /** Silence that begins where the audio stopped, so that stopping does not click. */
  #decay(output: Float32Array): void {
    const factor = Math.exp(-1 / this.#ms(DECAY_MS / 4, this.#contextRate));
    for (let i = 0; i < output.length; i++) {
      this.#last = Math.abs(this.#last) < 1e-4 ? 0 : this.#last * factor;
      output[i] = this.#last;
    }
  }

  #close(): void {
    this.#open = false;
    this.#pending = new Float32Array(0);
    this.#at = 0;
    this.#fadeIn = 0;
    // The next utterance reports its first sample at once.
    this.#sinceReport = this.#reportEvery;
  }

  #report(utterance: number, playedSamples: number, done: boolean, cleared: boolean): void {
    this.#sinceReport = 0;
    this.#reports.push({ utterance, playedSamples, done, cleared });
  }

  #ms(ms: number, rate: number): number {
    return Math.round((ms * rate) / 1000);
  }
}

function fadeOut(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] as number) * (1 - (i + 1) / samples.length);
}
