import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Channel,
  type ChannelHost,
  type HeardRecord,
  RoomKit,
  RoomKitError,
  silentLogger,
  type TurnMetrics,
  type VoiceSession,
} from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { type PrometheusOptions, prometheusMetrics } from "./prometheus-metrics.ts";

const HEARD: HeardRecord = { interrupted: false, unheard: "", playedMs: 900, confidence: "reported" };
const MARKS = {
  endpointMs: 200,
  transcriptMs: 260,
  firstTokenMs: 500,
  firstAudioMs: 580,
  replyMs: 600,
  speechMs: 1_000,
};
const sessionOf = (id: string): VoiceSession => ({
  ...{ id, roomId: `room of ${id}`, participantId: "caller", channelId: "voice", state: "active", metadata: {} },
});

/** A real kit of which a test says what it tells. */
function setUp(options: PrometheusOptions = {}) {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, logger: silentLogger });
  let host = {} as ChannelHost;
  const channel: Channel = {
    ...{ id: "voice", kind: "told", category: "transport" },
    register: (given) => {
      host = given;
    },
    close: async () => {},
  };
  kit.registerChannel(channel);
  const register = new Registry();
  const metrics = prometheusMetrics(kit, { register, clock, ...options });
  const of = (id: string) => ({ session: sessionOf(id), roomId: `room of ${id}` });
  return {
    ...{ kit, clock, host, register, metrics },
    start: (id: string, providers: object = { stt: "ears", tts: "mouth" }) =>
      host.emit("voice_session_started", { session: sessionOf(id), transport: "fake", providers }),
    end: (id: string, reason = "client_closed") => host.emit("voice_session_ended", { session: sessionOf(id), reason }),
    turn: (id: string, turnId: string, more: Partial<TurnMetrics> = {}) =>
      host.notifyHooks("ON_TURN_METRICS", { ...of(id), metrics: { turnId, interrupted: false, ...MARKS, ...more } }),
    played: (id: string) => host.notifyHooks("AFTER_TTS", { ...of(id), text: "x", utterance: "u", record: HEARD }),
    bargeIn: (id: string) => {
      const told = { ...of(id), utterance: "u", heard: "x", record: HEARD };
      host.notifyHooks("ON_TTS_CANCELLED", { ...told, reason: "barge_in" });
      host.notifyHooks("ON_BARGE_IN", told);
    },
    tool: (name: string, isError = false) =>
      host.notifyHooks("ON_TOOL_CALL", {
        ...{ roomId: "r", channelId: "ai", call: { id: "c", name, arguments: {} }, result: "x", isError },
      }),
    reply: () =>
      host.notifyHooks("ON_AI_RESPONSE", {
        ...{ roomId: "r", channelId: "ai", text: "x", status: "completed", provider: "brain", durationMs: 400 },
        usage: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 50 },
      }),
    close: async () => {
      const closing = kit.close();
      await clock.advance(60_000);
      await closing;
    },
  };
}

/** The samples of the page, those of one metric each. */
async function samples(register: Registry, name: string): Promise<string[]> {
  const lines = (await register.metrics()).split("\n");
  return lines.filter((line) => line.startsWith(`roomkit_${name}`) && !line.includes("_bucket"));
}

describe("the metrics of a kit", () => {
  it("tell of calls, turns, providers and tools", async () => {
    const kit = setUp();
    const { register } = kit;
    kit.start("s1");
    kit.start("s2", { realtime: "all" });
    kit.turn("s1", "t1");
    kit.reply();
    kit.tool("find");
    kit.tool("find", true);
    kit.played("s1");
    kit.bargeIn("s1");
    const error = new RoomKitError("vendor_down", "secret");
    kit.host.emit("stt_error", { session: sessionOf("s1"), error });
    kit.host.emit("tts_error", { session: sessionOf("s1"), error });
    kit.host.emit("ai_error", { roomId: "r", channelId: "ai", error, provider: "brain" });
    kit.host.emit("ai_error", { roomId: "r", channelId: "voice", error });
    await kit.clock.advance(4_000);
    kit.end("s2", "draining");
    expect(await samples(register, "call")).toEqual([
      'roomkit_calls{transport="fake"} 1',
      'roomkit_calls_started_total{transport="fake"} 2',
      'roomkit_calls_ended_total{transport="fake",reason="draining"} 1',
      'roomkit_call_duration_seconds_sum{transport="fake"} 4',
      'roomkit_call_duration_seconds_count{transport="fake"} 1',
    ]);
    expect(await samples(register, "turn")).toEqual([
      ...["endpoint 0.2", "stt 0.06", "llm 0.24", "tts 0.08", "playout 0.02", "total 0.6"].flatMap((stage) => {
        const [name, seconds] = stage.split(" ");
        const labels = `{stage="${name}"}`;
        return [
          `roomkit_turn_latency_seconds_sum${labels} ${seconds}`,
          `roomkit_turn_latency_seconds_count${labels} 1`,
        ];
      }),
      'roomkit_turns_total{transport="fake"} 1',
    ]);
    expect(await samples(register, "provider")).toEqual([
      'roomkit_provider_seconds_total{kind="stt",provider="ears"} 1',
      'roomkit_provider_seconds_total{kind="ai",provider="brain"} 0.4',
      'roomkit_provider_seconds_total{kind="tts",provider="mouth"} 1.8',
      'roomkit_provider_seconds_total{kind="realtime",provider="all"} 4',
      'roomkit_provider_errors_total{kind="stt",provider="ears",code="vendor_down"} 1',
      'roomkit_provider_errors_total{kind="tts",provider="mouth",code="vendor_down"} 1',
      'roomkit_provider_errors_total{kind="ai",provider="brain",code="vendor_down"} 1',
      'roomkit_provider_errors_total{kind="realtime",provider="all",code="vendor_down"} 1',
    ]);
    expect(await samples(register, "tokens")).toEqual([
      'roomkit_tokens_total{provider="brain",type="input"} 100',
      'roomkit_tokens_total{provider="brain",type="output"} 20',
      'roomkit_tokens_total{provider="brain",type="cached"} 50',
    ]);
    expect(await samples(register, "tool_calls")).toEqual([
      'roomkit_tool_calls_total{tool="find",outcome="ok"} 1',
      'roomkit_tool_calls_total{tool="find",outcome="failed"} 1',
    ]);
    expect(await samples(register, "barge_ins")).toEqual(['roomkit_barge_ins_total{transport="fake"} 1']);
    expect(await register.metrics()).not.toMatch(/room of|"s1"|secret/);
    await kit.close();
  });

  it("tell of what fails beside the providers", async () => {
    const kit = setUp();
    kit.start("s1");
    const [session, error] = [sessionOf("s1"), new RoomKitError("x", "x")];
    kit.host.emit("audio_stage_changed", { session, role: "denoiser", name: "rnnoise", state: "failed", error });
    kit.host.emit("audio_stage_changed", { session, role: "denoiser", name: "rnnoise", state: "on" });
    kit.host.emit("recording_refused", { session, recording: {} as never, reason: "no" });
    kit.host.emit("provider_fallback", { roomId: "r", from: "a", to: "b", error });
    for (const event of ["store_unreachable", "leases_unreachable"] as const) kit.host.emit(event, { error });
    kit.host.emit("leases_reachable", {});
    kit.host.emit("events_not_kept", { roomId: "r", count: 3, error });
    kit.kit.hook("ON_DTMF", () => {
      throw new Error("bug");
    });
    kit.host.notifyHooks("ON_DTMF", { session, roomId: "r", digit: "1", durationMs: 0, timestamp: 0 });
    await kit.clock.advance(1);
    const page = await kit.register.metrics();
    for (const line of [
      'roomkit_audio_stage_failures_total{role="denoiser",stage="rnnoise"} 1',
      'roomkit_recordings_refused_total{transport="fake"} 1',
      'roomkit_provider_fallbacks_total{from="a",to="b"} 1',
      'roomkit_engine_unreachable{engine="store"} 1',
      'roomkit_engine_unreachable{engine="leases"} 0',
      'roomkit_events_lost_total{code="x"} 3',
      'roomkit_hook_failures_total{trigger="ON_DTMF",why="error"} 1',
    ])
      expect(page).toContain(line);
    await kit.close();
  });

  it("take what transports count by themselves, what they share once", async () => {
    const pacing = { boundsMs: [1, 5], counts: [7, 2, 1], sumMs: 40 };
    const refusals = new Map([["node_full", 2]]);
    const { register, close } = setUp({
      transports: [{ name: "websocket", refusals, pacing }, { name: "webrtc", pacing }, { name: "bare" }],
    });
    const lines = async () => (await register.metrics()).split("\n").filter((line) => /^roomkit_(ref|pac)/.test(line));
    const lateness = ['bucket{le="0.001"} 7', 'bucket{le="0.005"} 9', 'bucket{le="+Inf"} 10', "sum 0.04", "count 10"];
    expect(await lines()).toEqual([
      'roomkit_refusals_total{transport="websocket",reason="node_full"} 2',
      ...lateness.map((line) => `roomkit_pacing_lateness_seconds_${line}`),
    ]);
    refusals.set("node_full", 5).set("draining", 1);
    await register.metrics();
    expect((await lines()).slice(0, 2)).toEqual([
      'roomkit_refusals_total{transport="websocket",reason="node_full"} 5',
      'roomkit_refusals_total{transport="websocket",reason="draining"} 1',
    ]);
    await close();
  });

  it("stay few, whatever a model calls its tools and applications their reasons", async () => {
    const kit = setUp();
    for (let i = 0; i < 500; i++) {
      kit.tool(`tool_${i}`);
      kit.start(`s${i}`);
      kit.end(`s${i}`, `reason_${i}`);
    }
    const tools = await samples(kit.register, "tool_calls");
    expect(tools).toHaveLength(65);
    expect(tools.at(-1)).toBe('roomkit_tool_calls_total{tool="other",outcome="ok"} 436');
    expect(await samples(kit.register, "calls_ended")).toHaveLength(65);
    await kit.close();
  });

  it("any order, and twice: what began ends once, and a turn counts once", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const kit = setUp();
      const ids = ["s1", "s2", "s3"];
      let [expected, live] = [0, new Set<string>()];
      for (let step = 0; step < 60; step++) {
        const id = ids[Math.floor(random() * ids.length)] as string;
        const what = Math.floor(random() * 4);
        if (what === 0) {
          if (!live.has(id)) expected++;
          live.add(id);
          kit.start(id);
        } else if (what === 1) {
          live.delete(id);
          kit.end(id);
        } else if (what === 2) kit.turn(id, `${id}:1`, { interrupted: random() < 0.5 });
        else kit.played(id);
      }
      const value = async (name: string) => Number((await samples(kit.register, name))[0]?.split(" ")[1] ?? 0);
      expect([await value("calls{"), await value("calls_started")], `seed ${seed}`).toEqual([live.size, expected]);
      await kit.close();
      const ended = (await samples(kit.register, "calls_ended")).map((line) => Number(line.split(" ")[1]));
      expect([await value("calls{"), ended.reduce((sum, each) => sum + each, 0)], `seed ${seed}`).toEqual([
        0,
        expected,
      ]);
      expect(await value("turns_total"), `seed ${seed}`).toBeLessThanOrEqual(expected);
      live = new Set();
    }
  });

  it("refuse a register that has them already, and a prefix that names nothing", async () => {
    const { kit, register, close } = setUp();
    const refused = expect.objectContaining({ code: "invalid_option" });
    expect(() => prometheusMetrics(kit, { register })).toThrow(refused);
    expect(() => prometheusMetrics(kit, { register: new Registry(), prefix: "room-kit " })).toThrow(refused);
    prometheusMetrics(kit, { register, prefix: "second_" }).stop();
    await close();
  });
});

describe("the handler", () => {
  it("serves the page, to those who read", async () => {
    const { metrics, register, close } = setUp();
    const server = createServer((request, response) => metrics.handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const page = await fetch(url);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, register.contentType]);
    expect(await page.text()).toContain("# TYPE roomkit_calls gauge");
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await fetch(url, { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    register.registerMetric({ name: "broken", get: () => Promise.reject(new Error("bug")) } as never);
    expect((await fetch(url)).status).toBe(500);
    server.closeAllConnections();
    server.close();
    await close();
  });
});
