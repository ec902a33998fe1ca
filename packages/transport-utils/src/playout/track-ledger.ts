/** Where frames were put on a track: from `frame` on each has the next timestamp, until another place is told. */
export interface TrackPlace {
  /** The stream, 32 bits. */
  readonly ssrc: number;
  /** Counted from 0 since the track began. */
  readonly frame: number;
  /** RTP timestamp of its first sample, 32 bits. */
  readonly timestamp: number;
  /** RTP time of a frame. */
  readonly ticks: number;
}

/** Which sample of a track leaves the client's speaker, as the client says. */
export interface TrackReport {
  readonly ssrc: number;
  /** Of a packet, 32 bits. */
  readonly rtpTimestamp: number;
  /** From that packet's first sample to the one that leaves the speaker, ms; may be negative. */
  readonly playedMs: number;
}

/** So many samples per channel of an utterance, by its number, have been played. */
export interface TrackPlayed {
  readonly number: number;
  readonly samples: number;
}

/** Frames in a row, of one utterance. */
interface Stretch {
  readonly number: number;
  readonly offset: number;
  readonly frame: number;
  frames: number;
  /** Samples of the utterance before what followed; a short frame was filled up. */
  until: number | undefined;
}

const FRAME_MS = 20;
/** A track ends in some frames of silence that are not counted here, and a client may think that it is a little further. */
const AHEAD_FRAMES = 10;
/** Buffers shrink and devices change: a position may fall so far and mean nothing. */
const BACK_FRAMES = 10;
/** A first report may be of time before the first frame. */
const BEFORE_FRAMES = 250;
/** Most that is kept of a client that reports nothing. */
const MOST = 64;

/**
 * Which utterance was sent at which RTP time, so that what a client says of a track becomes a position in an utterance.
 *
 * | report                                                           | means                                    |
 * | ---------------------------------------------------------------- | ---------------------------------------- |
 * | before anything was sent                                         | false                                    |
 * | of another stream                                                | false                                    |
 * | between the last position and what was sent                      | the new position                         |
 * | up to 200 ms past what was sent                                  | all of it was played                     |
 * | further                                                          | false                                    |
 * | up to 200 ms before the last position (late, twice, out of order) | nothing new                              |
 * | further back                                                     | false                                    |
 * | in a pause between two stretches of audio                        | all before it was played, nothing behind |
 *
 * Timestamps are compared on their circle of 2^32: they may wrap around at any place.
 */
export class TrackLedger {
  readonly #frameSamples: number;
  #places: TrackPlace[] = [];
  #stretches: Stretch[] = [];
  #frames = 0;
  /** The furthest position, in frames. */
  #heard = 0;
  #reported = false;

  /** @param frameSamples samples per channel of a frame, 20 ms */
  constructor(frameSamples: number) {
    this.#frameSamples = frameSamples;
  }

  /** What is held, for tests of its bounds. */
  get size(): number {
    return this.#places.length + this.#stretches.length;
  }

  placed(place: TrackPlace): void {
    this.#places.push(place);
    if (this.#places.length > MOST) this.#places.shift();
  }

  /** The next frame of the track carries utterance `number` from sample `offset` on. */
  sent(number: number, offset: number): void {
    const frame = this.#frames++;
    const last = this.#stretches.at(-1);
    if (last?.number === number && last.offset + last.frames * this.#frameSamples === offset) {
      last.frames++;
      return;
    }
    if (last?.number === number) last.until = offset;
    this.#stretches.push({ number, offset, frame, frames: 1, until: undefined });
    if (this.#stretches.length > MOST) this.#stretches.shift();
  }

  /** @returns the utterances that have been played further than was known, in order; undefined when the report cannot be true. */
  read(report: TrackReport): readonly TrackPlayed[] | undefined {
    const said = this.#frameAt(report);
    if (said === undefined || said > this.#frames + AHEAD_FRAMES) return undefined;
    const at = Math.min(said, this.#frames);
    if (at < (this.#reported ? this.#heard - BACK_FRAMES : -BEFORE_FRAMES)) return undefined;
    this.#reported = true;
    if (at <= this.#heard) return [];
    const from = this.#heard;
    this.#heard = at;
    const played: TrackPlayed[] = [];
    for (const stretch of this.#stretches) {
      const samples = this.#samplesAt(stretch, at);
      if (samples > this.#samplesAt(stretch, from)) played.push({ number: stretch.number, samples });
    }
    this.#forget();
    return played;
  }

  /** Samples of its utterance that have been played when the track is at a frame. */
  #samplesAt({ offset, frame, frames, until = Number.POSITIVE_INFINITY }: Stretch, at: number): number {
    const played = Math.max(0, Math.min(frames, at - frame));
    return Math.min(until, offset + Math.floor(played * this.#frameSamples));
  }

  #frameAt({ ssrc, rtpTimestamp, playedMs }: TrackReport): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { ssrc: own, frame, timestamp, ticks } of this.#places.toReversed()) {
      if (own !== ssrc) return undefined;
      const frames = ((rtpTimestamp - timestamp) | 0) / ticks + playedMs / FRAME_MS;
      if (frames >= 0 || frame === 0) return Math.min(frame + frames, next);
      next = frame;
    }
    // Before all that is remembered.
    return next === Number.POSITIVE_INFINITY ? undefined : Number.NEGATIVE_INFINITY;
  }

  /** What lies wholly before the position, but for the last of it: a report may come again. */
  #forget(): void {
    const kept = this.#heard - BACK_FRAMES;
    while ((this.#places[1]?.frame ?? Number.POSITIVE_INFINITY) <= kept) this.#places.shift();
    this.#stretches = this.#stretches.filter(({ frame, frames }, i) => {
      return frame + frames > kept || i === this.#stretches.length - 1;
    });
  }
}
