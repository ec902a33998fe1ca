import { isIPv6 } from "node:net";
import {
  type CloseReason,
  ConnectionLife,
  Emitter,
  type ReceptionReport,
  type RemoteCandidate,
  type Unsubscribe,
  type WebRTCAcceptOptions,
  type WebRTCDataChannel,
  type WebRTCOffer,
  type WebRTCPeer,
  type WebRTCPeerStats,
} from "@roomkit/core";
import {
  Candidate,
  type RTCCertificate,
  type RTCDtlsTransport,
  type RTCIceTransport,
  RTCSctpTransport,
  RtpHeader,
  StunProtocol,
} from "werift";
import { DataChannels } from "./data-channels.ts";
import { EarlyPackets } from "./early-packets.ts";
import { InboundMedia } from "./inbound-media.ts";
import {
  giveStun,
  helloVerifiedOnce,
  type IceInternals,
  iceInternals,
  offerCurve,
  PAIR_SUCCEEDED,
  type PairInternals,
  type ProtocolTransport,
  sctpInternals,
  sendCloseNotify,
} from "./internals.ts";
import { type GateResult, SessionGate } from "./net/session-gate.ts";
import type { DatagramPort } from "./net/udp-socket.ts";
import { type IceCredentials, newCredentials, openDtls, openIce } from "./transports.ts";

/** After this long without a request on the selected address, another that the client nominates takes its place. */
const SWITCH_AFTER_MS = 2_000;

/** A socket of the session and what the client is told of it. */
export interface PeerPort {
  readonly port: DatagramPort & { noteTransaction?(id: string): void };
  /** The address to advertise. */
  readonly address: string;
  readonly priority: number;
  readonly foundation: string;
}

export interface WeriftPeerOptions {
  readonly offer: WebRTCOffer;
  readonly accept: WebRTCAcceptOptions;
  readonly certificate: RTCCertificate;
  readonly iceLite: boolean;
  readonly now: () => number;
  /** Default: random. */
  readonly credentials?: IceCredentials | undefined;
  /** The one group of keys it offers when it begins the handshake. Default: all that werift has. */
  readonly curve?: number | undefined;
  readonly onListenerError: (error: unknown) => void;
}

interface PeerEvents {
  readonly rtp: Uint8Array;
  readonly report: ReceptionReport;
  readonly channel: WebRTCDataChannel;
}

/**
 * One client on werift's ICE, DTLS, SRTP and SCTP, without its peer connection: the offer was taken apart and the answer is
 * written by this package, sockets are ours, and every datagram passes the gate first.
 */
export class WeriftPeer implements WebRTCPeer {
  answer = "";
  readonly localFragment: string;
  readonly localPassword: string;
  readonly #options: WeriftPeerOptions;
  readonly #life: ConnectionLife;
  readonly #events: Emitter<PeerEvents>;
  readonly #ice: RTCIceTransport;
  readonly #agent: IceInternals;
  readonly #dtls: RTCDtlsTransport;
  readonly #sctp: RTCSctpTransport | undefined;
  readonly #channels: DataChannels | undefined;
  readonly #gate: SessionGate;
  readonly #inbound: InboundMedia;
  readonly #ports: DatagramPort[] = [];
  #rtpSent = 0;
  #closing: Promise<void> | undefined;
  /** Nothing is sent or taken any more; what it had may yet be going. */
  #gone = false;
  readonly #toDtls: EarlyPackets;
  #toSctp: EarlyPackets | undefined;

  constructor(options: WeriftPeerOptions) {
    this.#options = options;
    const { offer, accept, certificate, iceLite } = options;
    const { fragment, password } = options.credentials ?? newCredentials();
    this.localFragment = fragment;
    this.localPassword = password;
    this.#life = new ConnectionLife(options.onListenerError);
    this.#events = new Emitter<PeerEvents>(options.onListenerError);
    this.#ice = openIce(offer, iceLite, { fragment: this.localFragment, password: this.localPassword });
    this.#agent = iceInternals(this.#ice);
    this.#dtls = openDtls(this.#ice, offer, certificate);
    const deliver = (datagram: Buffer): void => this.#agent.onData.execute(datagram);
    this.#toDtls = new EarlyPackets(this.#dtls.role === "client" ? helloVerifiedOnce(deliver) : deliver);
    this.#gate = new SessionGate({
      localFragment: this.localFragment,
      localPassword: this.localPassword,
      remoteFragment: offer.ice.usernameFragment,
      remoteAddresses: accept.limits.remoteAddresses,
      now: options.now,
      onDtls: (datagram) => this.#toDtls.receive(datagram),
      onSrtp: (packet) => this.#receiveSrtp(packet),
      isValidated: (address, port) => this.#pairAt(address, port, (pair) => pair.responsesReceived > 0) !== undefined,
      established: () => this.#dtls.dtls?.connected === true,
      onNominated: (address, port) => this.#considerSwitch(address, port),
    });
    this.#inbound = new InboundMedia({
      dtls: this.#dtls,
      accept,
      now: options.now,
      onRtp: (packet) => this.#events.emit("rtp", packet),
      onReport: (report) => this.#events.emit("report", report),
      onAuthentic: () => this.#gate.noteAuthentic(),
      onDrop: (reason) => void this.#gate.drop(reason),
      reply: (report) => void this.#agent.send(this.#dtls.srtcp.encrypt(report)).catch(() => {}),
    });
    if (offer.data) {
      this.#sctp = new RTCSctpTransport(5000, accept.limits.messageBytes);
      this.#sctp.setDtlsTransport(this.#dtls);
      const association = sctpInternals(this.#sctp);
      association.transport.send = async (data) => {
        if (this.state === "connected") await this.#dtls.sendData(data).catch(() => {});
      };
      const channels = new DataChannels({
        sctp: association,
        limits: accept.limits,
        remoteMaxMessageSize: offer.data.maxMessageSize,
        onChannel: (channel) => this.#events.emit("channel", channel),
        onDrop: (reason) => void this.#gate.drop(reason),
        onEnd: () => void this.close({ code: "client_closed", message: "the client closed the connection" }),
        onAbuse: (message) => void this.close({ code: "protocol_error", message }),
        onListenerError: options.onListenerError,
      });
      this.#channels = channels;
      const toSctp = new EarlyPackets((packet) => channels.handlePacket(packet));
      this.#toSctp = toSctp;
      this.#dtls.dataReceiver = (packet) => toSctp.receive(packet);
    }
    this.#ice.onStateChange.subscribe((state) => {
      // Our consent checks are not answered any more (RFC 7675), so that nothing may be sent.
      if (state === "failed" && this.state === "connected") {
        void this.close({ code: "client_lost", message: "the client does not answer any more" });
      }
    });
    this.#dtls.onStateChange.subscribe((state) => {
      if (state === "closed") void this.close({ code: "client_closed", message: "the client closed the connection" });
      else if (state === "failed") void this.close({ code: "dtls_failed", message: "the DTLS handshake failed" });
    });
  }

  get state(): "connecting" | "connected" | "closed" {
    return this.#gone ? "closed" : this.#life.state;
  }

  get stats(): WebRTCPeerStats {
    return {
      received: this.#gate.received,
      rtpReceived: this.#inbound.received,
      rtpSent: this.#rtpSent,
      dropped: this.#gate.dropped,
      remoteAddresses: this.#remoteAddresses,
    };
  }

  /** Makes a socket of the session part of its ICE agent; returns what takes the socket's datagrams. */
  attach(peerPort: PeerPort): (data: Buffer, address: string, port: number) => GateResult {
    const { port } = peerPort;
    const protocol = new StunProtocol();
    const transport: ProtocolTransport = {
      type: "udp",
      socketType: isIPv6(port.address) ? "udp6" : "udp4",
      closed: false,
      address: { address: port.address, port: port.port, family: isIPv6(port.address) ? "IPv6" : "IPv4" },
      send: async (data, [address, remotePort]) => {
        const id = this.#gate.noteSent(data);
        if (id !== undefined) port.noteTransaction?.(id);
        port.send(data, remotePort, address);
      },
      close: () => port.close(),
    };
    protocol.transport = transport as unknown as StunProtocol["transport"];
    protocol.localIp = port.address;
    protocol.localCandidate = new Candidate(
      peerPort.foundation,
      1,
      "udp",
      peerPort.priority,
      peerPort.address,
      port.port,
      "host",
    );
    protocol.localCandidate.generation = 0;
    protocol.localCandidate.ufrag = this.localFragment;
    this.#agent.ensureProtocol(protocol);
    this.#agent.protocols.push(protocol);
    this.#agent.localCandidates.push(protocol.localCandidate);
    this.#ports.push(port);
    const onStun = (message: Buffer, address: string, remotePort: number): void => {
      giveStun(protocol, message, address, remotePort);
    };
    return (data, address, remotePort) =>
      this.state === "closed" ? "dropped" : this.#gate.handle(data, address, remotePort, onStun);
  }

  /** Begins ICE, then DTLS, then SCTP; what fails closes the peer. */
  start(): void {
    for (const candidate of this.#options.offer.candidates) this.addCandidate(candidate);
    this.#connect().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : "the connection failed";
      void this.close({ code: this.#dtls.state === "new" ? "ice_failed" : "dtls_failed", message });
    });
  }

  async #connect(): Promise<void> {
    await this.#ice.start();
    if (this.state === "closed") return;
    const handshake = this.#dtls.start();
    const { curve } = this.#options;
    if (curve !== undefined) offerCurve(this.#dtls, curve);
    // The client may begin the handshake before our own check of its address is answered.
    this.#toDtls.begin();
    await handshake;
    if (this.state !== "connecting") return;
    this.#life.connect();
    const associated = this.#sctp?.start(this.#options.offer.data?.sctpPort ?? 5000);
    // Its INIT comes as soon as the client is done with the handshake: before we have looked at its certificate.
    this.#toSctp?.begin();
    await associated;
  }

  addCandidate(candidate: RemoteCandidate): void {
    if (this.state === "closed" || this.#remoteAddresses >= this.#options.accept.limits.remoteAddresses) return;
    const { foundation, component, priority, address, port, type } = candidate;
    this.#agent
      .addRemoteCandidate(new Candidate(foundation, component, "udp", priority, address, port, type))
      .catch(() => this.#gate.drop("candidate"));
  }

  sendRtp(packet: Uint8Array): boolean {
    if (this.state !== "connected" || !this.#dtls.srtpStarted) return false;
    const data = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    const header = new RtpHeader({
      marker: ((data[1] as number) & 0x80) !== 0,
      payloadType: (data[1] as number) & 0x7f,
      sequenceNumber: data.readUInt16BE(2),
      timestamp: data.readUInt32BE(4),
      ssrc: data.readUInt32BE(8),
    });
    this.#agent.send(this.#dtls.srtp.encrypt(data.subarray(12), header)).catch(() => {});
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

  close(reason: CloseReason = { code: "server_closed", message: "the server closed the connection" }): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: CloseReason): Promise<void> {
    // Not in this turn: what is closed below tells of it, and would come back here before this promise is known.
    await Promise.resolve();
    // The abort of the data channels, then the alert: each tells the client at once what it would else find out in 8 to 30 s.
    await this.#sctp?.stop().catch(() => {});
    await sendCloseNotify(this.#dtls);
    this.#gone = true;
    this.#channels?.close();
    await this.#dtls.stop().catch(() => {});
    await Promise.all(this.#ports.map((port) => port.close()));
    this.#life.end(reason);
    this.#events.clear();
  }

  #receiveSrtp(data: Buffer): void {
    if (this.state !== "connected" || !this.#dtls.srtpStarted) this.#gate.drop("srtp_early");
    else this.#inbound.receive(data);
  }

  /** Each may be in a pair with every socket of ours. */
  get #remoteAddresses(): number {
    return new Set(this.#agent.checkList.map((pair) => pair.remoteAddr.join(" "))).size;
  }

  #pairAt(address: string, port: number, fits: (pair: PairInternals) => boolean): PairInternals | undefined {
    return this.#agent.checkList.find((p) => p.remoteAddr[1] === port && p.remoteAddr[0] === address && fits(p));
  }

  /** The client's network changed: it nominates another address while the one in use has gone silent (werift keeps the first). */
  #considerSwitch(address: string, port: number): void {
    const { nominated } = this.#agent;
    if (!nominated) return;
    const [usedAddress, usedPort] = nominated.remoteAddr;
    if (usedAddress === address && usedPort === port) return;
    const last = this.#gate.lastRequestFrom(usedAddress, usedPort);
    if (last !== undefined && this.#options.now() - last < SWITCH_AFTER_MS) return;
    const pair = this.#pairAt(address, port, (p) => p.state === PAIR_SUCCEEDED);
    if (!pair) return;
    this.#agent.resetNominatedPair();
    pair.nominated = true;
    this.#agent.checkComplete(pair);
  }
}
