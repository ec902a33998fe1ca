import {
  assertOptions,
  type CloseReason,
  type ReceptionReport,
  type WebRTCDataChannel,
  type WebRTCOffer,
} from "@roomkit/core";
import { type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { checkEqual } from "./equal.ts";
import {
  acceptOptions,
  EngineBench,
  limits,
  receiverReport,
  rtpPacket,
  SSRC,
  type WebRTCEngineConformanceOptions,
} from "./webrtc-engine-bench.ts";

/** Everything of a packet but its source: marker, payload type, sequence number, timestamp, payload. */
const facts = (packet: Uint8Array): unknown => {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const start = 12 + ((packet[0] as number) & 15) * 4;
  const extension = ((packet[0] as number) & 0x10) === 0 ? 0 : 4 + view.getUint16(start + 2) * 4;
  return [packet[1], view.getUint16(2), view.getUint32(4), [...packet.subarray(start + extension)]];
};

const CASES: readonly (readonly [string, (bench: EngineBench) => Promise<void>])[] = [
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
    "tells what its client reports of what it was sent, and takes no report for audio",
    async ({ connected, timeoutMs }) => {
      const { peer, client, rtp } = await connected();
      if (!peer.onReport || !client.sendRtcp) return;
      const reports: ReceptionReport[] = [];
      peer.onReport((report) => reports.push(report));
      // There is something to report on, and both sides can send.
      check(peer.sendRtp(rtpPacket(1, Uint8Array.of(1))), "a packet must go out once connected");
      await until(() => client.rtp.length === 1, timeoutMs, "the packet");
      client.sendRtcp(receiverReport(SSRC + 1, 255, 9));
      client.sendRtcp(Uint8Array.of(0x81, 201, 0, 7, 0, 0, 0, 77, 1, 2));
      client.sendRtcp(receiverReport(SSRC, 64, 0x1_0005));
      // The client may report by itself.
      await until(() => reports.some(({ lost }) => lost > 0), timeoutMs, "the report");
      checkEqual(reports.filter(({ lost }) => lost > 0).at(-1), { lost: 0.25, highest: 0x1_0005 }, "the report");
      check(!reports.some(({ highest }) => highest === 9), "a report on another stream was told");
      check(rtp.length === 0, "a report was taken for audio");
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
    "refuses when aborted",
    async ({ engine, offered, timeoutMs }) => {
      const { offer } = await offered();
      const aborted = engine.accept(offer, { ...acceptOptions(offer), signal: AbortSignal.abort() });
      await checkRejects(aborted, "aborted", timeoutMs, "accepting with an aborted signal");
    },
  ],
];

/** A bench whose client has made its offer. */
class ReadyBench extends EngineBench {
  readonly ready: ReturnType<EngineBench["offered"]> = this.offered();
}

function closing(options: WebRTCEngineConformanceOptions, timeoutMs: number): typeof CASES {
  return closeCases<EngineBench>({
    async create() {
      const bench = new ReadyBench(await options.open(), options);
      await bench.ready;
      return bench;
    },
    async begin(bench) {
      const { peer, closed, channels } = await bench.connected();
      return {
        ended: until(() => closed.length > 0, timeoutMs, "the end of a connection"),
        over: () => peer.state === "closed" && closed.length === 1,
        async left() {
          checkEqual([peer.state, closed.length, channels[0]?.closed], ["closed", 1, true], "the peer");
          check(channels[0]?.send("x") === false, "a channel of a closed engine still sends");
          await bench.leave();
        },
      };
    },
    async beginning(bench, closed) {
      try {
        const { offer } = await (bench as ReadyBench).ready;
        const peer = await bench.accept(offer);
        await closed;
        check(peer.state === "closed", `a peer of a closed engine is ${peer.state}`);
      } finally {
        await bench.leave();
      }
    },
    async late(bench) {
      const { client, offer } = await bench.offered();
      await client.close();
      await bench.accept(offer);
    },
    held: options.held && (() => options.held?.() ?? 0),
    patienceMs: timeoutMs,
  });
}

/** What every `WebRTCEngine` must do; see {@link ConformanceCase}. Uses real sockets on loopback. */
export function webrtcEngineConformance(options: WebRTCEngineConformanceOptions): readonly ConformanceCase[] {
  assertOptions("webrtcEngineConformance", options, {
    required: ["open", "client"],
    function: ["open", "client", "held"],
    number: ["timeoutMs"],
  });
  const { timeoutMs = 15_000 } = options;
  return [...CASES, ...closing(options, timeoutMs)].map(([name, run]) => ({
    name,
    async run() {
      const bench = new EngineBench(await options.open(), options);
      try {
        await within(run(bench), timeoutMs * 2, name);
      } finally {
        await bench.leave();
        await bench.close();
      }
    },
  }));
}
