import { isRtcp, type ReceptionReport, receptionReport, type WebRTCAcceptOptions } from "@roomkit/core";
import type { RTCDtlsTransport } from "werift";
import { decryptSrtcp, decryptSrtp } from "./internals.ts";
import { ReceiverReports } from "./receiver-report.ts";
import { SrtpReceiver } from "./srtp-receiver.ts";

export interface InboundMediaOptions {
  readonly dtls: RTCDtlsTransport;
  readonly accept: WebRTCAcceptOptions;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onRtp: (packet: Buffer) => void;
  /** The client's report on what it is sent. */
  readonly onReport: (report: ReceptionReport) => void;
  /** An RTP packet proved to be the client's, and new. */
  readonly onAuthentic: () => void;
  readonly onDrop: (reason: string) => void;
  /** Sends a report on what the client sends. */
  readonly reply: (report: Buffer) => void;
}

/** What a client sends besides data: RTP and RTCP, encrypted. */
export class InboundMedia {
  readonly #options: InboundMediaOptions;
  readonly #srtp: SrtpReceiver;
  readonly #reports: ReceiverReports;
  readonly #ssrc: number;
  #received = 0;

  constructor(options: InboundMediaOptions) {
    this.#options = options;
    const { audio, limits } = options.accept;
    this.#ssrc = audio?.ssrc ?? 1;
    this.#srtp = new SrtpReceiver(limits.streams);
    this.#reports = new ReceiverReports(this.#ssrc, audio?.codecs[0]?.clockRate ?? 48_000);
  }

  /** RTP packets taken. */
  get received(): number {
    return this.#received;
  }

  receive(data: Buffer): void {
    if (isRtcp(data)) this.#receiveRtcp(data);
    else this.#receiveRtp(data);
  }

  #receiveRtp(data: Buffer): void {
    const { dtls, now, onRtp, onAuthentic, onDrop, reply } = this.#options;
    const at = now();
    const result = this.#srtp.receive(data, (packet, rollovers) => decryptSrtp(dtls, packet, rollovers), at);
    if ("dropped" in result) {
      onDrop(result.dropped);
      return;
    }
    onAuthentic();
    this.#received++;
    const report = this.#reports.receive(result.packet, at);
    if (report) reply(report);
    onRtp(result.packet);
  }

  #receiveRtcp(data: Buffer): void {
    const { dtls, onReport, onDrop } = this.#options;
    const packet = decryptSrtcp(dtls, data);
    if (!packet) {
      onDrop("srtcp_unauthentic");
      return;
    }
    // No sign of life: an old one may be sent again. What it reports counts by the sequence number it got to.
    const report = receptionReport(packet, this.#ssrc);
    if (report) onReport(report);
  }
}
