import {
  type CloseReason,
  Emitter,
  type ReceptionReport,
  RoomKitError,
  receptionReport,
  type WebRTCAcceptOptions,
  type WebRTCDataChannel,
  type WebRTCEngine,
  type WebRTCOffer,
  type WebRTCPeer,
} from "@roomkit/core";
import { settle } from "../settle.ts";
import { CLOSE_DEFECTS, HeldConnection, WARM_UP_DEFECTS } from "./close.fixture.ts";
import type { WebRTCEngineClient } from "./webrtc-engine-bench.ts";
import { MemoryChannel } from "./webrtc-engine-channel.fixture.ts";

/** What is wrong with an engine, and the requirement that must find it. */
export const DEFECTS = {
  "forgets the data section": "answers every section",
  "tells no address": "answers every section",
  "names codecs nobody told it": "answers with every codec",
  "numbers packets anew": "carries RTP in both directions",
  "takes RTP before there is a connection": "answers every section",
  "loses the last packet": "carries RTP in both directions",
  "takes reports for RTP": "tells what its client reports",
  "takes every report for its own": "tells what its client reports",
  "makes bytes text": "carries text and bytes",
  "sends messages of any size": "carries text and bytes",
  "buffers without end": "bounds what waits",
  "gives any number of channels": "gives no more channels",
  "mixes connections up": "keeps connections apart",
  "shows no sign of life": "shows signs of life",
  "takes a look for a sign of life": "shows signs of life",
  "does not notice a client's end": "notices that the client closed",
  "ends twice": "ends once, with the reason given",
  "forgets who comes late": "ends once, with the reason given",
  "stops at a listener that throws": "survives listeners that throw",
  "takes any certificate": "never connects with another certificate",
  "accepts when aborted": "refuses when aborted",
  "accepts after its end": "refuses with `closed`",
  "leaves its peers open": "ends what runs with `closed`",
  "is closed before its peers are": "closes when it is told twice at once",
  "leaves what it is accepting": "ends what has only begun",
  ...CLOSE_DEFECTS,
  ...WARM_UP_DEFECTS,
} as const;
export type Defect = keyof typeof DEFECTS;

const FINGERPRINT = `${"01:".repeat(31)}01`;

/** A network of its own: engines and clients that meet in memory. */
export class MemoryNetwork {
  readonly #peers = new Map<string, MemoryPeer>();
  #count = 0;
  readonly #defect: Defect | undefined;

  constructor(defect?: Defect) {
    this.#defect = defect;
  }

  is(defect: Defect): boolean {
    return this.#defect === defect;
  }

  /** Sockets of its engines. */
  readonly sockets = { open: 0 };

  engine(): WebRTCEngine {
    const open = new Set<MemoryPeer>();
    let closed = false;
    const socket = new HeldConnection(this.sockets, this.#defect, async () => {
      closed = true;
      const ending = async (): Promise<void> => {
        if (this.is("is closed before its peers are")) await settle(5);
        await Promise.all([...open].map((peer) => peer.close()));
      };
      if (this.is("leaves its peers open")) return;
      if (this.is("is closed before its peers are")) void ending();
      else await ending();
    });
    return {
      name: "memory",
      accept: async (offer, options) => {
        const refuse = (): void => {
          if (closed && !this.is("accepts after its end")) throw new RoomKitError("closed", "closed");
        };
        refuse();
        if (options.signal?.aborted && !this.is("accepts when aborted")) throw new RoomKitError("aborted", "aborted");
        await settle(3);
        if (!this.is("leaves what it is accepting")) refuse();
        const id = `peer${++this.#count}`;
        const peer = new MemoryPeer(this, id, offer, options);
        this.#peers.set(id, peer);
        open.add(peer);
        return peer;
      },
      warmUp: () => socket.warmUp(),
      close: () => socket.close(),
    };
  }

  client(): WebRTCEngineClient {
    const rtp: Uint8Array[] = [];
    const messages: (string | Uint8Array)[] = [];
    let peer: MemoryPeer | undefined;
    let text: MemoryChannel | undefined;
    return {
      offer: async () => ({
        sdp: `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\na=fingerprint:sha-256 ${FINGERPRINT}\r\nm=application 9 x\r\n`,
        media: ["audio", "data"],
        audio: {
          mid: "0",
          direction: "sendrecv",
          codecs: [{ payloadType: 111, name: "opus", clockRate: 48_000, channels: 2 }],
        },
        data: { mid: "1", sctpPort: 5_000, maxMessageSize: 65_536 },
        ice: { usernameFragment: "abcd", password: "0123456789012345678901", lite: false },
        fingerprints: [{ algorithm: "sha-256", value: FINGERPRINT }],
        setup: "actpass",
        candidates: [],
      }),
      accept: async (answer) => {
        const id = /a=x-peer:(\w+)/.exec(answer)?.[1] ?? "";
        peer = this.is("mixes connections up") ? [...this.#peers.values()][0] : this.#peers.get(id);
        peer?.meet({ onRtp: (packet) => rtp.push(packet), onMessage: (message) => messages.push(message) });
        text = peer?.open("text");
      },
      sendRtp: (packet) => peer?.arrive(packet),
      sendRtcp: (packet) => peer?.report(packet),
      rtp,
      send: (message) => text?.arrive(message),
      messages,
      open: (label) => void peer?.open(label),
      close: async () => {
        if (!this.is("does not notice a client's end")) await peer?.close({ code: "client_closed", message: "" });
      },
    };
  }
}

interface FarEnd {
  onRtp(packet: Uint8Array): void;
  onMessage(message: string | Uint8Array): void;
}

class MemoryPeer implements WebRTCPeer {
  readonly answer: string;
  state: WebRTCPeer["state"] = "connecting";
  readonly #network: MemoryNetwork;
  readonly #offer: WebRTCOffer;
  readonly #options: WebRTCAcceptOptions;
  readonly #listeners = {
    rtp: [] as ((packet: Uint8Array) => void)[],
    report: [] as ((report: ReceptionReport) => void)[],
    channel: [] as ((channel: WebRTCDataChannel) => void)[],
  };
  readonly #events = new Emitter<{ connected: undefined; closed: CloseReason }>();
  readonly #channels: MemoryChannel[] = [];
  #far: FarEnd | undefined;
  #reason: CloseReason | undefined;
  #received = 0;
  #rtpReceived = 0;
  #rtpSent = 0;

  constructor(network: MemoryNetwork, id: string, offer: WebRTCOffer, options: WebRTCAcceptOptions) {
    this.#network = network;
    this.#offer = offer;
    this.#options = options;
    const { codecs, direction, ssrc } = options.audio ?? { codecs: [], direction: "inactive", ssrc: 0 };
    const sends = direction === "sendrecv" || direction === "sendonly";
    const lines = [
      `m=audio 9 UDP/TLS/RTP/SAVPF ${codecs.map((c) => c.payloadType).join(" ")}`,
      "a=ice-ufrag:x",
      "a=ice-pwd:x",
      "a=fingerprint:sha-256 x",
      "a=setup:passive",
      `a=${direction}`,
      "a=rtcp-mux",
      ...codecs.flatMap((c) => [
        `a=rtpmap:${c.payloadType} ${c.name}/${c.clockRate}`,
        ...(c.parameters ? [`a=fmtp:${c.payloadType} ${c.parameters}`] : []),
      ]),
      ...(network.is("names codecs nobody told it") ? ["a=fmtp:111 stereo=1"] : []),
      ...(sends ? [`a=ssrc:${ssrc} cname:x`] : []),
      ...(network.is("tells no address") ? [] : ["a=candidate:1 1 udp 1 127.0.0.1 5000 typ host"]),
      `a=x-peer:${id}`,
      ...(network.is("forgets the data section") ? [] : ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]),
    ];
    this.answer = lines.join("\r\n");
    // What a client sends by itself: checks, reports.
    const alive = setInterval(() => this.#received++, 5);
    this.onClosed(() => clearInterval(alive));
    if (network.is("shows no sign of life")) clearInterval(alive);
  }

  get network(): MemoryNetwork {
    return this.#network;
  }

  get limits(): WebRTCAcceptOptions["limits"] {
    return this.#options.limits;
  }

  get far(): FarEnd | undefined {
    return this.#far;
  }

  get stats(): WebRTCPeer["stats"] {
    if (this.#network.is("takes a look for a sign of life")) this.#received++;
    return {
      received: this.#received,
      rtpReceived: this.#rtpReceived,
      rtpSent: this.#rtpSent,
      dropped: {},
      remoteAddresses: 1,
    };
  }

  addCandidate(): void {}

  /** The client applied the answer. */
  meet(far: FarEnd): void {
    this.#far = far;
    const genuine = this.#offer.fingerprints.some((f) => f.value === FINGERPRINT);
    if (!genuine && !this.#network.is("takes any certificate")) {
      void this.close({ code: "dtls_failed", message: "" });
      return;
    }
    this.state = "connected";
    this.#events.emit("connected", undefined);
    if (!genuine) void this.close({ code: "dtls_failed", message: "" });
  }

  open(label: string): MemoryChannel | undefined {
    if (this.state !== "connected") return undefined;
    const full = this.#channels.length >= this.#options.limits.dataChannels;
    if (full && !this.#network.is("gives any number of channels")) return undefined;
    const channel = new MemoryChannel(this, label, this.#channels.length);
    this.#channels.push(channel);
    for (const listener of this.#listeners.channel) listener(channel);
    return channel;
  }

  arrive(packet: Uint8Array): void {
    if (this.state !== "connected") return;
    this.#rtpReceived++;
    const last = (packet[3] as number) === 4 && this.#network.is("loses the last packet");
    const changed = Uint8Array.from(packet);
    if (this.#network.is("numbers packets anew")) changed[3] = this.#rtpReceived;
    if (!last) this.tell(this.#listeners.rtp, changed);
  }

  report(packet: Uint8Array): void {
    if (this.#network.is("takes reports for RTP")) this.arrive(packet);
    const own = this.#options.audio?.ssrc ?? 0;
    const others = this.#network.is("takes every report for its own") ? [own + 1] : [];
    for (const ssrc of [own, ...others]) {
      const report = receptionReport(packet, ssrc);
      if (report) this.tell(this.#listeners.report, report);
    }
  }

  /** Calls listeners; one that throws stops only a defective engine. */
  tell<T>(listeners: readonly ((value: T) => void)[], value: T): void {
    for (const listener of this.#network.is("stops at a listener that throws") ? [...listeners].reverse() : listeners) {
      try {
        listener(value);
      } catch {
        if (this.#network.is("stops at a listener that throws")) return;
      }
    }
  }

  sendRtp(packet: Uint8Array): boolean {
    if (this.state !== "connected")
      return this.#network.is("takes RTP before there is a connection") && this.state === "connecting";
    this.#rtpSent++;
    this.#far?.onRtp(Uint8Array.from(packet));
    return true;
  }

  onRtp(listener: (packet: Uint8Array) => void): () => void {
    this.#listeners.rtp.push(listener);
    return () => {};
  }

  onReport(listener: (report: ReceptionReport) => void): () => void {
    this.#listeners.report.push(listener);
    return () => {};
  }

  onDataChannel(listener: (channel: WebRTCDataChannel) => void): () => void {
    this.#listeners.channel.push(listener);
    return () => {};
  }

  onConnected(listener: () => void): () => void {
    if (this.state === "connected" || this.#network.is("takes any certificate")) listener();
    return this.#events.on("connected", () => listener());
  }

  onClosed(listener: (reason: CloseReason) => void): () => void {
    if (this.#reason && !this.#network.is("forgets who comes late")) {
      listener(this.#reason);
      return () => {};
    }
    return this.#events.on("closed", listener);
  }

  async close(reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    if (this.#reason && !this.#network.is("ends twice")) return;
    this.#reason = reason;
    this.state = "closed";
    for (const channel of this.#channels) channel.close();
    this.#events.emit("closed", reason);
  }
}
