import { rtcpPackets } from "@roomkit/core";

/** RFC 3550, appendix A.1: a jump this far ahead, or this far back, is a source that began anew. */
const MAX_DROPOUT = 3_000;
const MAX_MISORDER = 100;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
/** RTCP-SR-REQ of RFC 6051. */
const RAPID_RESYNC_REQUEST = 5;

/** The part of a sender report that a receiver report gives back. */
export interface SenderReport {
  readonly ssrc: number;
  /** The middle 32 bits of its NTP time. */
  readonly time: number;
}

/** The sender reports of a compound packet; what is malformed ends it. */
export function senderReports(data: Buffer): readonly SenderReport[] {
  return [...rtcpPackets(data)]
    .filter((packet) => packet.getUint8(1) === SENDER_REPORT && packet.byteLength >= 28)
    .map((packet) => ({ ssrc: packet.getUint32(4), time: packet.getUint32(10) }));
}

/** What came of one stream, as its sender is told. */
export class Reception {
  #first: number;
  /** With the cycles above its 16 bits. */
  #highest: number;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;

  constructor(sequence: number) {
    this.#first = this.#highest = sequence;
  }

  add(sequence: number): void {
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead < MAX_DROPOUT) this.#highest += ahead;
    else if (ahead <= 0xffff - MAX_MISORDER) {
      this.#first = this.#highest = sequence;
      this.#received = this.#expectedBefore = this.#receivedBefore = 0;
    }
    this.#received++;
  }

  /** A receiver report on it, from `ssrc`, sent as soon as the sender report came. Jitter is not measured: 0. */
  report(ssrc: number, { ssrc: source, time }: SenderReport): Buffer {
    const expected = this.#highest - this.#first + 1;
    const due = expected - this.#expectedBefore;
    const missed = due - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const data = Buffer.alloc(32);
    writeHeader(data, { count: 1, type: RECEIVER_REPORT, ssrc });
    data.writeUInt32BE(source, 8);
    data.writeUInt8(missed > 0 ? Math.min(255, Math.floor((missed * 256) / due)) : 0, 12);
    data.writeIntBE(Math.max(-0x80_00_00, Math.min(0x7f_ff_ff, expected - this.#received)), 13, 3);
    data.writeUInt32BE(this.#highest >>> 0, 16);
    data.writeUInt32BE(time, 24);
    return data;
  }
}

/** Asks the sender of `source` for a report at once, behind the empty receiver report a compound packet begins with. */
export function reportRequest(ssrc: number, source: number): Buffer {
  const data = Buffer.alloc(20);
  writeHeader(data.subarray(0, 8), { count: 0, type: RECEIVER_REPORT, ssrc });
  writeHeader(data.subarray(8), { count: RAPID_RESYNC_REQUEST, type: TRANSPORT_FEEDBACK, ssrc });
  data.writeUInt32BE(source, 16);
  return data;
}

function writeHeader(packet: Buffer, { count, type, ssrc }: { count: number; type: number; ssrc: number }): void {
  packet.writeUInt8(0x80 | count, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(ssrc, 4);
}
