import { keepNewest, sequenceDelta } from "@roomkit/core";

/** What a packet's source is to the line that is heard. */
export type SourceVerdict =
  /** Of the source that is heard. */
  | "current"
  /** A new source: what comes from now on is heard of it, and its order and timestamps begin here. */
  | "begins"
  /** Of another source than the one that is heard. */
  | "other";

/** A source that was heard before comes back after this long without a packet of the one that took its place, ms, ... */
const SILENT_MS = 100;
/** ... and with so many packets in a row that it had not sent before. */
const RETURNING_PACKETS = 3;
/** With so long a silence there is nobody else to hear: any order of its packets will do, ms. */
const GONE_MS = 1_000;
/** Sources that are remembered, so that their stragglers are known; the one longest unheard of is forgotten. */
const REMEMBERED = 16;

interface Former {
  /** 16 bits. */
  highest: number;
  ahead: number;
}

/**
 * Which of a client's RTP sources (SSRC, RFC 3550, 8) is the caller's voice. One at a time.
 *
 * | comes                                              | then                                                        |
 * | -------------------------------------------------- | ----------------------------------------------------------- |
 * | the first audio                                    | begins                                                      |
 * | audio of a source never heard                      | begins at once (device switched, re-INVITE, collision)      |
 * | stragglers of the source before                    | other: they do not flip it back, and are no loss            |
 * | the source before, again, and the new one is quiet | begins, by its third packet in a row (call taken off hold)  |
 * | two sources in turn                                | the newer is heard for as long as it sends                  |
 * | no audio (padding, tones, comfort noise, RTX, FEC) | never begins: it may have a source of its own               |
 * | a new source with each packet                      | begins each time; the engine bounds how many it lets in     |
 */
export class RtpSources {
  #current: number | undefined;
  #highest = 0;
  #lastAt = 0;
  readonly #former = new Map<number, Former>();

  /** Judges a packet that arrived at `now`, ms. @param audio it carries sound. */
  judge(ssrc: number, sequence: number, audio: boolean, now: number): SourceVerdict {
    if (ssrc === this.#current) {
      if (sequenceDelta(sequence, this.#highest) > 0) this.#highest = sequence;
      if (audio) this.#lastAt = now;
      for (const former of this.#former.values()) former.ahead = 0;
      return "current";
    }
    if (!audio) return "other";
    const former = this.#former.get(ssrc);
    if (former) {
      const quietMs = now - this.#lastAt;
      if (sequenceDelta(sequence, former.highest) <= 0 && quietMs < GONE_MS) return "other";
      former.highest = sequence;
      if (++former.ahead < RETURNING_PACKETS || quietMs < SILENT_MS) return "other";
      this.#former.delete(ssrc);
    }
    this.#retire();
    this.#current = ssrc;
    this.#highest = sequence;
    this.#lastAt = now;
    return "begins";
  }

  #retire(): void {
    if (this.#current === undefined) return;
    this.#former.set(this.#current, { highest: this.#highest, ahead: 0 });
    keepNewest(this.#former, REMEMBERED);
  }
}
