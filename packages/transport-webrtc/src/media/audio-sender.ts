import type { AudioCodec, OpusEncoder, ReceptionReport } from "@roomkit/core";
import type { DtmfFrame, TrackPlace } from "@roomkit/transport-utils";
import type { OutboundEvents } from "./audio-plan.ts";
import { ExpectedLoss } from "./expected-loss.ts";
import { timestampDelta, writeRtp } from "./rtp.ts";
import { EVENT_DIGITS, eventPayload } from "./telephone-event.ts";

/** Encodes frames of one length for one stream. */
export interface FrameEncoder {
  readonly sampleRate: number;
  /** Samples of a frame: 20 ms. */
  readonly frameSamples: number;
  /** Hz of the RTP timestamps. */
  readonly clockRate: number;
  /** Undefined: this frame need not be sent. */
  encode(samples: Int16Array): Uint8Array | undefined;
  /** The network loses about so many of the packets, percent. Absent: it makes no difference. */
  expectLoss?: ((percent: number) => void) | undefined;
  close(): void;
}

export function opusEncoding(encoder: OpusEncoder): FrameEncoder {
  const { sampleRate, frameSamples } = encoder;
  return {
    sampleRate,
    frameSamples,
    clockRate: 48_000,
    encode: (s) => encoder.encode(s),
    expectLoss: (percent) => encoder.expectLoss?.(percent),
    close: () => encoder.close(),
  };
}

export function g711Encoding(codec: AudioCodec): FrameEncoder {
  return { sampleRate: 8_000, frameSamples: 160, clockRate: 8_000, encode: (s) => codec.encode(s), close: () => {} };
}

export interface AudioSenderOptions {
  readonly encoder: FrameEncoder;
  readonly payloadType: number;
  /** Absent: no events may be sent. */
  readonly telephoneEvent?: OutboundEvents | undefined;
  readonly ssrc: number;
  /** Random start of the sequence numbers (16 bits) and timestamps (32 bits), RFC 3550, 5.1. */
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  /** Sends a packet; false when the connection cannot take it now. */
  readonly send: (packet: Uint8Array) => boolean;
  /** A frame that was sent does not follow the one before it, or is the first. */
  readonly onPlaced?: ((place: TrackPlace) => void) | undefined;
}

/** Frames of silence after the last of a talk spurt: a jitter buffer that runs dry then goes on with silence, not with the last sound. */
const TAIL_FRAMES = 5;
/** After so many frames of nothing but zeros a coder has settled, one with DTX too: what it makes of one more is what it made of the last. */
const SETTLED_FRAMES = 20;
const FRAME_MS = 20;
/** The end of an event is told so often, a frame apart (RFC 4733, 2.5.1.4). */
const END_PACKETS = 3;
/** A key of which nothing comes is held for so long, ms: the sender may have been held up, and a key must not be told twice for it. */
const KEY_WAIT_MS = 200;

interface KeyDown {
  readonly event: number;
  /** When it went down, on the track. */
  readonly timestamp: number;
  /** How long it has been down, in the clock of the events. */
  duration: number;
  /** Packets that told of its end so far. */
  ends: number;
}

/** Where the next frame stands on the track. */
interface Place {
  readonly begins: boolean;
  readonly timestamp: number;
}

/**
 * The outbound track: 20 ms frames in, RTP packets out. Between talk spurts nothing is sent; timestamps go on with the clock
 * and the marker bit says where a spurt begins (RFC 3551, 4.1).
 *
 * A key that is held takes the place of audio, in the same line of sequence numbers and timestamps (RFC 4733, 2.5.1): one timestamp
 * for all of the press, counted by the track's clock, and a duration that grows. What comes, and what it does:
 *
 * | comes                | no key is down                       | a key is down            | its end is being told            |
 * | -------------------- | ------------------------------------ | ------------------------ | -------------------------------- |
 * | key goes down        | marker, first                        | the end of that, thrice  | the rest of that, then the first |
 * | key is still down    | as if it went down; of one that was cut off: nothing | longer   | the same as with no key down     |
 * | key is up afterwards | the same, and the end                | longer, the end          | the same as with no key down     |
 * | audio                | audio                                | the end (cut off), audio | the end again, audio             |
 * | nothing              | the tail of silence                  | after 200 ms: cut off    | the tail, with the end again     |
 * | the link is down     | refused                              | refused, nothing changed | refused, nothing changed         |
 */
export class AudioSender {
  readonly #options: AudioSenderOptions;
  readonly #silence: Int16Array;
  readonly #loss = new ExpectedLoss();
  #sequence: number;
  #timestamp: number;
  /** Clock time for which the next frame is due, ms; undefined before the first. */
  #dueMs: number | undefined;
  #tail = 0;
  #key: KeyDown | undefined;
  /** The event that was ended before its key was up: what still comes of that press is no new one. */
  #cut: number | undefined;
  /** Frames sent, without silence at the end of a spurt; and which timestamp the next has when it follows them. */
  #frames = 0;
  #following: number | undefined;
  /** Frames of zeros in a row, and what the coder made of the last of them. */
  #zeros = 0;
  #settled: Uint8Array | undefined;

  constructor(options: AudioSenderOptions) {
    this.#options = options;
    this.#sequence = options.firstSequence & 0xffff;
    this.#timestamp = options.firstTimestamp >>> 0;
    this.#silence = new Int16Array(options.encoder.frameSamples);
  }

  /** Sends a frame of exactly 20 ms at `now`, ms. False when the connection refused it; then nothing changed but the encoder. */
  send(samples: Int16Array, now: number): boolean {
    const place = this.#frame(samples, now);
    if (!place) return false;
    this.#tell(place);
    this.#tail = TAIL_FRAMES;
    return true;
  }

  /** Sends 20 ms of a key that is held; the same holds as of {@link send}. Nothing is sent when no events were agreed on. */
  sendDtmf({ digit, begins, ends }: DtmfFrame, now: number): boolean {
    const { telephoneEvent, encoder } = this.#options;
    if (!telephoneEvent) return true;
    const event = EVENT_DIGITS.indexOf(digit);
    const down = this.#key;
    const goesOn = !begins && down?.event === event && down.ends === 0;
    if (begins) this.#cut = undefined;
    if (!goesOn && this.#cut === event) {
      const place = this.#place(now);
      this.#advance(place, now);
      this.#tell(place);
      return true;
    }
    while (!goesOn && this.#key) if (!this.#tellEnd()) return false;
    const place = this.#place(now);
    const key = goesOn && down ? down : { event, timestamp: place.timestamp, duration: 0, ends: 0 };
    const lasted = timestampDelta(place.timestamp, key.timestamp) + this.#frameTime;
    const duration = Math.min(0xffff, Math.round((lasted * telephoneEvent.clockRate) / encoder.clockRate));
    if (!this.#packet(telephoneEvent.payloadType, !goesOn, key.timestamp, eventPayload(event, duration, ends)))
      return false;
    key.duration = duration;
    if (ends) key.ends = 1;
    this.#key = key;
    this.#advance(place, now);
    this.#tell(place);
    this.#tail = TAIL_FRAMES;
    return true;
  }

  /** Call every 20 ms when there was no frame to send: ends a talk spurt in silence. */
  idle(now: number): void {
    // Frames may be ahead of the clock, and the next may be late by a timer's error: the tail waits for both.
    if (this.#tail === 0 || this.#dueMs === undefined || now < this.#dueMs + FRAME_MS) return;
    if (this.#key?.ends === 0 && now < this.#dueMs + KEY_WAIT_MS) return;
    this.#tail--;
    this.#frame(this.#silence, now);
  }

  /** What the client says of the packets it got. */
  reported(report: ReceptionReport): void {
    const percent = this.#loss.reported(report);
    if (percent !== undefined) this.#options.encoder.expectLoss?.(percent);
  }

  close(): void {
    this.#options.encoder.close();
  }

  #frame(samples: Int16Array, now: number): Place | undefined {
    const { payloadType } = this.#options;
    if (!this.#tellEnd()) return undefined;
    const place = this.#place(now);
    const payload = this.#encoded(samples);
    if (payload && !this.#packet(payloadType, place.begins, place.timestamp, payload)) return undefined;
    this.#advance(place, now);
    return place;
  }

  /** Codes a frame; of silence that goes on within an utterance only the first frames: they are all the same. */
  #encoded(samples: Int16Array): Uint8Array | undefined {
    this.#zeros = samples.every((sample) => sample === 0) ? this.#zeros + 1 : 0;
    if (this.#zeros <= SETTLED_FRAMES) this.#settled = this.#options.encoder.encode(samples);
    return this.#settled;
  }

  #tell({ timestamp }: Place): void {
    const { ssrc, onPlaced } = this.#options;
    const frame = this.#frames++;
    if (timestamp !== this.#following) onPlaced?.({ ssrc, frame, timestamp, ticks: this.#frameTime });
    this.#following = (timestamp + this.#frameTime) >>> 0;
  }

  /** One packet that says that the key is up, until all of them were sent. */
  #tellEnd(): boolean {
    const { telephoneEvent } = this.#options;
    const key = this.#key;
    if (!key || !telephoneEvent) return true;
    const payload = eventPayload(key.event, key.duration, true);
    if (!this.#packet(telephoneEvent.payloadType, false, key.timestamp, payload)) return false;
    if (key.ends === 0) this.#cut = key.event;
    if (++key.ends >= END_PACKETS) this.#key = undefined;
    return true;
  }

  #packet(payloadType: number, marker: boolean, timestamp: number, payload: Uint8Array): boolean {
    const { ssrc, send } = this.#options;
    if (!send(writeRtp({ marker, payloadType, sequence: this.#sequence, timestamp, ssrc, payload }))) return false;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return true;
  }

  /** 20 ms in the clock of the track. */
  get #frameTime(): number {
    return (FRAME_MS * this.#options.encoder.clockRate) / 1000;
  }

  #place(now: number): Place {
    const gapMs = this.#dueMs === undefined ? 0 : now - this.#dueMs;
    // A little late is jitter of our timer: the stream goes on without a seam. More is a pause.
    const begins = this.#dueMs === undefined || gapMs > 2 * FRAME_MS;
    const skip = begins && gapMs > 0 ? Math.round((gapMs * this.#options.encoder.clockRate) / 1000) : 0;
    return { begins, timestamp: (this.#timestamp + skip) >>> 0 };
  }

  #advance({ begins, timestamp }: Place, now: number): void {
    this.#timestamp = (timestamp + this.#frameTime) >>> 0;
    this.#dueMs = (begins || this.#dueMs === undefined ? now : this.#dueMs) + FRAME_MS;
  }
}
