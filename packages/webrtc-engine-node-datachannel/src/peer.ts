import {
  type CloseReason,
  ConnectionLife,
  Emitter,
  isRtcp,
  type ReceptionReport,
  type RemoteCandidate,
  RoomKitError,
  receptionReport,
  StreamTable,
  type Unsubscribe,
  type WebRTCAcceptOptions,
  type WebRTCDataChannel,
  type WebRTCOffer,
  type WebRTCPeer,
  type WebRTCPeerStats,
  withTimeout,
} from "@roomkit/core";
import { Audio, type DataChannel, type Direction, PeerConnection, type RtcConfig, type Track } from "node-datachannel";
import { changeCandidates } from "./answer.ts";
import { Channel } from "./channel.ts";
import { CHECK_MS, Liveness } from "./liveness.ts";
import { Reception, reportRequest, senderReports } from "./rtcp.ts";
import { safe } from "./safe.ts";

export interface PeerOptions {
  readonly name: string;
  readonly offer: WebRTCOffer;
  readonly accept: WebRTCAcceptOptions;
  readonly config: RtcConfig;
  readonly loopback: boolean;
  readonly announcedAddress: string | undefined;
  readonly onListenerError: (error: unknown) => void;
}

interface PeerEvents {
  readonly rtp: Uint8Array;
  readonly report: ReceptionReport;
  readonly channel: WebRTCDataChannel;
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  sendrecv: "SendRecv",
  sendonly: "SendOnly",
  recvonly: "RecvOnly",
  inactive: "Inactive",
};
/** Gathering addresses of this machine takes milliseconds; more means that something is wrong. */
const GATHER_MS = 5_000;
const MAX_LABEL = 256;
/** What a page sees of a channel it is asked to acknowledge; it is closed at once. */
const LIVENESS_LABEL = "liveness";
/**
 * Each on a stream of its own, in turn: what is sent on one whose reset is still on its way holds up all other streams.
 * Beyond those that pages use, below the 256 that Firefox begins with.
 */
const LIVENESS_STREAMS = { first: 100, count: 64 };

/** One client on libdatachannel. */
export class NodeDataChannelPeer implements WebRTCPeer {
  answer = "";
  readonly #options: PeerOptions;
  readonly #life: ConnectionLife;
  readonly #events: Emitter<PeerEvents>;
  readonly #connection: PeerConnection;
  readonly #channels = new Set<Channel>();
  readonly #streams: StreamTable<Reception>;
  readonly #liveness: Liveness;
  readonly #dropped = new Map<string, number>();
  readonly #gathered: Promise<void>;
  #track: Track | undefined;
  #closing = false;
  #candidates = 0;
  #checking: NodeJS.Timeout | undefined;
  #hasChannel = false;
  #livenessStream = 0;
  #rtpReceived = 0;
  #rtpSent = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    const { name, config, onListenerError } = options;
    this.#streams = new StreamTable(options.accept.limits.streams);
    this.#life = new ConnectionLife(onListenerError);
    this.#events = new Emitter<PeerEvents>(onListenerError);
    const connection = new PeerConnection(name, config);
    this.#connection = connection;
    this.#liveness = new Liveness({
      requestReport: () => this.#requestReport(),
      openChannel: () => this.#openChannel(),
      onListenerError,
    });
    this.#gathered = new Promise((resolve) => {
      connection.onGatheringStateChange(
        safe(onListenerError, (state: string) => {
          if (state === "complete") resolve();
        }),
      );
    });
    connection.onStateChange(safe(onListenerError, (state: string) => this.#onState(state)));
    connection.onDataChannel(safe(onListenerError, (channel: DataChannel) => this.#onChannel(channel)));
  }

  get state(): "connecting" | "connected" | "closed" {
    return this.#closing ? "closed" : this.#life.state;
  }

  get stats(): WebRTCPeerStats {
    return {
      received: this.#liveness.signs,
      rtpReceived: this.#rtpReceived,
      rtpSent: this.#rtpSent,
      dropped: Object.fromEntries(this.#dropped),
      remoteAddresses: this.#candidates,
    };
  }

  /** Applies the offer and makes the answer. @throws RoomKitError `invalid_sdp`, `no_free_port`. */
  async negotiate(): Promise<void> {
    const { offer, loopback, announcedAddress } = this.#options;
    try {
      this.#addTrack();
      // So that it answers `passive`: a ClientHello of its own may reach a client before that listens, and is sent again only
      // after a second.
      this.#connection.setRemoteDescription(offer.sdp.replaceAll("a=setup:actpass", "a=setup:active"), "offer");
      this.#connection.setLocalDescription("answer");
    } catch (error) {
      throw new RoomKitError("invalid_sdp", "the offer was not accepted", { cause: error });
    }
    const closed = new Promise<never>((_, reject) => {
      const code = "closed";
      this.onClosed(({ message }) => reject(new RoomKitError(code, message)));
    });
    await withTimeout(Promise.race([this.#gathered, closed]), GATHER_MS, { what: "gathering addresses" });
    const sdp = this.#connection.localDescription()?.sdp ?? "";
    if (!/^a=candidate:/m.test(sdp)) {
      throw new RoomKitError("no_free_port", "no UDP port is free for another connection", { retryable: true });
    }
    this.answer = changeCandidates(sdp, { loopback, announcedAddress });
    for (const candidate of offer.candidates) this.addCandidate(candidate);
  }

  addCandidate(candidate: RemoteCandidate): void {
    const { offer, accept } = this.#options;
    if (this.state === "closed" || this.#candidates >= accept.limits.remoteAddresses) return;
    this.#candidates++;
    const { foundation, component, priority, address, port, type } = candidate;
    const mid = (offer.media[0] === "audio" ? offer.audio?.mid : offer.data?.mid) ?? "0";
    try {
      this.#connection.addRemoteCandidate(
        `candidate:${foundation} ${component} udp ${priority} ${address} ${port} typ ${type}`,
        mid,
      );
    } catch {
      this.#drop("candidate");
    }
  }

  sendRtp(packet: Uint8Array): boolean {
    if (this.state !== "connected" || !this.#track) return false;
    try {
      if (!this.#track.isOpen()) return false;
      this.#track.sendMessageBinary(Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength));
    } catch {
      this.#drop("rtp_send_failed");
      return false;
    }
    this.#rtpSent++;
    return true;
  }

  onRtp(listener: (packet: Uint8Array) => void): Unsubscribe {
    return this.#events.on("rtp", listener);
  }

  onReport(listener: (report: ReceptionReport) => void): Unsubscribe {
    return this.#events.on("report", listener);
  }

  onDataChannel(listener: (channel: WebRTCDataChannel) => void): Unsubscribe {
    return this.#events.on("channel", listener);
  }

  onConnected(listener: () => void): Unsubscribe {
    return this.#life.onConnected(listener);
  }

  onClosed(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.#life.onClosed(listener);
  }

  async close(
    reason: CloseReason = { code: "server_closed", message: "the server closed the connection" },
  ): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#checking);
    this.#liveness.close();
    for (const channel of [...this.#channels]) channel.close();
    try {
      this.#track?.close();
      this.#connection.close();
    } catch (error) {
      this.#options.onListenerError(error);
    }
    this.#life.end(reason);
    this.#events.clear();
  }

  /** The answered audio section must be known before the offer is applied, or the answer takes nothing. */
  #addTrack(): void {
    const { offer, accept, onListenerError } = this.#options;
    if (!offer.audio || !accept.audio) return;
    const { codecs, direction, ssrc } = accept.audio;
    const audio = new Audio(offer.audio.mid, DIRECTIONS[direction] ?? "Inactive");
    for (const { payloadType, name, clockRate, channels, parameters } of codecs) {
      // Not addOpusCodec: it would ask for stereo at 96 kbit/s.
      const codec = `${name}/${clockRate}${channels === 1 ? "" : `/${channels}`}`;
      if (parameters === undefined) audio.addAudioCodec(payloadType, codec);
      else audio.addAudioCodec(payloadType, codec, parameters);
    }
    if (direction === "sendrecv" || direction === "sendonly") {
      audio.addSSRC(ssrc, this.#options.name, this.#options.name, `${this.#options.name}-audio`);
    }
    this.#track = this.#connection.addTrack(audio);
    // No RtcpReceivingSession: it would answer sender reports, and keep all RTCP, the sign of life of a silent client, to itself.
    this.#track.onMessage(
      safe(onListenerError, (data: Buffer) => {
        if (isRtcp(data)) this.#onRtcp(data);
        else this.#onRtp(data);
      }),
    );
  }

  #onRtp(data: Buffer): void {
    if (data.length < 12) return;
    const ssrc = data.readUInt32BE(8);
    const sequence = data.readUInt16BE(2);
    const now = performance.now();
    if (!this.#streams.admits(ssrc, now)) {
      this.#drop("srtp_too_many_streams");
      return;
    }
    const stream = this.#streams.get(ssrc) ?? new Reception(sequence);
    stream.add(sequence);
    this.#streams.note(ssrc, stream, now);
    this.#liveness.sign();
    this.#rtpReceived++;
    this.#events.emit("rtp", Uint8Array.from(data));
  }

  /** Tells the client what is lost, and takes what it tells: an Opus encoder spends on FEC accordingly. */
  #onRtcp(data: Buffer): void {
    const heard = receptionReport(data, this.#options.accept.audio?.ssrc ?? 0);
    if (heard) this.#events.emit("report", heard);
    const reports = senderReports(data);
    if (reports.length > 0) this.#liveness.report();
    else this.#liveness.sign();
    for (const report of reports) {
      const stream = this.#streams.get(report.ssrc);
      if (stream) this.#sendRtcp((ssrc) => stream.report(ssrc, report));
    }
  }

  #sendRtcp(write: (ssrc: number) => Buffer): void {
    const { audio } = this.#options.accept;
    if (this.state !== "connected" || !audio || !this.#track) return;
    try {
      if (this.#track.isOpen()) this.#track.sendMessageBinary(write(audio.ssrc));
    } catch {
      this.#drop("rtcp_send_failed");
    }
  }

  #requestReport(): boolean {
    const source = this.#streams.latest;
    if (source === undefined) return false;
    this.#sendRtcp((ssrc) => reportRequest(ssrc, source));
    return true;
  }

  #openChannel(): DataChannel | undefined {
    // RFC 8832, 6: the DTLS client has the even streams.
    const parity = this.#options.offer.setup === "passive" ? 0 : 1;
    const { first, count } = LIVENESS_STREAMS;
    try {
      const id = first + parity + 2 * (this.#livenessStream++ % count);
      return this.#connection.createDataChannel(LIVENESS_LABEL, { id });
    } catch {
      this.#drop("liveness_channel_failed");
      return undefined;
    }
  }

  #onChannel(native: DataChannel): void {
    const { accept, onListenerError } = this.#options;
    this.#hasChannel = true;
    if (this.#channels.size >= accept.limits.dataChannels || native.getLabel().length > MAX_LABEL) {
      this.#drop("too_many_channels");
      native.close();
      return;
    }
    const channel = new Channel(native, {
      limits: accept.limits,
      onActivity: () => this.#liveness.sign(),
      onDrop: (reason) => this.#drop(reason),
      onClosed: (closed) => this.#channels.delete(closed),
      onListenerError,
    });
    this.#channels.add(channel);
    const give = (): void => {
      if (!channel.closed) this.#events.emit("channel", channel);
    };
    if (native.isOpen()) give();
    else native.onOpen(safe(onListenerError, give));
  }

  #onState(state: string): void {
    if (state === "connected" && this.state === "connecting") {
      this.#liveness.sign();
      this.#checking = setInterval(() => this.#liveness.check(this.#hasChannel), CHECK_MS);
      this.#life.connect();
      return;
    }
    if (state !== "failed" && state !== "closed" && state !== "disconnected") return;
    const wasConnected = this.state === "connected";
    const reason: CloseReason = wasConnected
      ? { code: "client_closed", message: "the client closed the connection, or was lost" }
      : { code: "ice_failed", message: "the connection could not be made" };
    // libdatachannel is in the middle of a callback: what closes it must wait until that has returned.
    setImmediate(() => void this.close(reason));
  }

  #drop(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }
}
