const DIGITS = "0123456789*#ABCD";

/**
 * Reads touch tones sent as events (RFC 4733, 2.3). One key press is many packets with one timestamp, the last three of them
 * alike; it is told once, with its first packet.
 */
export class TelephoneEvents {
  #last: number | undefined;

  /** The digit a packet tells of for the first time; undefined for repeats and for events that are no digits. */
  receive(timestamp: number, payload: Uint8Array): string | undefined {
    if (payload.length < 4) return undefined;
    const digit = DIGITS[payload[0] as number];
    // A packet of an earlier press that comes late is no new press.
    if (digit === undefined || (this.#last !== undefined && ((timestamp - this.#last) | 0) <= 0)) return undefined;
    this.#last = timestamp;
    return digit;
  }
}
