import {
  type CloseReason,
  Emitter,
  type RemoteCandidate,
  RoomKitError,
  type Unsubscribe,
  type WebRTCAcceptOptions,
  type WebRTCDataChannel,
  type WebRTCOffer,
  type WebRTCPeer,
  type WebRTCPeerStats,
  withTimeout,
} from "@roomkit/core";
import {
  Audio,
  type DataChannel,
  type Direction,
  PeerConnection,
  type RtcConfig,
  RtcpReceivingSession,
  type Track,
} from "node-datachannel";
import { changeCandidates } from "./answer.ts";
import { Channel } from "./channel.ts";
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
  readonly channel: WebRTCDataChannel;
  readonly connected: undefined;
  readonly closed: CloseReason;
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

/** One client on libdatachannel. */
export class NodeDataChannelPeer implements WebRTCPeer {
  answer = "";
  readonly #options: PeerOptions;
  readonly #events: Emitter<PeerEvents>;
  readonly #connection: PeerConnection;
  readonly #channels = new Set<Channel>();
  readonly #streams = new Set<number>();
  readonly #dropped = new Map<string, number>();
  readonly #gathered: Promise<void>;
  #track: Track | undefined;
  #state: "connecting" | "connected" | "closed" = "connecting";
  #reason: CloseReason | undefined;
  #candidates = 0;
  #received = 0;
  #rtpReceived = 0;
  #rtpSent = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    const { name, config, onListenerError } = options;
    this.#events = new Emitter<PeerEvents>(onListenerError);
    const connection = new PeerConnection(name, config);
    this.#connection = connection;
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
    return this.#state;
  }

  get stats(): WebRTCPeerStats {
    // libdatachannel checks the client's consent itself (RFC 7675) and tells when it is gone, but not of each check: so what
    // it calls connected counts as a sign of life.
    if (this.#state === "connected") this.#received++;
    return {
      received: this.#received,
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
    await withTimeout(this.#gathered, GATHER_MS, { what: "gathering addresses" });
    const sdp = this.#connection.localDescription()?.sdp ?? "";
    if (!/^a=candidate:/m.test(sdp)) {
      throw new RoomKitError("no_free_port", "no UDP port is free for another connection", { retryable: true });
    }
    this.answer = changeCandidates(sdp, { loopback, announcedAddress });
    for (const candidate of offer.candidates) this.addCandidate(candidate);
  }

  addCandidate(candidate: RemoteCandidate): void {
    const { offer, accept } = this.#options;
    if (this.#state === "closed" || this.#candidates >= accept.limits.remoteAddresses) return;
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
    if (this.#state !== "connected" || !this.#track) return false;
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

  onDataChannel(listener: (channel: WebRTCDataChannel) => void): Unsubscribe {
    return this.#events.on("channel", listener);
  }

  onConnected(listener: () => void): Unsubscribe {
    if (this.#state !== "connected") return this.#events.on("connected", listener);
    listener();
    return () => {};
  }

  onClosed(listener: (reason: CloseReason) => void): Unsubscribe {
    if (!this.#reason) return this.#events.on("closed", listener);
    listener(this.#reason);
    return () => {};
  }

  async close(
    reason: CloseReason = { code: "server_closed", message: "the server closed the connection" },
  ): Promise<void> {
    if (this.#reason) return;
    this.#reason = reason;
    this.#state = "closed";
    for (const channel of [...this.#channels]) channel.close();
    try {
      this.#track?.close();
      this.#connection.close();
    } catch (error) {
      this.#options.onListenerError(error);
    }
    this.#events.emit("closed", reason);
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
    // Tells the client what is lost; a browser's Opus encoder spends on FEC accordingly.
    this.#track.setMediaHandler(new RtcpReceivingSession());
    this.#track.onMessage(safe(onListenerError, (data: Buffer) => this.#onRtp(data)));
  }

  #onRtp(data: Buffer): void {
    // RFC 5761, 4: payload types 64 to 95 in the second byte are RTCP.
    const type = (data[1] ?? 0) & 0x7f;
    if (data.length < 12 || (type >= 64 && type <= 95)) return;
    const ssrc = data.readUInt32BE(8);
    if (!this.#streams.has(ssrc)) {
      if (this.#streams.size >= this.#options.accept.limits.streams) {
        this.#drop("srtp_too_many_streams");
        return;
      }
      this.#streams.add(ssrc);
    }
    this.#received++;
    this.#rtpReceived++;
    this.#events.emit("rtp", Uint8Array.from(data));
  }

  #onChannel(native: DataChannel): void {
    const { accept, onListenerError } = this.#options;
    if (this.#channels.size >= accept.limits.dataChannels || native.getLabel().length > MAX_LABEL) {
      this.#drop("too_many_channels");
      native.close();
      return;
    }
    const channel = new Channel(native, {
      limits: accept.limits,
      onActivity: () => this.#received++,
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
    if (state === "connected" && this.#state === "connecting") {
      this.#state = "connected";
      this.#events.emit("connected", undefined);
      return;
    }
    if (state !== "failed" && state !== "closed" && state !== "disconnected") return;
    const wasConnected = this.#state === "connected";
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
