import { StreamTable, sequenceDelta } from "@roomkit/core";

/** How often the sender is told, ms (RFC 3550, 6.2: 5 s is the usual least; a voice codec adapts to loss, so twice as often). */
const EVERY_MS = 2_500;
/** A leap ahead by more than this is a sender that began anew, not a loss (RFC 3550, A.1). */
const MAX_DROPOUT = 3_000;

/**
 * Counts what arrives of one stream and writes receiver reports (RFC 3550, 6.4.2 and A.3, A.8). A browser's Opus encoder
 * spends on in-band FEC what these reports say is lost; without them it takes the network for perfect.
 */
export class ReceiverReport {
  readonly #ssrc: number;
  readonly #clockRate: number;
  #first: number;
  /** Sequence number without wrapping. */
  #highest: number;
  #received = 0;
  #reportedAt: number;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit: number | undefined;
  #jitter = 0;

  /** @param sequence of the first packet. @param now monotonic ms. */
  constructor(ssrc: number, sequence: number, clockRate: number, now: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
    this.#first = sequence;
    this.#highest = sequence;
    this.#reportedAt = now;
  }

  /** Counts a packet; returns the report that is due then, if one is. */
  receive(sequence: number, timestamp: number, now: number, senderSsrc: number): Buffer | undefined {
    this.#received++;
    const delta = sequenceDelta(sequence, this.#highest & 0xffff);
    if (delta > 0) this.#highest += delta;
    if (delta > MAX_DROPOUT) {
      this.#first = this.#highest;
      this.#received = 1;
      this.#expectedBefore = this.#receivedBefore = 0;
      this.#transit = undefined;
    }
    const transit = (Math.round((now * this.#clockRate) / 1000) - timestamp) | 0;
    if (this.#transit !== undefined) this.#jitter += (Math.abs((transit - this.#transit) | 0) - this.#jitter) / 16;
    this.#transit = transit;
    if (now - this.#reportedAt < EVERY_MS) return undefined;
    this.#reportedAt = now;
    return this.#write(senderSsrc);
  }

  #write(senderSsrc: number): Buffer {
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = Math.max(0, expectedNow - (this.#received - this.#receivedBefore));
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const report = Buffer.alloc(32);
    report[0] = 0x81;
    report[1] = 201;
    report.writeUInt16BE(7, 2);
    report.writeUInt32BE(senderSsrc, 4);
    report.writeUInt32BE(this.#ssrc, 8);
    report[12] = expectedNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0;
    report.writeUIntBE(Math.min(0x7f_ffff, Math.max(0, expected - this.#received)), 13, 3);
    report.writeUInt32BE(this.#highest >>> 0, 16);
    report.writeUInt32BE(Math.round(this.#jitter) >>> 0, 20);
    return report;
  }
}

/** The reports on the streams of a client. */
export class ReceiverReports {
  readonly #senderSsrc: number;
  readonly #clockRate: number;
  // What lets streams in is not here.
  readonly #streams = new StreamTable<ReceiverReport>(1);

  /** @param senderSsrc names the reporting side. @param clockRate Hz of the RTP timestamps. */
  constructor(senderSsrc: number, clockRate: number) {
    this.#senderSsrc = senderSsrc;
    this.#clockRate = clockRate;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Counts an RTP packet; returns the report that is due then, if one is. */
  receive(packet: Buffer, now: number): Buffer | undefined {
    const [sequence, timestamp, ssrc] = [packet.readUInt16BE(2), packet.readUInt32BE(4), packet.readUInt32BE(8)];
    const report = this.#streams.get(ssrc) ?? new ReceiverReport(ssrc, sequence, this.#clockRate, now);
    this.#streams.note(ssrc, report, now);
    return report.receive(sequence, timestamp, now, this.#senderSsrc);
  }
}
