import { type AudioFormat, type AudioFrame, type BlockEngine, BlockStage, RoomKitError } from "@roomkit/core";
import { Apm, type Features, type Ffi } from "./apm.ts";
import { ReferenceQueue } from "./reference-queue.ts";

/** The places in a pipeline where the work may be done, in their order. */
export const ROLES = ["aec", "agc", "denoiser"] as const;
export type Role = (typeof ROLES)[number];

/** How far behind each feature puts the audio, in ms, and what the library's own change of rate adds. */
const DELAY_MS = { echoCancellation: 8, noiseSuppression: 6 };
const RATE_DELAY_MS: Readonly<Record<number, number>> = { 8000: 3, 16000: 0, 32000: 0 };
const OTHER_RATE_DELAY_MS = 1;

/**
 * The audio processing of one stream: one instance of the library, whatever places of the pipeline it fills. The first place that is
 * open does the work of all; the others let the audio through. What the instance does is settled with the first frame, by the
 * places that are open then.
 */
export class Session {
  readonly #ffi: Ffi;
  readonly #format: AudioFormat;
  readonly #highPass: boolean;
  readonly #open = new Set<Role>();
  #reference: ReferenceQueue;
  /** Undefined before the first frame, and while what is to be done has changed. */
  #stage: BlockStage | undefined;
  #started = false;

  constructor(ffi: Ffi, format: AudioFormat, highPass: boolean) {
    this.#ffi = ffi;
    this.#format = format;
    this.#highPass = highPass;
    this.#reference = new ReferenceQueue(format.sampleRate);
  }

  /** Whether a place opened now belongs to this stream. */
  takes(role: Role, { sampleRate }: AudioFormat): boolean {
    return !this.#started && !this.#open.has(role) && sampleRate === this.#format.sampleRate && !this.#isPast(role);
  }

  join(role: Role): void {
    this.#open.add(role);
  }

  /** @returns whether anybody is left. */
  leave(role: Role): boolean {
    this.#open.delete(role);
    this.#restart();
    return this.#open.size > 0;
  }

  process(role: Role, frame: AudioFrame): AudioFrame {
    const { sampleRate } = this.#format;
    if (frame.sampleRate !== sampleRate || frame.channels !== 1) throw unsupported(frame, sampleRate);
    if (ROLES.find((each) => this.#open.has(each)) !== role) return frame;
    this.#started = true;
    this.#stage ??= this.#begin();
    return this.#stage.process(frame);
  }

  /** What it holds back, if this place does the work. */
  flush(role: Role): AudioFrame {
    const works = ROLES.find((each) => this.#open.has(each)) === role;
    return (works && this.#stage?.flush()) || { samples: new Int16Array(0), ...this.#format, timestamp: 0 };
  }

  reference(frame: AudioFrame): void {
    const { sampleRate } = this.#format;
    if (frame.sampleRate !== sampleRate || frame.channels !== 1) throw unsupported(frame, sampleRate);
    this.#reference.push(frame);
  }

  reset(): void {
    this.#restart();
    this.#reference = new ReferenceQueue(this.#format.sampleRate);
  }

  /** Places are opened in their order: what stands before one that is open belongs to another stream. */
  #isPast(role: Role): boolean {
    return ROLES.slice(ROLES.indexOf(role) + 1).some((later) => this.#open.has(later));
  }

  #restart(): void {
    this.#stage?.close();
    this.#stage = undefined;
  }

  #begin(): BlockStage {
    const features: Features = {
      echoCancellation: this.#open.has("aec"),
      noiseSuppression: this.#open.has("denoiser"),
      autoGainControl: this.#open.has("agc"),
      highPass: this.#highPass,
    };
    const { sampleRate } = this.#format;
    const delayMs =
      (features.echoCancellation ? DELAY_MS.echoCancellation : 0) +
      (features.noiseSuppression ? DELAY_MS.noiseSuppression : 0) +
      (RATE_DELAY_MS[sampleRate] ?? OTHER_RATE_DELAY_MS);
    return new BlockStage(this.#format, {
      name: "WebRTC's audio processing",
      sampleRate,
      size: sampleRate / 100,
      delay: Math.round((sampleRate * delayMs) / 1000),
      open: () => this.#engine(features),
    });
  }

  #engine(features: Features): BlockEngine {
    const apm = new Apm(this.#ffi, features, this.#format.sampleRate);
    return {
      process: (block, out, timestamp) => {
        if (features.echoCancellation) {
          this.#reference.read(apm.far, timestamp);
          apm.analyzeFar();
        }
        apm.near.set(block);
        apm.processNear();
        out.set(apm.near);
      },
      close: () => apm.close(),
    };
  }
}

export function unsupported({ sampleRate, channels }: AudioFormat, expected?: number): RoomKitError {
  const rate = expected === undefined ? "8,000 to 48,000 Hz in steps of 100" : `${expected} Hz`;
  return new RoomKitError("unsupported_format", `WebRTC's audio processing works on mono at ${rate} here`, {
    details: { sampleRate, channels },
  });
}
