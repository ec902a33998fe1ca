import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLogger, type WebRTCPeer } from "@roomkit/core";
import { afterEach, describe, expect, it } from "vitest";
import type { NativeClientOptions } from "./client.fixture.ts";
import { nodeDataChannel } from "./engine.ts";
import type { Reply, Request } from "./vanish-main.fixture.ts";

const limits = { dataChannels: 3, messageBytes: 16_384, bufferedBytes: 65_536, remoteAddresses: 32, streams: 4 };
/** The default of a transport's `idleTimeoutMs`. */
const LOST_MS = 8_000;
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What a silent client can be, and how long it speaks before that. */
const KINDS: readonly (readonly [string, NativeClientOptions, number])[] = [
  ["sends and receives, but says nothing", {}, 0],
  ["spoke once", {}, 3_000],
  ["only listens", { audio: "RecvOnly" }, 0],
  ["has no audio", { audio: "none" }, 0],
  ["spoke once and has no data channel", { channel: false, reports: true }, 6_000],
];
const UNASKABLE: (typeof KINDS)[number] = [
  "only listens, has no data channel",
  { audio: "RecvOnly", channel: false },
  0,
];

/** When a peer's counter last grew, and the longest it took to. */
class Watch {
  grewAt = performance.now();
  longestMs = 0;
  #received = 0;
  readonly name: string;
  readonly peer: WebRTCPeer;

  constructor(name: string, peer: WebRTCPeer) {
    this.name = name;
    this.peer = peer;
  }

  look(): void {
    const now = performance.now();
    this.longestMs = Math.max(this.longestMs, now - this.grewAt);
    const { received } = this.peer.stats;
    if (received !== this.#received) this.grewAt = now;
    this.#received = received;
  }

  get quietMs(): number {
    return performance.now() - this.grewAt;
  }
}

describe("a client that vanishes", () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** All in one process, so that they vanish in the same moment. */
  async function callers(kinds: typeof KINDS): Promise<{ child: ChildProcess; watches: Watch[] }> {
    const engine = nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger });
    const child = fork(fileURLToPath(new URL("vanish-main.fixture.ts", import.meta.url)), {
      cwd: root,
      execArgv: ["--conditions=@roomkit/source", "--import", "tsx"],
    });
    cleanups.push(
      () => engine.close(),
      () => child.kill("SIGKILL"),
    );
    await once(child, "message");
    const ask = (request: Request): void => void child.send(request);
    const watches: Watch[] = [];
    for (const [id, options, speakMs] of kinds) {
      ask({ id, options, speakMs });
      const [{ offer }] = (await once(child, "message")) as [Exclude<Reply, "ready">];
      const codecs = (offer.audio?.codecs ?? []).filter(({ name }) => name === "opus");
      const direction = offer.audio?.direction === "recvonly" ? "sendonly" : "sendrecv";
      const peer = await engine.accept(offer, {
        ...(offer.audio ? { audio: { direction, codecs, ssrc: 1 } } : {}),
        loopback: true,
        limits,
      });
      const connected = new Promise<void>((resolve) => void peer.onConnected(resolve));
      ask({ id, answer: peer.answer });
      await connected;
      watches.push(new Watch(id, peer));
    }
    return { child, watches };
  }

  async function look(watches: readonly Watch[], until: () => boolean, ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (!until() && performance.now() < end) {
      for (const watch of watches) watch.look();
      await sleep(100);
    }
  }

  it("shows no more signs of life, and as many as are needed until then", async () => {
    const { child, watches } = await callers([...KINDS, UNASKABLE]);
    await look(watches, () => false, 14_000);
    for (const { name, peer, longestMs } of watches) {
      expect(peer.state, name).toBe("connected");
      expect(longestMs, name).toBeLessThan(LOST_MS);
    }
    const vanished = performance.now();
    child.kill("SIGKILL");
    await once(child, "exit");
    const asked = watches.filter(({ name }) => name !== UNASKABLE[0]);
    await look(watches, () => asked.every(({ quietMs }) => quietMs >= LOST_MS), 20_000);
    for (const { name, quietMs, grewAt } of asked) {
      expect(quietMs, name).toBeGreaterThanOrEqual(LOST_MS);
      // What was on its way may still count; more would delay the watchdog.
      expect(grewAt - vanished, name).toBeLessThan(3_000);
    }
  }, 60_000);
});
