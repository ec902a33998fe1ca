import { opus } from "@roomkit/codec-opus";
import {
  type CloseReason,
  Emitter,
  type Resolved,
  silentLogger,
  type WebRTCDataChannel,
  type WebRTCPeer,
} from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { PacingWheel } from "@roomkit/transport-utils";
import { describe, expect, it } from "vitest";
import { openCoders } from "../host/coders.ts";
import { LocalCall } from "../host/local-call.ts";
import { defaultLimits, type WebRTCLimits } from "../transport/options.ts";
import { RtcSession, type RtcSessionOptions } from "./rtc-session.ts";

interface Peer extends WebRTCPeer {
  readonly sent: Uint8Array[];
  readonly said: string[];
  connect(): void;
  openChannel(): void;
  stir(): void;
  readonly closedWith: CloseReason | undefined;
}

/** A peer without a network. */
function fakePeer(): Peer {
  const events = new Emitter<{
    connected: undefined;
    closed: CloseReason;
    channel: WebRTCDataChannel;
    rtp: Uint8Array;
  }>();
  const [sent, said]: [Uint8Array[], string[]] = [[], []];
  let state: WebRTCPeer["state"] = "connecting";
  let received = 0;
  let closedWith: CloseReason | undefined;
  return {
    answer: "",
    sent,
    said,
    get state() {
      return state;
    },
    get stats() {
      return { received, rtpReceived: 0, rtpSent: 0, dropped: {}, remoteAddresses: 1 };
    },
    get closedWith() {
      return closedWith;
    },
    addCandidate: () => {},
    sendRtp: (packet) => sent.push(packet) > 0,
    onRtp: (listener) => events.on("rtp", listener),
    onDataChannel: (listener) => events.on("channel", listener),
    onConnected: (listener) => events.on("connected", () => listener()),
    onClosed: (listener) => events.on("closed", listener),
    async close(reason = { code: "server_closed", message: "" }) {
      if (closedWith) return;
      closedWith = reason;
      state = "closed";
      events.emit("closed", reason);
    },
    connect() {
      state = "connected";
      events.emit("connected", undefined);
    },
    stir: () => {
      received++;
    },
    openChannel() {
      let closed = false;
      const onClose: (() => void)[] = [];
      events.emit("channel", {
        id: 0,
        label: "text",
        get closed() {
          return closed;
        },
        bufferedAmount: 0,
        send: (message) => said.push(String(message)) > 0,
        onMessage: () => () => {},
        onClose: (listener) => {
          onClose.push(listener);
          return () => {};
        },
        close() {
          closed = true;
          for (const listener of onClose) listener();
        },
      });
    },
  };
}

async function open(
  options: Partial<RtcSessionOptions> = {},
  limits: Partial<Resolved<WebRTCLimits>> = {},
  playedSilence = false,
): Promise<{
  clock: VirtualClock;
  peer: Peer;
  session: RtcSession;
  log: string[];
}> {
  const clock = new VirtualClock();
  const peer = fakePeer();
  const log: string[] = [];
  const audio = { codec: "opus", payloadType: 111 } as const;
  const coders = await openCoders({
    plan: { direction: "sendrecv", codecs: [], inbound: audio, outbound: audio },
    opus: opus(),
    mulaw: undefined,
    inputSampleRate: 16_000,
    outputSampleRate: 24_000,
  });
  const session = new RtcSession({
    id: "c1",
    label: "x",
    metadata: {},
    call: new LocalCall({ peer, coders, ssrc: 1, traffic: {}, clock, onListenerError: () => {} }),
    v1: false,
    settings: {
      mulaw: undefined,
      leadMs: undefined,
      playedSilence,
      limits: { ...defaultLimits, idleTimeoutMs: 15_000, resumeMs: 0, ...limits },
      clock,
      logger: silentLogger,
    },
    issueToken: () => "",
    onLost: () => false,
    onReady: () => log.push(`ready ${clock.now()}`) > 0,
    onEnded: (_, reason) => log.push(`ended ${reason.code} ${clock.now()}`),
    ...options,
  });
  return { clock, peer, session, log };
}

const speech = (ms: number): { samples: Int16Array; sampleRate: number; channels: 1; timestamp: number } => ({
  samples: new Int16Array((24_000 * ms) / 1000).fill(1_000),
  sampleRate: 24_000,
  channels: 1,
  timestamp: 0,
});

describe("RtcSession in virtual time", () => {
  it("gives up a client that never connects, and leaves no timer", async () => {
    const { clock, log } = await open();
    await clock.advance(14_999);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(["ended connect_timeout 15000"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is ready when a channel opens, or a second after it connected without one", async () => {
    const one = await open();
    one.peer.connect();
    await one.clock.advance(40);
    one.peer.openChannel();
    expect(one.log).toEqual(["ready 40"]);
    const two = await open();
    two.peer.connect();
    await two.clock.advance(1_000);
    expect(two.log).toEqual(["ready 1000"]);
  });

  it("notices that nothing comes any more, muted or not", async () => {
    const { clock, peer, log } = await open();
    peer.connect();
    peer.openChannel();
    for (let s = 0; s < 60; s++) {
      // A muted client sends no audio, but its ICE checks go on.
      if (s % 5 === 0) peer.stir();
      await clock.advance(1_000);
    }
    expect(log).toEqual(["ready 0"]);
    await clock.advance(20_000);
    expect(log[1]).toMatch(/^ended client_lost /);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends at its longest time", async () => {
    const { clock, peer, log } = await open({}, { idleTimeoutMs: 1e9, maxSessionMs: 60_000 });
    peer.connect();
    peer.openChannel();
    await clock.advance(60_200);
    expect(log[1]).toMatch(/^ended session_limit 60/);
  });

  it("sends a track at the pace it is heard, at most 40 ms ahead, and falls silent within that", async () => {
    const { clock, peer, session } = await open();
    peer.connect();
    peer.openChannel();
    session.connection.play("u", speech(2_000));
    await clock.advance(500);
    expect(peer.sent.length).toBeGreaterThanOrEqual(25);
    expect(peer.sent.length).toBeLessThanOrEqual(28);
    const report = session.connection.clear();
    expect(report.utterances[0]?.playedMs).toBeGreaterThan(440);
    expect(report.utterances[0]?.playedMs).toBeLessThanOrEqual(540);
    const at = peer.sent.length;
    await clock.advance(1_000);
    // Five frames of silence, so that the client's jitter buffer has no last sound to stretch.
    expect(peer.sent.length - at).toBe(5);
    expect(peer.said).toContain('{"type":"clear_audio"}');
  });

  it.each([
    ["nothing", false, ["440..540"]],
    ["silence", true, ["0..440 silence", "440..540", "540..980 silence"]],
  ] as const)("tells an echo canceller of %s where nothing is played", async (_, playedSilence, expected) => {
    const { clock, peer, session } = await open({}, {}, playedSilence);
    peer.connect();
    peer.openChannel();
    const told: { from: number; to: number; silent: boolean }[] = [];
    session.connection.onPlayed(({ samples, timestamp }, startedAt) => {
      expect(timestamp).toBe(startedAt);
      const silent = samples.every((sample) => sample === 0);
      const last = told.at(-1);
      const to = timestamp + samples.length / 24;
      if (last?.silent === silent && last.to === timestamp) last.to = to;
      else told.push({ from: timestamp, to, silent });
    });
    await clock.advance(440);
    session.connection.play("u", speech(100));
    session.connection.endUtterance("u");
    await clock.advance(560);
    expect(told.map(({ from, to, silent }) => `${from}..${to}${silent ? " silence" : ""}`)).toEqual(expected);
    const closing = session.close({ code: "bye", message: "" });
    await clock.advance(1_000);
    await closing;
    expect(PacingWheel.shared(clock).size).toBe(0);
  });

  it("says goodbye in v1 before it goes", async () => {
    const { clock, peer, session, log } = await open({ v1: true });
    peer.connect();
    peer.openChannel();
    const closing = session.connection.close({ code: "draining", message: "" });
    await clock.advance(200);
    await closing;
    expect(peer.said.map((s) => JSON.parse(s)).at(-1)).toEqual({
      type: "bye",
      reason: "draining",
      resumable: true,
      code: 1001,
    });
    expect(log).toEqual(["ready 0", "ended draining 150"]);
    const wheel = PacingWheel.shared(clock);
    expect(wheel.size).toBe(0);
  });
});
