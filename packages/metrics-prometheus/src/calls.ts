import {
  type HookHandlers,
  type HookTrigger,
  keepNewest,
  type RoomKit,
  type RoomKitError,
  type SessionParts,
  turnStages,
  type Unsubscribe,
  type VoiceSession,
} from "@roomkit/core";
import { Counter, type CounterConfiguration, Gauge, Histogram, type Registry } from "prom-client";
import { BoundedLabel } from "./bounded.ts";

/** Turns of a call that were counted: their metrics come again when they are interrupted. */
const MAX_TURNS = 16;
const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];
const DURATION_BUCKETS = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

interface Call extends SessionParts {
  readonly channelId: string;
  readonly startedAt: number;
  readonly counted: Set<string>;
}

/** Counts what a kit tells of its calls. Nothing of it runs for a frame of audio, and nothing is kept of a call that has ended. */
export function watchKit(kit: RoomKit, now: () => number, register: Registry, prefix: string): Unsubscribe {
  const calls = new Map<string, Call>();
  // First: what is no kit leaves nothing in the register.
  const stops: Unsubscribe[] = [kit.on("kit_closed", () => stop("kit_closed"))];
  const registers = [register];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter<L>({ name: `${prefix}${name}`, help, labelNames, registers } as CounterConfiguration<L>);
  const live = new Gauge({
    ...{ name: `${prefix}calls`, help: "Calls that go on.", labelNames: ["transport"] as const, registers },
  });
  const started = counter("calls_started_total", "Calls that began.", "transport");
  const ended = counter("calls_ended_total", "Calls that ended, and why.", "transport", "reason");
  const duration = new Histogram({
    ...{ name: `${prefix}call_duration_seconds`, help: "How long calls were.", labelNames: ["transport"] as const },
    ...{ buckets: DURATION_BUCKETS, registers },
  });
  const latency = new Histogram({
    ...{ name: `${prefix}turn_latency_seconds`, labelNames: ["stage"] as const, buckets: LATENCY_BUCKETS, registers },
    help: "Where the time of turns went, by stage; total: from the caller's last word to the first sound of the answer.",
  });
  const turns = counter("turns_total", "Turns whose answer became audible.", "transport");
  const bargeIns = counter("barge_ins_total", "Answers that a caller broke in on.", "transport");
  const tools = counter("tool_calls_total", "Calls of tools.", "tool", "outcome");
  const tokens = counter("tokens_total", "Tokens of models: input, output; cached: of the input.", "provider", "type");
  const replies = counter("replies_total", "Answers of models, by how they ended.", "provider", "status");
  const seconds = counter(
    "provider_seconds_total",
    "stt: speech that was recognised; ai: time of answering; tts: audio that was played; realtime: time of calls.",
    ...(["kind", "provider"] as const),
  );
  const errors = counter("provider_errors_total", "What providers failed with.", "kind", "provider", "code");
  const fallbacks = counter("provider_fallbacks_total", "Times one provider gave way to another.", "from", "to");
  const refused = counter("recordings_refused_total", "Recordings that were not made.", "transport");
  const stages = counter("audio_stage_failures_total", "Stages taken out for their failures.", "role", "stage");
  const hooks = counter("hook_failures_total", "Hooks that threw, or took too long.", "trigger", "why");

  const down = new Gauge({
    ...{ name: `${prefix}engine_unreachable`, help: "1 while it cannot be reached.", labelNames: ["engine"] as const },
    registers,
  });
  const lost = counter("events_lost_total", "Events that were delivered and are not in the log.", "code");
  for (const engine of ["store", "leases"]) down.set({ engine }, 0);

  const label = { reason: new BoundedLabel(), tool: new BoundedLabel(), provider: new BoundedLabel() };
  const more = { code: new BoundedLabel(), stage: new BoundedLabel(), transport: new BoundedLabel() };
  const hook = <K extends HookTrigger>(trigger: K, handler: HookHandlers[K]): void => {
    stops.push(kit.hook(trigger, handler, { execution: "async", name: "metrics" }));
  };
  const transportOf = ({ id }: VoiceSession): string => calls.get(id)?.transport ?? "unknown";
  const spoke = (session: VoiceSession, playedMs: number): void => {
    const { tts } = calls.get(session.id)?.providers ?? {};
    if (tts !== undefined)
      seconds.inc({ kind: "tts", provider: label.provider.of(tts) }, Math.max(0, playedMs) / 1_000);
  };
  const fail = (kind: string, provider: string | undefined, error: RoomKitError): void =>
    errors.inc({ kind, provider: label.provider.of(provider), code: more.code.of(error.code) });
  const end = (id: string, why: string): void => {
    const call = calls.get(id);
    if (!call) return;
    calls.delete(id);
    const { transport } = call;
    const tookSeconds = Math.max(0, now() - call.startedAt) / 1_000;
    live.dec({ transport });
    ended.inc({ transport, reason: label.reason.of(why) });
    duration.observe({ transport }, tookSeconds);
    const { realtime } = call.providers;
    if (realtime !== undefined) seconds.inc({ kind: "realtime", provider: label.provider.of(realtime) }, tookSeconds);
  };
  const stop = (why: string): void => {
    for (const unsubscribe of stops.splice(0)) unsubscribe();
    for (const id of [...calls.keys()]) end(id, why);
  };

  stops.push(
    kit.on("voice_session_started", ({ session, transport: name, providers }) => {
      if (calls.has(session.id) || session.state === "ended") return;
      const transport = more.transport.of(name);
      const { channelId } = session;
      calls.set(session.id, { channelId, transport, providers, startedAt: now(), counted: new Set() });
      live.inc({ transport });
      started.inc({ transport });
    }),
    kit.on("voice_session_ended", ({ session, reason }) => end(session.id, reason)),
    kit.on("stt_error", ({ session, error }) => fail("stt", calls.get(session.id)?.providers.stt, error)),
    kit.on("tts_error", ({ session, error }) => fail("tts", calls.get(session.id)?.providers.tts, error)),
    kit.on("ai_error", ({ channelId, error, provider }) => {
      const its = [...calls.values()].filter((call) => call.channelId === channelId);
      const spoken = its.find(({ providers }) => providers.realtime !== undefined)?.providers.realtime;
      if (spoken === undefined) fail("ai", provider, error);
      else fail("realtime", spoken, error);
    }),
    kit.on("provider_fallback", ({ from, to }) => {
      fallbacks.inc({ from: label.provider.of(from), to: label.provider.of(to) });
    }),
    kit.on("recording_refused", ({ session }) => refused.inc({ transport: transportOf(session) })),
    kit.on("audio_stage_changed", ({ role, name, state }) => {
      if (state === "failed") stages.inc({ role, stage: more.stage.of(name) });
    }),
    kit.on("store_unreachable", () => down.set({ engine: "store" }, 1)),
    kit.on("store_reachable", () => down.set({ engine: "store" }, 0)),
    kit.on("leases_unreachable", () => down.set({ engine: "leases" }, 1)),
    kit.on("leases_reachable", () => down.set({ engine: "leases" }, 0)),
    kit.on("events_not_kept", ({ count, error }) => lost.inc({ code: more.code.of(error.code) }, count)),
    kit.on("hook_error", ({ trigger }) => hooks.inc({ trigger, why: "error" })),
    kit.on("hook_timeout", ({ trigger }) => hooks.inc({ trigger, why: "timeout" })),
  );
  hook("ON_TURN_METRICS", ({ session, metrics }) => {
    const call = calls.get(session.id);
    if (!call || call.counted.has(metrics.turnId)) return;
    call.counted.add(metrics.turnId);
    keepNewest(call.counted, MAX_TURNS);
    turns.inc({ transport: call.transport });
    for (const { stage, startMs, endMs } of turnStages(metrics)) latency.observe({ stage }, (endMs - startMs) / 1_000);
    if (metrics.replyMs !== undefined) latency.observe({ stage: "total" }, metrics.replyMs / 1_000);
    const { stt } = call.providers;
    if (stt !== undefined && metrics.speechMs !== undefined)
      seconds.inc({ kind: "stt", provider: label.provider.of(stt) }, metrics.speechMs / 1_000);
  });
  hook("ON_BARGE_IN", ({ session }) => bargeIns.inc({ transport: transportOf(session) }));
  hook("AFTER_TTS", ({ session, record }) => spoke(session, record.playedMs));
  hook("ON_TTS_CANCELLED", ({ session, record }) => spoke(session, record.playedMs));
  hook("ON_TOOL_CALL", ({ call, isError }) => {
    tools.inc({ tool: label.tool.of(call.name), outcome: isError ? "failed" : "ok" });
  });
  hook("ON_AI_RESPONSE", ({ provider: name, status = "completed", usage, durationMs }) => {
    const provider = label.provider.of(name);
    replies.inc({ provider, status });
    if (durationMs !== undefined) seconds.inc({ kind: "ai", provider }, durationMs / 1_000);
    const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0 } = usage ?? {};
    if (inputTokens > 0) tokens.inc({ provider, type: "input" }, inputTokens);
    if (outputTokens > 0) tokens.inc({ provider, type: "output" }, outputTokens);
    if (cachedInputTokens > 0) tokens.inc({ provider, type: "cached" }, cachedInputTokens);
  });
  return () => stop("metrics_stopped");
}
