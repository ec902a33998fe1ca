import { keepNewest } from "@roomkit/core";

/** The keys in the order of their events, 0 to 15 (RFC 4733, 3.2). */
export const EVENT_DIGITS = "0123456789*#ABCD";
/** Longest a segment of a key press lasts, in units of its clock: the next begins there (RFC 4733, 2.5.1.3). */
const MAX_DURATION = 0xffff;
const SLACK = 4_800;
/** Sources whose last press is remembered. */
const SOURCES = 8;

/** What is said of a press, dBm0 below 0: the level of `dtmfTones`. */
const VOLUME = 10;

/** The payload of one packet of a press (RFC 4733, 2.3); `duration` so far in units of its clock, 16 bits. */
export function eventPayload(event: number, duration: number, ended: boolean): Uint8Array {
  return Uint8Array.of(event, (ended ? 0x80 : 0) | VOLUME, duration >> 8, duration & 0xff);
}

/** What of an RTP packet says which key press it is of. */
export interface EventPacket {
  readonly ssrc: number;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

interface Press {
  readonly event: number;
  timestamp: number;
  ended: boolean;
}

/**
 * Reads touch tones sent as events (RFC 4733, 2.3). One key press is many packets with one timestamp, the last three of them
 * alike; it is told once, with the first packet that comes of it. A long press goes on under another timestamp. Each source has timestamps of its own.
 */
export class TelephoneEvents {
  readonly #last = new Map<number, Press>();

  /** The digit a packet tells of for the first time; undefined for repeats and for events that are no digits. */
  receive({ ssrc, marker, timestamp, payload }: EventPacket): string | undefined {
    if (payload.length < 4) return undefined;
    const event = payload[0] as number;
    const digit = EVENT_DIGITS[event];
    if (digit === undefined) return undefined;
    const ended = ((payload[1] as number) & 0x80) !== 0;
    const last = this.#last.get(ssrc);
    if (last) {
      const later = (timestamp - last.timestamp) | 0;
      if (later === 0) last.ended ||= ended;
      // A packet of an earlier press that comes late is no new press.
      if (later <= 0) return undefined;
      const adjoins = Math.abs(later - MAX_DURATION) <= SLACK;
      if (adjoins && !marker && !last.ended && event === last.event) {
        last.timestamp = timestamp;
        last.ended = ended;
        return undefined;
      }
    }
    this.#last.delete(ssrc);
    this.#last.set(ssrc, { event, timestamp, ended });
    keepNewest(this.#last, SOURCES);
    return digit;
  }
}
