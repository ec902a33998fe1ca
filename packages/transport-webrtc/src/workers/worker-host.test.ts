import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import {
  type Clock,
  type CloseReason,
  type Logger,
  makeClock,
  type Recipe,
  RoomKitError,
  silentLogger,
  type WebRTCDataChannel,
} from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { MediaCall, MediaRequest } from "../host/media-host.ts";
import { chromeOffer } from "../sdp/chrome-offer.fixture.ts";
import { parseOffer } from "../sdp/offer.ts";
import { amplitudeAt, join as joined, sine, until } from "../testing.fixture.ts";
import { echoRecipe } from "./engine.fixture.ts";
import { WorkerMediaHost, type WorkerMediaHostOptions } from "./worker-host.ts";

const offer = parseOffer(chromeOffer, () => true, 20);
const audio = { codec: "opus", payloadType: 111 } as const;
const request: MediaRequest = {
  offer: { ...offer, candidates: [] },
  plan: { direction: "sendrecv", codecs: [], inbound: audio, outbound: audio },
  inputSampleRate: 16_000,
  outputSampleRate: 24_000,
  loopback: true,
  limits: { dataChannels: 4, messageBytes: 10_000, bufferedBytes: 30_000, remoteAddresses: 32, streams: 4 },
  traffic: { audioBurstMs: 60_000 },
};

const hosts: WorkerMediaHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

function open(options: Partial<WorkerMediaHostOptions> = {}, engine: Recipe = echoRecipe()): WorkerMediaHost {
  const host = new WorkerMediaHost({
    engine: () => engine,
    opus: opus(),
    mulaw: mulaw(),
    inputSampleRate: 16_000,
    count: 1,
    // The machine may be busy with other things.
    busy: { lagMs: 10_000, utilization: 1 },
    // However slow the machine is, nothing takes too long unless a test says so.
    clock: new VirtualClock(),
    logger: silentLogger,
    ...options,
  });
  hosts.push(host);
  return host;
}

/** Makes the far end of a call do something. */
function tell(call: MediaCall, what: string, ms = 0): void {
  call.addCandidate({ foundation: what, component: 1, priority: ms, address: "127.0.0.1", port: 9, type: "host" });
}

interface Connected {
  readonly call: MediaCall;
  readonly channel: WebRTCDataChannel;
  readonly messages: (string | Uint8Array)[];
  readonly heard: Int16Array[];
  readonly closed: CloseReason[];
}

async function connect(host: WorkerMediaHost): Promise<Connected> {
  const call = await host.accept(request);
  const [messages, heard, closed]: [(string | Uint8Array)[], Int16Array[], CloseReason[]] = [[], [], []];
  let channel: WebRTCDataChannel | undefined;
  call.onAudio(({ samples }) => heard.push(samples));
  call.onClosed((reason) => closed.push(reason));
  call.onDataChannel((opened) => {
    channel = opened;
    opened.onMessage((message) => messages.push(message));
  });
  tell(call, "connect");
  await until(() => call.state === "connected" && channel !== undefined, "the call");
  return { call, channel: channel as unknown as WebRTCDataChannel, messages, heard, closed };
}

/** Threads and child processes of this process. */
function running(): number {
  const { workers } = process.report.getReport() as unknown as { readonly workers: readonly unknown[] };
  return workers.length + children().length;
}

/** Child processes of this one. */
function children(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing was thrown",
    (error: unknown) => (RoomKitError.is(error) ? error.code : String(error)),
  );

describe.each([
  ["threads", {}],
  ["processes", { ownProcess: true }],
] as const)("media workers that are %s", (_, kind) => {
  const engine = echoRecipe({}, kind);

  it("carry audio as PCM: there coded and decoded, here whole", async () => {
    const { call, heard } = await connect(open({}, engine));
    expect([call.inbound.sampleRate, call.outbound.sampleRate, call.answer]).toEqual([16_000, 24_000, "v=0"]);
    const tone = sine(24_000, 440, 600);
    for (let at = 0; at < tone.length; at += 480) {
      const frame = tone.subarray(at, at + 480);
      await until(() => call.send(frame), "room for a frame");
    }
    await until(() => joined(heard).length >= 9_600, "the echo");
    expect(amplitudeAt(joined(heard).subarray(1_600), 16_000, 440)).toBeGreaterThan(8_000);
    expect(amplitudeAt(joined(heard).subarray(1_600), 16_000, 660)).toBeLessThan(500);
    await until(() => call.stats.peer.rtpSent >= 30, "a report");
    expect(call.stats.audio).toMatchObject({ received: call.stats.peer.rtpReceived, lost: 0 });
  });

  it("that cannot be given their options are refused, and none is left", async () => {
    const before = running();
    const host = open({}, echoRecipe({ answerMs: (() => 5) as never }, kind));
    expect(await codeOf(host.warmUp())).toBe("invalid_option");
    expect(await codeOf(host.accept(request))).toBe("invalid_option");
    await until(() => running() === before, "the end of what was begun");
    expect(host.load).toEqual([]);
  });

  it("carry data channels, and know what waits on them", async () => {
    const { call, channel, messages } = await connect(open({}, engine));
    expect([channel.label, channel.id, channel.closed]).toEqual(["text", 7, false]);
    const bytes = Uint8Array.of(1, 2, 3);
    expect([channel.send("ä"), channel.send(bytes), channel.send("x".repeat(10_001))]).toEqual([true, true, false]);
    bytes.fill(0);
    await until(() => messages.length === 2, "the echo");
    expect([messages[0], [...(messages[1] as Uint8Array)]]).toEqual(["ä", [1, 2, 3]]);
    await until(() => channel.bufferedAmount === 0, "an empty buffer");
    const long = `hold ${"x".repeat(9_000)}`;
    expect([1, 2, 3, 4].map(() => channel.send(long))).toEqual([true, true, true, false]);
    expect(channel.bufferedAmount).toBe(3 * 9_005);
    tell(call, "drain");
    await until(() => channel.bufferedAmount === 0, "an empty buffer");
    let closed = 0;
    channel.onClose(() => closed++);
    channel.close();
    expect([channel.send("late"), channel.closed, closed]).toEqual([false, true, 1]);
  });

  it("end a call on either side's word, once", async () => {
    const host = open({}, engine);
    const [one, two] = [await connect(host), await connect(host)];
    tell(one.call, "leave");
    await until(() => one.closed.length > 0, "the end");
    await two.call.close({ code: "draining", message: "" });
    await two.call.close();
    expect([one, two].map(({ closed }) => closed.map(({ code }) => code))).toEqual([["client_closed"], ["draining"]]);
    expect([one.call.state, two.call.send(new Int16Array(480)), two.channel.closed]).toEqual(["closed", false, true]);
    expect(host.load.map(({ calls }) => calls)).toEqual([0]);
  });

  it("share the calls, and refuse what is too many", async () => {
    const host = open({ count: 2, calls: 2 }, engine);
    const calls = [await connect(host)];
    // The second worker was started with the first call; whoever is ready takes the next.
    await until(() => host.load.length === 2, "the second");
    while (calls.length < 4) calls.push(await connect(host));
    expect(host.load.map(({ calls: n }) => n)).toEqual([2, 2]);
    await expect(host.accept(request)).rejects.toMatchObject({ code: "server_busy", retryable: true });
    await calls[0]?.call.close();
    await connect(host);
    expect(await codeOf(host.accept(request))).toBe("server_busy");
    expect(calls.slice(1).map(({ closed }) => closed)).toEqual([[], [], []]);
  });

  it("die alone: their calls end, the others go on, and new ones are taken", async () => {
    const host = open({ count: 2, calls: 1 }, engine);
    const [one, two] = [await connect(host), await connect(host)];
    tell(one.call, "crash");
    await until(() => one.closed.length > 0, "the end");
    expect([one.closed[0]?.code, one.channel.closed]).toEqual(["media_lost", true]);
    two.channel.send("still there");
    await until(() => two.messages.length === 1, "the other");
    const three = await connect(host);
    expect([three.call.state, two.closed]).toEqual(["connected", []]);
  });

  it("lose no offer that they died with, and put none of their other calls at risk with it", async () => {
    const host = open({ count: 2, calls: 2 }, echoRecipe({ answerMs: 300 }, kind));
    const [one, two] = [await connect(host), await connect(host)];
    // The second call is on the second worker, when that was ready by then.
    const spread = host.load[1]?.calls === 1;
    const three = await connect(host);
    expect(host.load.map(({ calls }) => calls)).toEqual([2, 1]);
    const [lost, kept] = spread ? [two, three] : [three, two];
    // The one that has room, and nobody knows yet that it is dying.
    tell(lost.call, "crash");
    const offered = await connect(host);
    expect(lost.closed.map(({ code }) => code)).toEqual(["media_lost"]);
    expect([offered, one, kept].map(({ call }) => call.state)).toEqual(["connected", "connected", "connected"]);
    expect(host.load.map(({ calls }) => calls)).toEqual([2, 1]);
  });

  it("go with their host, and so does what they had", async () => {
    const before = running();
    const host = open({ count: 2 }, engine);
    const { call, closed } = await connect(host);
    await until(() => host.load.length === 2, "the one ahead");
    expect(running()).toBe(before + 2);
    await host.close();
    expect(running()).toBe(before);
    expect([closed.map(({ code }) => code), call.state, host.load]).toEqual([["server_closed"], "closed", []]);
    expect(await codeOf(host.accept(request))).toBe("closed");
  });

  it("pass errors and log lines on", async () => {
    const lines: unknown[] = [];
    const line = (fields: object, message: string): unknown => lines.push({ ...fields, message });
    const logger: Logger = { ...silentLogger, warn: line };
    const host = open({ logger }, engine);
    const bad = { ...request, offer: { ...offer, ice: { ...offer.ice, usernameFragment: "bad" } } };
    expect(await codeOf(host.accept(bad))).toBe("invalid_sdp");
    const { call } = await connect(host);
    tell(call, "log");
    await until(() => lines.length === 1, "the line");
    expect(lines[0]).toMatchObject({ error: { code: "some_code" }, worker: 0, message: "a line" });
  });
});

describe("media workers", () => {
  it.each([
    ["lagMs", 20],
    ["utilization", 0.6],
  ] as const)("take no call past their %s, and do not lose those they have", async (limit, most) => {
    const host = open({ busy: { lagMs: 10_000, utilization: 1, [limit]: most } });
    const { call, closed, channel, messages } = await connect(host);
    tell(call, "busy", 200);
    await until(() => (host.load[0]?.[limit] ?? 0) > most, "the load");
    await expect(host.accept(request)).rejects.toMatchObject({ code: "server_busy", retryable: true });
    channel.send("still there");
    await until(() => messages.length === 1, "the call");
    expect(closed).toEqual([]);
  });

  it("get no call while the thread they serve is late", async () => {
    const clock = new VirtualClock();
    let lateMs = 0;
    const setTimeout: Clock["setTimeout"] = (handler, ms) => clock.setTimeout(handler, ms + lateMs);
    const late = makeClock({ now: clock.now, wallTime: clock.wallTime, setTimeout });
    const host = open({ clock: late, busy: { lagMs: 20, utilization: 1 } });
    const { closed } = await connect(host);
    lateMs = 100;
    for (let i = 0; i < 30; i++) {
      await clock.advance(120);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await codeOf(host.accept(request))).toBe("server_busy");
    lateMs = 0;
    await clock.advance(2_500);
    await until(() => host.load[0]?.lagMs === 0, "its answers to pings");
    await connect(host);
    expect(closed).toEqual([]);
  });

  it("are given up when they hang", async () => {
    const clock = new VirtualClock();
    const host = open({ clock, busy: { lagMs: 1_000, utilization: 1 } });
    const { call, closed } = await connect(host);
    tell(call, "spin", 600_000);
    await clock.advance(3_000);
    expect(await codeOf(host.accept(request))).toBe("server_busy");
    await clock.advance(9_000);
    await until(() => closed.length > 0, "the end");
    expect(closed[0]?.code).toBe("media_lost");
    expect((await connect(host)).call.state).toBe("connected");
  });

  it("may take their time to start, whoever stops waiting, and are given up after a minute", async () => {
    const clock = new VirtualClock();
    const folder = mkdtempSync(join(tmpdir(), "roomkit-worker-"));
    const startsWith = join(folder, "go");
    const host = open({ clock, busy: { lagMs: 1_000, utilization: 1 } }, echoRecipe({ startsWith }));
    const [warm, call] = [codeOf(host.warmUp()), codeOf(host.accept(request))];
    await clock.advance(30_000);
    expect([await warm, await call]).toEqual(["timeout", "timeout"]);
    expect(host.load).toMatchObject([{ calls: 0, lagMs: 0 }]);
    const next = connect(host);
    writeFileSync(startsWith, "");
    expect((await next).call.state).toBe("connected");

    const never = open({ clock }, echoRecipe({ startsWith: join(folder, "never") }));
    const refused = codeOf(never.warmUp());
    await clock.advance(60_000);
    expect(await refused).toBe("timeout");
    await until(() => never.load.length === 0, "its end");
    rmSync(folder, { recursive: true });
  });

  it("that are killed while they start are started again, after a while, for who waits", async () => {
    const clock = new VirtualClock();
    const before = children();
    const host = open({ clock }, echoRecipe({}, { ownProcess: true }));
    const call = host.accept(request);
    const child = children().find((each) => !before.includes(each));
    process.kill(Number(child), "SIGKILL");
    await until(() => host.load.length === 0, "its end");
    await clock.advance(999);
    expect(host.load).toEqual([]);
    await clock.advance(1);
    expect((await call).answer).toBe("v=0");
  });

  it("are not waited for longer than the caller, or ten seconds", async () => {
    const clock = new VirtualClock();
    const host = open({ clock }, echoRecipe({ answerMs: 300 }));
    await host.warmUp();
    const abort = new AbortController();
    const [aborted, late] = [codeOf(host.accept(request, abort.signal)), codeOf(host.accept(request))];
    abort.abort();
    expect(await aborted).toBe("aborted");
    expect(await codeOf(host.accept(request, abort.signal))).toBe("aborted");
    await clock.advance(10_000);
    expect(await late).toBe("timeout");
    expect(host.load[0]?.calls).toBe(0);
    await until(() => host.load[0]?.lagMs === 0, "its answers to pings");
    // What the worker answers after all is closed there, and nothing of it reaches us.
    const { channel, messages } = await connect(host);
    channel.send("next");
    await until(() => messages.length === 1, "the next call");
    await clock.advance(1_000);
    expect(host.load[0]?.calls).toBe(1);
  });

  it("say what they cannot be made of", async () => {
    const recipe = (more: Partial<Recipe>): Recipe => ({ ...echoRecipe(), ...more });
    for (const engine of [recipe({ module: "file:///nowhere.js" }), recipe({ name: "nobody" })]) {
      const host = open({}, engine);
      expect(await codeOf(host.warmUp())).toBe("invalid_option");
      const before = running();
      // Not tried again at once. (The one that failed may still be on its way out.)
      const refused = codeOf(host.accept(request));
      expect(host.load).toEqual([]);
      expect(running()).toBeLessThanOrEqual(before);
      expect(await refused).toBe("invalid_option");
    }
    const { recipe: _, ...unknown } = opus();
    expect(() => open({ opus: unknown })).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });
});
