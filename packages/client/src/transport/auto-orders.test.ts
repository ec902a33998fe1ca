import { seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VoiceClientError } from "../errors.ts";
import { autoTransport } from "./auto.ts";
import { installSockets, ready, ScriptedSocket } from "./scripted-socket.fixture.ts";
import type { Transport } from "./transport.ts";
import { FakePeer } from "./webrtc/fake-peer.fixture.ts";
import { WebRTCTransport } from "./webrtc/webrtc.ts";

/*
 * What becomes of the two connections, and when: every row may meet every other one.
 *
 * | what                     | config asked   | code loaded    | offer made       | path looked for  | connected       | fallen back |
 * | ------------------------ | -------------- | -------------- | ---------------- | ---------------- | --------------- | ----------- |
 * | answers of HTTP: good    | both begin     | -              | on               | -                | -               | ignored     |
 * | ... refused, no network  | rejects        | -              | falls back       | -                | -               | ignored     |
 * | the code comes, or fails | -              | on, falls back | -                | -                | -               | not used    |
 * | peer: connected, ready   | -              | -              | -                | webrtc           | ignored         | ignored     |
 * | peer: fails, channel gone| -              | -              | falls back       | falls back       | `onClose`       | ignored     |
 * | socket: opens, closes    | -              | stands by      | stands by        | stands by        | nobody          | rejects     |
 * | 3 s                      | -              | falls back     | falls back       | falls back       | -               | -           |
 * | the attempt is called off| rejects        | rejects        | rejects          | rejects          | -               | rejects     |
 */

let uninstall = (): void => {};
let pending: { method: string; answer(good: boolean): void }[];

beforeEach(() => {
  pending = [];
  FakePeer.peers = [];
  uninstall = installSockets();
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal(
    "fetch",
    (_url: URL, { method = "GET", signal }: RequestInit) =>
      new Promise<Response>((resolve, reject) => {
        const good = (): Response =>
          method === "GET"
            ? Response.json({ endpoints: { websocket: "/x", webrtc: "/x" }, iceServers: [] })
            : Response.json({ type: "answer", sdp: "v=0 answer" });
        const answer = (well: boolean): void => (well ? resolve(good()) : reject(new TypeError("Failed to fetch")));
        pending.push({ method, answer });
        signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
        if (signal?.aborted) reject(new DOMException("", "AbortError"));
      }),
  );
});
afterEach(() => {
  uninstall();
  vi.unstubAllGlobals();
});

async function idle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

describe("auto, in any order of what happens to both", () => {
  it.each(Array.from({ length: 120 }, (_, seed) => seed + 1))("seed %d", async (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const clock = new VirtualClock();
    const loads: ((well: boolean) => void)[] = [];
    const told: string[] = [];
    const factory = autoTransport(
      (context, options) =>
        new Promise<Transport>((resolve, reject) => {
          loads.push((well) =>
            well ? resolve(new WebRTCTransport(context, options)) : reject(new TypeError("no file")),
          );
        }),
      3_000,
    );
    let over = false;
    const tell = (what: string) => (): void => void told.push(over ? `late ${what}` : what);
    const transport = factory({
      url: new URL("https://example.com/voice"),
      query: new Map(),
      token: undefined,
      audio: ready.audio,
      resume: below(3) === 0 ? "earlier" : undefined,
      client: {},
      clock,
      handlers: {
        onMessage: tell("message"),
        onAudio: tell("audio"),
        onStream: tell("stream"),
        onClose: tell("close"),
      },
    }) as Transport;
    const abort = new AbortController();
    let outcome = "";
    transport.connect(abort.signal).then(
      () => {
        outcome += "up";
      },
      (error: unknown) => {
        outcome += error instanceof VoiceClientError ? error.code : `raw ${error}`;
      },
    );
    const peer = (): FakePeer | undefined => FakePeer.peers.at(-1);
    const say = (...message: Parameters<FakePeer["channel"]["say"]>): void => {
      const channel = peer()?.channel;
      if (channel?.readyState === "open") channel.say(...message);
    };
    const steps: readonly (() => unknown)[] = [
      () => pending.shift()?.answer(below(8) > 0),
      () => pending.shift()?.answer(true),
      () => loads.at(-1)?.(below(6) > 0),
      () => {
        const now = peer();
        if (!now || now.closed || now.channel.closing) return;
        now.become("connected");
        now.channel.readyState = "open";
      },
      () => say(ready),
      () => say({ type: "bye", reason: below(2) === 0 ? "resume_expired" : "draining", resumable: false }),
      () => say({ type: "clear", utterance: 1 }),
      () => !peer()?.closed && peer()?.become(["failed", "disconnected", "connected"][below(3)] as string),
      () => below(4) === 0 && peer()?.channel.finishClosing(),
      () => below(4) === 0 && ScriptedSocket.sockets.at(-1)?.onclose?.({ code: 1006, reason: "" }),
      () => below(6) === 0 && abort.abort(new VoiceClientError("aborted", "enough")),
      () => clock.advance(below(1_500)),
      () => idle(),
      () => settle(),
    ];
    for (let i = 0; i < 60; i++) {
      const done = steps[below(steps.length)]?.();
      if (done instanceof Promise) await done;
    }
    const [socket] = ScriptedSocket.sockets;
    // Of the two, one at a most has asked for a session that is used.
    if (outcome === "up" && transport.name === "webrtc") expect(socket?.received.length ?? 0).toBe(0);
    if (transport.name === "websocket")
      expect(FakePeer.peers.every((each) => each.closed || each.channel.closing)).toBe(true);
    over = true;
    abort.abort(new VoiceClientError("aborted", "enough"));
    transport.close();
    for (const { answer } of pending) answer(true);
    for (const load of loads) load(true);
    await idle();
    for (const each of FakePeer.peers) {
      each.become("connected");
      each.channel.readyState = each.channel.closing ? each.channel.readyState : "open";
      each.channel.say(ready);
    }
    await idle();
    await clock.advance(10_000);
    await idle();
    expect(outcome).toMatch(/^(up|[a-z_]+)$/);
    expect(told.filter((what) => what === "close").length).toBeLessThanOrEqual(1);
    expect(told.filter((what) => what.startsWith("late"))).toEqual([]);
    expect(FakePeer.peers.filter(({ closed }) => !closed)).toEqual([]);
    expect(ScriptedSocket.sockets.filter(({ readyState }) => readyState < 2)).toEqual([]);
    expect(ScriptedSocket.sockets.length).toBeLessThanOrEqual(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
