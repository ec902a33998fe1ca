import type {
  CloseReason,
  WebRTCAcceptOptions,
  WebRTCDataChannel,
  WebRTCEngine,
  WebRTCOffer,
  WebRTCPeer,
} from "@roomkit/core";
import { type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { checkEqual } from "./equal.ts";

/** A client to talk to an engine with: a peer connection of any implementation, on this machine. */
export interface WebRTCEngineClient {
  /** Offers an audio section (Opus as payload type 111, both directions) and a data channel named `text`, as the transport hands offers on. */
  offer(): Promise<WebRTCOffer>;
  /** Applies the answer. */
  accept(answer: string): Promise<void>;
  /** Sends an RTP packet; its SSRC may be replaced by the client's own. */
  sendRtp(packet: Uint8Array): void;
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
  /** Real time one requirement may take, ms. Default 15,000. */
  readonly timeoutMs?: number | undefined;
}

const SSRC = 0x1234_5678;
const limits = { dataChannels: 3, messageBytes: 16_384, bufferedBytes: 65_536, remoteAddresses: 32, streams: 4 };

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

interface Bench {
  readonly engine: WebRTCEngine;
  readonly timeoutMs: number;
  call(change?: (offer: WebRTCOffer) => WebRTCOffer): Promise<Call>;
  connected(): Promise<Call>;
}

function acceptOptions(offer: WebRTCOffer): WebRTCAcceptOptions {
  const codecs = (offer.audio?.codecs ?? []).filter((c) => c.name === "opus");
  return { audio: { direction: "sendrecv", codecs, ssrc: SSRC }, loopback: true, limits };
}

function rtpPacket(sequence: number, payload: Uint8Array, marker = false): Uint8Array {
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

/** Everything of a packet but its source: marker, payload type, sequence number, timestamp, payload. */
const facts = (packet: Uint8Array): unknown => {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const start = 12 + ((packet[0] as number) & 15) * 4;
  const extension = ((packet[0] as number) & 0x10) === 0 ? 0 : 4 + view.getUint16(start + 2) * 4;
  return [packet[1], view.getUint16(2), view.getUint32(4), [...packet.subarray(start + extension)]];
};

const CASES: readonly (readonly [string, (bench: Bench) => Promise<void>])[] = [
  [
    "answers every section of an offer, with credentials, a fingerprint and an address",
    async ({ call }) => {
      const { peer, before } = await call();
      const { answer } = peer;
      const sections = [...answer.matchAll(/^m=(\w+) (\d+)/gm)].map((m) => m[1]);
      checkEqual(sections, ["audio", "application"], "the sections");
      for (const line of [
        "a=ice-ufrag:",
        "a=ice-pwd:",
        "a=fingerprint:sha-256 ",
        "a=setup:",
        "a=sendrecv",
        "a=rtcp-mux",
        `a=ssrc:${SSRC} `,
      ]) {
        check(answer.includes(line), `the answer lacks ${line}`);
      }
      check(
        /^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/im.test(answer),
        "the answer has no loopback candidate",
      );
      check(before.state === "connecting", `a new peer is ${before.state}`);
      check(!before.sent, "RTP cannot be sent before there is a connection");
    },
  ],
  [
    "answers with every codec it was told to, with or without parameters",
    async ({ engine, call }) => {
      const { client } = await call();
      const offer = await client.offer();
      const extra = { payloadType: 110, name: "telephone-event", clockRate: 48_000, channels: 1 };
      const pcmu = { payloadType: 0, name: "pcmu", clockRate: 8_000, channels: 1 };
      const audio = offer.audio as NonNullable<WebRTCOffer["audio"]>;
      const opus = audio.codecs.filter((c) => c.name === "opus").map((c) => ({ ...c, parameters: "minptime=10" }));
      const codecs = [...opus, pcmu, { ...extra, parameters: "0-15" }];
      const sdp = offer.sdp
        .replace(/^(m=audio .*)$/m, "$1 0 110")
        .replace(/^a=rtcp-mux$/m, "a=rtcp-mux\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000");
      const wide = { ...offer, sdp, audio: { ...audio, codecs: [...audio.codecs, pcmu, extra] } };
      const peer = await engine.accept(wide, {
        audio: { direction: "recvonly", codecs, ssrc: SSRC },
        loopback: true,
        limits,
      });
      for (const line of [
        /^m=audio \d+ \S+ 111 0 110\r?$/m,
        /^a=rtpmap:0 PCMU\/8000/im,
        /^a=fmtp:110 0-15/m,
        /^a=recvonly/m,
      ]) {
        check(line.test(peer.answer), `the answer lacks ${line}: ${peer.answer}`);
      }
      check(!peer.answer.includes("stereo=1"), "an answer says nothing of codecs but what it was told");
      check(!peer.answer.includes(`a=ssrc:${SSRC}`), "an answer that sends nothing names no stream");
    },
  ],
  [
    "carries RTP in both directions as it is",
    async ({ connected, timeoutMs }) => {
      const { peer, client, rtp } = await connected();
      const sent = [1, 2, 3, 5, 4].map((n) => rtpPacket(n, Uint8Array.of(n, 0, 255, 128), n === 1));
      for (const packet of sent) client.sendRtp(packet);
      await until(() => rtp.length === 5, timeoutMs, "receiving five packets");
      checkEqual(rtp.map(facts), sent.map(facts), "what was received");
      for (const packet of sent) check(peer.sendRtp(packet), "a packet must go out once connected");
      await until(() => client.rtp.length === 5, timeoutMs, "sending five packets");
      checkEqual(client.rtp.map(facts), sent.map(facts), "what was sent");
      check(peer.stats.rtpReceived === 5 && peer.stats.rtpSent === 5, "the counters must count");
    },
  ],
  [
    "carries text and bytes on a data channel",
    async ({ connected, timeoutMs }) => {
      const { client, channels, messages } = await connected();
      const channel = channels[0] as WebRTCDataChannel;
      checkEqual([channel.label, channel.closed], ["text", false], "the channel");
      const long = "ä".repeat(8_000);
      for (const message of ["hello", Uint8Array.of(0, 1, 255), long]) {
        check(channel.send(message), "a message within the limits must go out");
        client.send(message);
      }
      await until(() => messages.length === 3 && client.messages.length === 3, timeoutMs, "the messages");
      for (const got of [messages, client.messages]) {
        checkEqual(
          got.map((m) => (typeof m === "string" ? m : [...m])),
          ["hello", [0, 1, 255], long],
          "what came",
        );
      }
      check(!channel.send("x".repeat(limits.messageBytes + 1)), "a message beyond the limit must be refused");
    },
  ],
  [
    "bounds what waits to be sent",
    async ({ connected }) => {
      const { channels } = await connected();
      const channel = channels[0] as WebRTCDataChannel;
      let accepted = 0;
      while (accepted < 1_000 && channel.send("x".repeat(10_000))) accepted++;
      check(accepted < 1_000, "ten megabytes at once were accepted");
      check(channel.bufferedAmount <= limits.bufferedBytes, `${channel.bufferedAmount} bytes wait`);
    },
  ],
  [
    "gives no more channels than allowed",
    async ({ connected, timeoutMs }) => {
      const { client, channels, messages } = await connected();
      for (let i = 0; i < 12; i++) client.open(`extra ${i}`);
      await until(() => channels.length === limits.dataChannels, timeoutMs, "the allowed channels");
      client.send("still there");
      await until(() => messages.length === 1, timeoutMs, "a message afterwards");
      check(channels.length === limits.dataChannels, `${channels.length} channels were given`);
    },
  ],
  [
    "keeps connections apart",
    async ({ connected, timeoutMs }) => {
      const [one, two] = [await connected(), await connected()];
      one.client.send("from one");
      two.client.sendRtp(rtpPacket(9, Uint8Array.of(2)));
      await until(() => one.messages.length === 1 && two.rtp.length === 1, timeoutMs, "both");
      await one.peer.close();
      two.client.send("from two");
      await until(() => two.messages.length === 1, timeoutMs, "the other's message");
      checkEqual([two.messages, one.rtp.length, two.closed], [["from two"], 0, []], "what came");
    },
  ],
  [
    "shows signs of life while the client is there, speaking or not",
    async ({ connected, timeoutMs }) => {
      const { peer } = await connected();
      const before = peer.stats.received;
      // A transport looks once a second: looking must not be what counts.
      check(peer.stats.received === before, "a look at the counters is no sign of life");
      await until(() => peer.stats.received > before, timeoutMs, "a sign of life");
    },
  ],
  [
    "notices that the client closed",
    async ({ connected, timeoutMs }) => {
      const { peer, client, closed, channels } = await connected();
      await client.close();
      await until(() => closed.length > 0, timeoutMs, "noticing");
      checkEqual([peer.state, closed.length, channels[0]?.closed], ["closed", 1, true], "the peer");
      check(closed[0]?.code !== "server_closed", "it was not the server that closed");
    },
  ],
  [
    "ends once, with the reason given, and does nothing afterwards",
    async ({ connected }) => {
      const { peer, closed, channels } = await connected();
      await Promise.all([peer.close({ code: "draining", message: "" }), peer.close()]);
      await peer.close();
      checkEqual(
        closed.map((r) => r.code),
        ["draining"],
        "the ends",
      );
      let late: CloseReason | undefined;
      peer.onClosed((reason) => {
        late = reason;
      });
      check(late?.code === "draining", "a late listener must be called at once");
      check(!peer.sendRtp(rtpPacket(1, Uint8Array.of(1))) && channels[0]?.send("x") === false, "nothing may be sent");
    },
  ],
  [
    "survives listeners that throw",
    async ({ connected, timeoutMs }) => {
      const { peer, client, channels, messages, rtp } = await connected();
      peer.onRtp(() => {
        throw new Error("a listener's own");
      });
      channels[0]?.onMessage(() => {
        throw new Error("a listener's own");
      });
      client.sendRtp(rtpPacket(1, Uint8Array.of(1)));
      client.send("one");
      client.send("two");
      await until(() => messages.length === 2 && rtp.length === 1, timeoutMs, "what came");
    },
  ],
  [
    "never connects with another certificate than the offer's",
    async ({ call, timeoutMs }) => {
      const { closed, peer } = await call((offer) => ({
        ...offer,
        fingerprints: [{ algorithm: "sha-256", value: `${"AB:".repeat(31)}AB` }],
        sdp: offer.sdp.replaceAll(/a=fingerprint:sha-256 \S+/g, `a=fingerprint:sha-256 ${"AB:".repeat(31)}AB`),
      }));
      let connected = false;
      peer.onConnected(() => {
        connected = true;
      });
      await until(() => closed.length > 0, timeoutMs, "refusing");
      check(!connected, "it connected");
    },
  ],
  [
    "refuses when aborted or closed, and closes what it has",
    async ({ engine, connected, call, timeoutMs }) => {
      const { peer, client, closed } = await connected();
      const offer = await client.offer();
      const aborted = engine.accept(offer, { ...acceptOptions(offer), signal: AbortSignal.abort() });
      await checkRejects(aborted, "aborted", timeoutMs, "accepting with an aborted signal");
      await engine.close();
      checkEqual([peer.state, closed.length], ["closed", 1], "the peer of a closed engine");
      await checkRejects(call(), "closed", timeoutMs, "accepting on a closed engine");
      await engine.close();
    },
  ],
];

/** What every {@link WebRTCEngine} must do; see {@link ConformanceCase}. Uses real sockets on loopback. */
export function webrtcEngineConformance(options: WebRTCEngineConformanceOptions): readonly ConformanceCase[] {
  const { timeoutMs = 15_000 } = options;
  return CASES.map(([name, run]) => ({
    name,
    async run() {
      const engine = await options.open();
      const clients: WebRTCEngineClient[] = [];
      const call: Bench["call"] = async (change = (offer) => offer) => {
        const client = options.client();
        clients.push(client);
        const offer = change(await client.offer());
        const peer = await engine.accept(offer, acceptOptions(offer));
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
      const connected = async (): Promise<Call> => {
        const made = await call();
        await until(() => made.peer.state === "connected" && made.channels.length > 0, timeoutMs, "connecting");
        return made;
      };
      try {
        await within(run({ engine, timeoutMs, call, connected }), timeoutMs * 2, name);
      } finally {
        await Promise.all(clients.map((client) => client.close()));
        await engine.close();
      }
    },
  }));
}
