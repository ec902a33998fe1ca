import { format, type QueueRig } from "./rig.fixture.ts";

export const live = { maxDelayMs: 160 };

/** Somebody who speaks now, in pieces of `pieceMs`; what cannot be played while the process is held up comes all at once after it. */
export class Source {
  readonly #rig: QueueRig;
  readonly #sound: (sample: number) => number;
  readonly #pieceMs: number;
  readonly #options: typeof live;
  utterance = "live";
  /** Samples put in so far. */
  at = 0;

  constructor(rig: QueueRig, sound: (sample: number) => number, pieceMs = 20, options: typeof live = live) {
    this.#options = options;
    this.#rig = rig;
    this.#sound = sound;
    this.#pieceMs = pieceMs;
  }

  speak(ms: number): void {
    const samples = Int16Array.from({ length: (format.sampleRate * ms) / 1000 }, () => this.#sound(this.at++));
    this.#rig.queue.play(this.utterance, { samples, ...format, timestamp: 0 }, { live: this.#options });
  }

  async go(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += this.#pieceMs) {
      await this.#rig.clock.advance(this.#pieceMs);
      this.speak(this.#pieceMs);
    }
  }

  stall(ms: number): void {
    this.#rig.clock.holdUp(ms);
    for (let done = 0; done < ms; done += this.#pieceMs) this.speak(this.#pieceMs);
  }
}

/** What waits to be played: in the queue, and with the client as the pacing clock has it. */
export function delayMs(rig: QueueRig): number {
  const sent = rig.sent.reduce((sum, { frame }) => sum + frame.samples.length, 0);
  let played = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { at, frame } of rig.sent) {
    const start = at - end > 40 ? at : end;
    end = start + (frame.samples.length / format.sampleRate) * 1000;
    played += Math.max(0, Math.min(1, (rig.clock.now() - start) / (end - start))) * frame.samples.length;
  }
  return rig.queue.queuedMs + ((sent - played) / format.sampleRate) * 1000;
}

export const tone = (i: number): number =>
  Math.round(8_000 * Math.sin((2 * Math.PI * 170 * i) / format.sampleRate)) || 0;
/** Words of 300 ms with 200 between. */
export const words = (i: number): number => (i % 8_000 < 4_800 ? tone(i) : 0);

/** The largest step from one sample to the next: a click is one. */
export const steps = (samples: readonly number[]): number =>
  samples.slice(1).reduce((most, x, i) => Math.max(most, Math.abs(x - (samples[i] as number))), 0);
