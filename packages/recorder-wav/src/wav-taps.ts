import {
  type AudioFormat,
  type AudioFrame,
  type AudioTap,
  type AudioTaps,
  assertOptions,
  optionsWithin,
  RoomKitError,
  type StageContext,
  systemClock,
} from "@roomkit/core";
import { defaultName, safeName } from "./files/names.ts";
import type { RecordingStorage } from "./files/storage.ts";
import { TrackFile } from "./files/track-file.ts";
import { storageOf } from "./options.ts";
import { MOST_SAMPLES } from "./wav/header.ts";
import { tracksOf } from "./wav/tracks.ts";

export interface WavTapsOptions {
  /** A directory, made when it is needed; or where else the files go. */
  readonly storage: string | RecordingStorage;
  /** What is written of each point of a call at most, ms. Default 600,000 (10 minutes). */
  readonly maxDurationMs?: number | undefined;
  /** Audio of each point waiting for the storage at most, ms; the oldest becomes silence. Default 10,000. */
  readonly maxQueuedMs?: number | undefined;
  /** Longest wait for one call of the storage, ms. Default 10,000. */
  readonly storageTimeoutMs?: number | undefined;
}

const defaults = { maxDurationMs: 600_000, maxQueuedMs: 10_000, storageTimeoutMs: 10_000 };
/** Audio goes to the storage in pieces of so long. */
const PIECE_MS = 500;

/**
 * Writes what passes each point of a pipeline to a WAV file of its own, from the beginning of the call: for
 * `audioPipeline({ taps: wavTaps({ storage: "./taps" }) })`, to hear what each stage does. The files of a call line up; where a stage is
 * switched off its file is silent. Nobody is asked: what callers say is on your disk.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function wavTaps(options: WavTapsOptions): AudioTaps {
  assertOptions("wavTaps", options, {
    required: ["storage"],
    string: ["storage"],
    object: ["storage"],
    number: ["maxDurationMs", "maxQueuedMs", "storageTimeoutMs"],
  });
  const { storage, ...rest } = options;
  const settings = optionsWithin(rest, defaults, {
    maxDurationMs: [1_000, 86_400_000],
    maxQueuedMs: [1_000, 600_000],
    storageTimeoutMs: [1, 600_000],
  });
  const place = storageOf("wavTaps", storage);
  return { open: (point, format, context) => new WavTap(place, point, format, context, settings) };
}

class WavTap implements AudioTap {
  readonly #file: TrackFile;
  readonly #sampleRate: number;
  readonly #piece: Int16Array;
  /** Samples in the piece, in the file, and in it at most. */
  #filled = 0;
  #length = 0;
  readonly #most: number;
  #beganAt: number | undefined;

  constructor(
    storage: RecordingStorage,
    point: string,
    { sampleRate, channels }: AudioFormat,
    context: StageContext | undefined,
    { maxDurationMs, maxQueuedMs, storageTimeoutMs }: typeof defaults,
  ) {
    if (channels !== 1) throw new RoomKitError("unsupported_format", "a tap is mono");
    const { sessionId = "session", clock = systemClock, report = () => {} } = context ?? {};
    const samples = (ms: number): number => Math.round((ms * sampleRate) / 1000);
    this.#sampleRate = sampleRate;
    this.#piece = new Int16Array(samples(PIECE_MS));
    this.#most = Math.min(samples(maxDurationMs), MOST_SAMPLES);
    const [track] = tracksOf("inbound");
    this.#file = new TrackFile({
      ...{ storage, clock, sampleRate, ending: ".wav", cipher: undefined, timeoutMs: storageTimeoutMs },
      name: safeName(`${defaultName({ sessionId, startedAt: clock.wallTime() })}-${point}`),
      track: track as NonNullable<typeof track>,
      capacity: 2 * samples(maxQueuedMs),
      onFailed: report,
      onLost: () => report(new RoomKitError("storage_timeout", "the storage is too slow: a tap has silence in it")),
    });
  }

  write({ samples, timestamp }: AudioFrame): void {
    this.#beganAt ??= timestamp;
    // The place of the first sample; what comes before it is silence, to half a sample.
    const place = Math.round(((timestamp - this.#beganAt) * this.#sampleRate) / 1000);
    for (let missing = place - this.#length - this.#filled; missing > 0 && this.#room > 0; ) {
      const count = Math.min(missing, this.#piece.length);
      this.#add(new Int16Array(count));
      missing -= count;
    }
    this.#add(samples);
  }

  reset(): void {}

  close(): void {
    this.#flush();
    void this.#file.finish();
  }

  get #room(): number {
    return this.#most - this.#length - this.#filled;
  }

  #add(given: Int16Array): void {
    const samples = given.subarray(0, this.#room);
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + this.#piece.length - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#piece.length) this.#flush();
    }
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#file.push({ length: this.#filled, inbound: this.#piece.slice(0, this.#filled), outbound: undefined });
    this.#length += this.#filled;
    this.#filled = 0;
  }
}
