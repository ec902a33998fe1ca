import type { RecordedSide, RecordingFile } from "@roomkit/core";
import { RoomKitError } from "@roomkit/core";
import type { Stretch } from "../tape/tape.ts";
import { wavHeader } from "../wav/header.ts";
import type { Track } from "../wav/tracks.ts";
import { bytesOf } from "../wav/tracks.ts";
import { ByteQueue } from "./byte-queue.ts";
import { SinkWriter, type SinkWriterOptions } from "./sink-writer.ts";

export interface TrackFileOptions extends SinkWriterOptions {
  readonly track: Track;
  readonly sampleRate: number;
  /** Bytes waiting for the storage at most; the oldest become silence beyond. */
  readonly capacity: number;
  /** It cannot be written any more. Called once. */
  readonly onFailed: (error: RoomKitError) => void;
  /** The storage is too slow, and audio became silence. Called once. */
  readonly onLost: () => void;
}

/**
 * A WAV file that is written beside the call. Its header is brought up to date with every piece, so that it opens whenever its
 * writing is cut off; where a storage can only append, it says that the file goes on to its end.
 */
export class TrackFile {
  readonly #options: TrackFileOptions;
  readonly #queue: ByteQueue;
  readonly #done: Promise<void>;
  #writer: SinkWriter | undefined;
  /** Audio in the storage, bytes. */
  #dataBytes = 0;
  #ended = false;
  #given = false;
  #told = false;
  #wake = (): void => {};
  #error: RoomKitError | undefined;

  constructor(options: TrackFileOptions) {
    this.#options = options;
    this.#queue = new ByteQueue(options.capacity);
    this.#done = this.#run().catch((error: unknown) => this.#fail(error));
  }

  /** What there is of it; undefined when it could not be opened. */
  get file(): RecordingFile | undefined {
    if (!this.#writer) return undefined;
    const { track, sampleRate } = this.#options;
    const channels: readonly RecordedSide[] = track.channels;
    const durationMs = (this.#dataBytes / 2 / track.width / sampleRate) * 1000;
    return { name: this.#writer.name, kind: "audio", channels, bytes: this.#writer.bytes, durationMs };
  }

  /** Why it is not whole. */
  get error(): RoomKitError | undefined {
    return this.#error;
  }

  /** Audio that became silence, or was given up, samples of one side. */
  get lost(): number {
    return this.#queue.lost / 2 / this.#options.track.width;
  }

  /** A copy goes into the queue. */
  push(stretch: Stretch): void {
    if (this.#ended || this.#error) return;
    const { track } = this.#options;
    const samples = track.encode(stretch);
    if (samples) this.#queue.push(bytesOf(samples));
    else this.#queue.zeros(stretch.length * track.width * 2);
    if (this.#queue.lost > 0 && !this.#told) {
      this.#told = true;
      this.#options.onLost();
    }
    this.#wake();
  }

  /** Nothing more comes. Resolves when all is written, or it has failed. */
  finish(): Promise<void> {
    this.#ended = true;
    this.#wake();
    return this.#done;
  }

  /** It takes too long: what is not written is given up. */
  giveUp(error: RoomKitError): void {
    this.#ended = true;
    this.#given = true;
    this.#error ??= error;
    this.#queue.clear();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { track, sampleRate } = this.#options;
    const writer = await SinkWriter.open(this.#options);
    this.#writer = writer;
    await writer.write(wavHeader(track.width, sampleRate));
    let written = 0;
    while (!this.#given) {
      const bytes = this.#queue.take();
      if (bytes) {
        await writer.write(bytes);
        written += bytes.length;
        if (this.#queue.empty) await writer.patch(wavHeader(track.width, sampleRate, written));
        this.#dataBytes = written;
      } else if (this.#ended) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (written === 0) await writer.patch(wavHeader(track.width, sampleRate, 0));
    await writer.close();
  }

  #fail(thrown: unknown): void {
    const error = RoomKitError.from(thrown, "storage_failed");
    this.#queue.clear();
    void this.#writer?.abandon();
    if (this.#error) return;
    this.#error = error;
    this.#options.onFailed(error);
  }
}
