import { type WebRTCOffer, type WebRTCPeerLimits, withTimeout } from "@roomkit/core";
import type { ServerCertificate } from "./certificates.ts";
import { CURVES } from "./internals.ts";
import { PortAllocator } from "./net/port-range.ts";
import { type PeerPort, WeriftPeer } from "./peer.ts";
import { type IceCredentials, newCredentials } from "./transports.ts";

/** Connecting takes half a second when nothing is loaded yet, ms; a machine too busy for so long has no use for it. */
const REHEARSAL_MS = 5_000;
const ADDRESS = "127.0.0.1";
/** Seconds of speech each way, packets. */
const PACKETS = 50;
const OPUS = { payloadType: 111, name: "opus", clockRate: 48_000, channels: 2 } as const;
const LIMITS: WebRTCPeerLimits = {
  dataChannels: 1,
  messageBytes: 1_024,
  bufferedBytes: 1_024,
  remoteAddresses: 2,
  streams: 1,
};

/**
 * Calls of two peers of this engine with each other, on ports of loopback that the system chooses, and their ends: what the first call of a
 * process takes longer, code that is loaded and compiled late and tables of a curve, is then behind us. @throws what goes wrong, `timeout`,
 * or the signal's reason
 */
export async function rehearse(certificate: ServerCertificate, now: () => number, signal: AbortSignal): Promise<void> {
  // Browsers take the one, OpenSSL in its usual settings the other.
  for (const curve of Object.values(CURVES)) await call(curve, certificate, now, signal);
}

async function call(
  curve: number,
  certificate: ServerCertificate,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const ports = new PortAllocator(undefined);
  const peers: WeriftPeer[] = [];
  const peer = (offer: WebRTCOffer, ssrc: number, credentials?: IceCredentials): WeriftPeer => {
    const accept = {
      audio: { direction: "sendrecv" as const, codecs: [OPUS], ssrc },
      loopback: true,
      limits: LIMITS,
    };
    const made = new WeriftPeer({
      offer,
      accept,
      certificate: certificate.certificate,
      iceLite: false,
      now,
      credentials,
      curve: credentials && curve,
      onListenerError() {},
    });
    peers.push(made);
    return made;
  };
  const listen = async (to: WeriftPeer): Promise<PeerPort> => {
    let receive: ReturnType<WeriftPeer["attach"]> = () => "dropped";
    const port = await ports.bind(ADDRESS, (data, from, fromPort) => receive(data, from, fromPort));
    const peerPort = { port, address: ADDRESS, priority: 1, foundation: "1" };
    receive = to.attach(peerPort);
    return peerPort;
  };
  try {
    const caller = newCredentials();
    const callee = peer(offerOf(caller, certificate, "active"), 1);
    const its = { fragment: callee.localFragment, password: callee.localPassword };
    // Who is offered an agent that only answers does the asking.
    const asking = peer(offerOf(its, certificate, "passive"), 2, caller);
    const { port } = await listen(callee);
    await listen(asking);
    const connected = Promise.all(peers.map(connection));
    asking.addCandidate({
      foundation: "1",
      component: 1,
      priority: 1,
      address: ADDRESS,
      port: port.port,
      type: "host",
    });
    for (const each of peers) each.start();
    await withTimeout(connected, REHEARSAL_MS, { what: "a call with itself", signal });
    for (let i = 0; i < PACKETS; i++) for (const [ssrc, from] of peers.entries()) from.sendRtp(packet(ssrc + 1, i));
    // What was sent is taken in the turns that follow.
    await new Promise(setImmediate);
  } finally {
    await Promise.all(peers.map((each) => each.close()));
  }
}

function connection(peer: WeriftPeer): Promise<void> {
  return new Promise((resolve, reject) => {
    peer.onConnected(resolve);
    peer.onClosed(({ message }) => reject(new Error(message)));
  });
}

function offerOf(
  { fragment, password }: IceCredentials,
  { fingerprint }: ServerCertificate,
  setup: "active" | "passive",
): WebRTCOffer {
  return {
    sdp: "",
    media: ["audio", "data"],
    audio: { mid: "0", direction: "sendrecv", codecs: [OPUS] },
    data: { mid: "1", sctpPort: 5000, maxMessageSize: LIMITS.messageBytes },
    ice: { usernameFragment: fragment, password, lite: setup === "passive" },
    fingerprints: [fingerprint],
    setup,
    candidates: [],
  };
}

function packet(ssrc: number, sequence: number): Buffer {
  const data = Buffer.alloc(12 + 80);
  data[0] = 0x80;
  data[1] = OPUS.payloadType;
  data.writeUInt16BE(sequence, 2);
  data.writeUInt32BE(sequence * 960, 4);
  data.writeUInt32BE(ssrc, 8);
  return data;
}
