/**
 * The parts of werift 0.24 this engine uses that its types keep private. All of them were read in its source; a newer
 * version is taken only after that reading is done again (the dependency is pinned to the minor version).
 */
import type { Candidate, RTCDtlsTransport, RTCIceTransport, RTCSctpTransport, StunProtocol } from "werift";

/** An ICE candidate pair. */
export interface PairInternals {
  readonly remoteAddr: readonly [string, number];
  readonly responsesReceived: number;
  readonly protocol: StunProtocol;
  /** werift's CandidatePairState. */
  readonly state: number;
  nominated: boolean;
}

/** CandidatePairState.SUCCEEDED */
export const PAIR_SUCCEEDED = 3;

/** werift's ICE agent. */
export interface IceInternals {
  stunServer: unknown;
  turnServer: unknown;
  localUsername: string;
  localPassword: string;
  userHistory: Record<string, string>;
  iceControlling: boolean;
  protocols: StunProtocol[];
  localCandidates: Candidate[];
  localCandidatesStart: boolean;
  localCandidatesEnd: boolean;
  readonly checkList: readonly PairInternals[];
  readonly nominated: PairInternals | undefined;
  readonly onData: { execute: (data: Buffer) => void };
  send(data: Buffer): Promise<void>;
  setRemoteParams(parameters: { iceLite: boolean; usernameFragment: string; password: string }): void;
  addRemoteCandidate(candidate: Candidate): Promise<void>;
  ensureProtocol(protocol: StunProtocol): void;
  resetNominatedPair(): void;
  checkComplete(pair: PairInternals): void;
}

/** What a STUN protocol object needs of its transport. */
export interface ProtocolTransport {
  readonly type: "udp";
  readonly socketType: "udp4" | "udp6";
  closed: boolean;
  readonly address: { readonly address: string; readonly port: number; readonly family: string };
  send(data: Buffer, address: readonly [string, number]): Promise<void>;
  close(): Promise<void>;
}

/** werift's SCTP association. */
export interface SctpInternals {
  readonly transport: { send: (data: Buffer) => Promise<void> };
  readonly associationState: number;
  readonly advertisedRwnd: number;
  readonly sackMisOrdered: ReadonlySet<number>;
  readonly outboundQueue: readonly unknown[];
  readonly onReceive: {
    allUnsubscribe(): void;
    subscribe(listener: (streamId: number, protocol: number, data: Buffer) => void): unknown;
  };
  readonly onReconfigStreams: { subscribe(listener: (streamIds: readonly number[]) => void): unknown };
  readonly stateChanged: { readonly closed: { subscribe(listener: () => void): unknown } };
  reconfigQueue: number[];
  handleData(data: Buffer): Promise<void>;
  send(
    streamId: number,
    protocol: number,
    data: Buffer,
    options: { expiry: number | undefined; maxRetransmits: number | undefined; ordered: boolean },
  ): Promise<void>;
  transmitReconfigRequest(): Promise<void>;
}

export function iceInternals(ice: RTCIceTransport): IceInternals {
  return ice.connection as unknown as IceInternals;
}

export function sctpInternals(sctp: RTCSctpTransport): SctpInternals {
  return sctp.sctp as unknown as SctpInternals;
}

/** Replaces how werift handles media: it keeps a router, receivers and RTCP loops per stream, none of which is wanted here. */
export function takeOverMedia(dtls: RTCDtlsTransport): void {
  dtls.startSrtp = () => {
    // A client with nothing but a data channel may agree on no SRTP profile.
    const profile = (dtls.dtls as unknown as { srtp: { srtpProfile?: number | undefined } }).srtp.srtpProfile;
    if (profile === undefined) return;
    dtls.updateSrtpSession();
    dtls.srtpStarted = true;
  };
}

interface SrtpContext {
  srtpSSRCStates: Record<number, { ssrc: number; rolloverCounter: number; lastSequenceNumber: number }>;
}

/**
 * Decrypts a packet whose sequence number has wrapped `rollovers` times. werift's own count loses its way when more than a hundred
 * packets around a wrap are missing, and then takes none any more; nor does it ever forget a stream.
 */
export function decryptSrtp(dtls: RTCDtlsTransport, packet: Buffer, rollovers: number): Buffer {
  const { remoteContext } = dtls.srtp as unknown as { remoteContext: SrtpContext };
  const ssrc = packet.readUInt32BE(8);
  // It counts from the second packet on: this is the first, each time.
  remoteContext.srtpSSRCStates = { [ssrc]: { ssrc, rolloverCounter: rollovers, lastSequenceNumber: 0 } };
  return dtls.srtp.decrypt(packet);
}

/** Decrypts RTCP; undefined when it is not authentic. */
export function decryptSrtcp(dtls: RTCDtlsTransport, packet: Buffer): Buffer | undefined {
  try {
    return dtls.srtcp.decrypt(packet);
  } catch {
    return undefined;
  }
}

/** Gives a STUN message to the agent as if it came from the protocol's socket. */
export function giveStun(protocol: StunProtocol, message: Buffer, address: string, port: number): void {
  (protocol as unknown as { datagramReceived(data: Buffer, from: [string, number]): void }).datagramReceived(message, [
    address,
    port,
  ]);
}

/** DTLS content type of handshakes (RFC 6347, 4.1), and the type of a HelloVerifyRequest (4.3.2). */
const HANDSHAKE = 22;
const HELLO_VERIFY_REQUEST = 3;

/**
 * Takes the second HelloVerifyRequest away from werift's DTLS client, which gives up at it. It comes whenever the first one took longer than
 * the client waits before it says hello again: half a second, on a slow network or at a busy server.
 */
export function helloVerifiedOnce(deliver: (datagram: Buffer) => void): (datagram: Buffer) => void {
  let seen = false;
  return (datagram) => {
    const asks = datagram[0] === HANDSHAKE && datagram.length > 13 && datagram[13] === HELLO_VERIFY_REQUEST;
    // Of a later epoch it is encrypted, and says nothing of the kind.
    const verifies = asks && datagram.readUInt16BE(3) === 0;
    if (verifies && seen) return;
    seen ||= verifies;
    deliver(datagram);
  };
}

/** Groups for keys in a handshake, as their numbers go (RFC 8422, 5.1.1). */
export const CURVES = { x25519: 29, p256: 23 } as const;
/** The extension that lists them. */
const SUPPORTED_GROUPS = 10;

/** Makes a DTLS client that was just started offer one group of keys: what its own list begins with is what servers take. */
export function offerCurve(dtls: RTCDtlsTransport, curve: number): void {
  const { extensions } = dtls.dtls as unknown as { extensions: { readonly type: number; data: Buffer }[] };
  const groups = extensions.find(({ type }) => type === SUPPORTED_GROUPS);
  if (groups) groups.data = Buffer.of(0, 2, curve >> 8, curve & 0xff);
}

interface DtlsSocketInternals {
  readonly connected: boolean;
  readonly cipher: { encryptPacket: (packet: { recordLayerHeader: { contentType: number } }) => unknown };
  send(data: Buffer): Promise<void>;
}

/** Tells the client that the connection ends (close_notify, RFC 5246, 7.2.1); werift itself just goes silent. */
export async function sendCloseNotify(dtls: RTCDtlsTransport): Promise<void> {
  const socket = dtls.dtls as unknown as DtlsSocketInternals | undefined;
  if (!socket?.connected) return;
  const { cipher } = socket;
  const encrypt = cipher.encryptPacket.bind(cipher);
  // werift only writes application data: the record it makes is relabelled before it is encrypted.
  cipher.encryptPacket = (packet) => {
    packet.recordLayerHeader.contentType = 21;
    return encrypt(packet);
  };
  try {
    await socket.send(Buffer.of(1, 0));
  } catch {
    // It was a courtesy: the client notices by itself, later.
  } finally {
    cipher.encryptPacket = encrypt;
  }
}

/** werift's SCTP_STATE.ESTABLISHED. */
export const SCTP_ESTABLISHED = 4;
/** SCTP_STATE.SHUTDOWN_PENDING: this and all after it are of an association that one of both ends. */
export const SCTP_ENDING = 5;
