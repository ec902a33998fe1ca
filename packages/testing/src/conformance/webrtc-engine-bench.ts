import type {
  CloseReason,
  WebRTCAcceptOptions,
  WebRTCDataChannel,
  WebRTCEngine,
  WebRTCOffer,
  WebRTCPeer,
} from "@roomkit/core";
import { until } from "./case.ts";
import type { Closable } from "./close.ts";

/** A client to talk to an engine with: a peer connection of any implementation, on this machine. */
export interface WebRTCEngineClient {
  /** Offers an audio section (Opus as payload type 111, both directions) and a data channel named `text`, as the transport hands offers on. */
  offer(): Promise<WebRTCOffer>;
  /** Applies the answer. */
  accept(answer: string): Promise<void>;
  /** Sends an RTP packet; its SSRC may be replaced by the client's own. */
  sendRtp(packet: Uint8Array): void;
  /** Sends an RTCP packet as it is, encrypted. Absent: what engines do with reports is not tried. */
  sendRtcp?(packet: Uint8Array): void;
  /** RTP packets received, whole. */
  readonly rtp: readonly Uint8Array[];
  /** Sends on the channel `text`. */
  send(message: string | Uint8Array): void;
  /** What came on the channel `text`; binary as a Uint8Array. */
  readonly messages: readonly (string | Uint8Array)[];
  /** Opens one more channel. */
  open(label: string): void;
  close(): Promise<void>;
}

export interface WebRTCEngineConformanceOptions {
  /** An engine that listens on loopback. */
  open(): WebRTCEngine | Promise<WebRTCEngine>;
  client(): WebRTCEngineClient;
  /** How many sockets engines hold (it may count those of clients too: they have left by then), for the checks that nothing leaks. */
  held?(): number;
  /** Real time one requirement may take, ms. Default 15,000. */
  readonly timeoutMs?: number | undefined;
}

export const SSRC = 0x1234_5678;
export const limits = { dataChannels: 3, messageBytes: 16_384, bufferedBytes: 65_536, remoteAddresses: 32, streams: 4 };

/** What a peer did, written down as it came. */
interface Call {
  readonly peer: WebRTCPeer;
  readonly client: WebRTCEngineClient;
  readonly channels: WebRTCDataChannel[];
  readonly messages: (string | Uint8Array)[];
  readonly rtp: Uint8Array[];
  readonly closed: CloseReason[];
  /** How the peer was before its client had the answer. */
  readonly before: { readonly state: WebRTCPeer["state"]; readonly sent: boolean };
}

/** One engine and the clients that talk to it. */
export class EngineBench implements Closable {
  readonly engine: WebRTCEngine;
  readonly timeoutMs: number;
  readonly #options: WebRTCEngineConformanceOptions;
  readonly #clients: WebRTCEngineClient[] = [];

  constructor(engine: WebRTCEngine, options: WebRTCEngineConformanceOptions) {
    this.engine = engine;
    this.timeoutMs = options.timeoutMs ?? 15_000;
    this.#options = options;
  }

  /** The end of a client's offer, and how it is accepted. */
  readonly offered = async (): Promise<Offered> => {
    const client = this.#options.client();
    this.#clients.push(client);
    return { client, offer: await client.offer() };
  };

  readonly accept = (offer: WebRTCOffer): Promise<WebRTCPeer> => this.engine.accept(offer, acceptOptions(offer));

  readonly call = async (change: (offer: WebRTCOffer) => WebRTCOffer = (offer) => offer): Promise<Call> => {
    const { client, offer } = await this.offered();
    const peer = await this.accept(change(offer));
    const before = { state: peer.state, sent: peer.sendRtp(rtpPacket(1, Uint8Array.of(1))) };
    const made: Call = { peer, client, channels: [], messages: [], rtp: [], closed: [], before };
    peer.onRtp((packet) => made.rtp.push(packet));
    peer.onDataChannel((channel) => {
      made.channels.push(channel);
      channel.onMessage((message) => made.messages.push(message));
    });
    peer.onClosed((reason) => made.closed.push(reason));
    await client.accept(peer.answer);
    return made;
  };

  readonly connected = async (): Promise<Call> => {
    const made = await this.call();
    await until(() => made.peer.state === "connected" && made.channels.length > 0, this.timeoutMs, "connecting");
    return made;
  };

  /** Closes the engine. */
  close(): Promise<void> {
    return this.engine.close();
  }

  async warmUp(): Promise<void> {
    await this.engine.warmUp?.();
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** A client, and what it offers. */
interface Offered {
  readonly client: WebRTCEngineClient;
  readonly offer: WebRTCOffer;
}

export function acceptOptions(offer: WebRTCOffer): WebRTCAcceptOptions {
  const codecs = (offer.audio?.codecs ?? []).filter((c) => c.name === "opus");
  return { audio: { direction: "sendrecv", codecs, ssrc: SSRC }, loopback: true, limits };
}

/** A receiver report with one block (RFC 3550, 6.4.2). @param lost of 256. */
export function receiverReport(ssrc: number, lost: number, highest: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 0x81c9_0007);
  view.setUint32(4, 77);
  view.setUint32(8, ssrc);
  view.setUint8(12, lost);
  view.setUint32(16, highest);
  return new Uint8Array(view.buffer);
}

export function rtpPacket(sequence: number, payload: Uint8Array, marker = false): Uint8Array {
  const data = new Uint8Array(12 + payload.length);
  const view = new DataView(data.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, (marker ? 0x80 : 0) | 111);
  view.setUint16(2, sequence);
  view.setUint32(4, sequence * 960);
  view.setUint32(8, SSRC);
  data.set(payload, 12);
  return data;
}
