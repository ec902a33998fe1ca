import { context, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { RoomKit, silentLogger } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { logCalls } from "../logs/log-calls.ts";
import { ToldKit } from "../told.fixture.ts";
import { traceCalls } from "./trace-calls.ts";

/** A call of one turn that is answered and played to its end. */
async function oneTurn(told: ToldKit, meanwhile = (): void => {}): Promise<void> {
  told.start();
  await told.clock.advance(3_000);
  told.said("t1");
  meanwhile();
  await told.clock.advance(340);
  told.metrics("t1");
  told.tool("t1");
  await told.clock.advance(100);
  told.reply("t1");
  await told.clock.advance(800);
  told.played("t1");
  await told.clock.advance(1_000);
  told.end();
}

describe("a call as a trace", () => {
  it("has a span for the call, one for each turn, and one for each stage at its time", async () => {
    const told = new ToldKit();
    await oneTurn(told);
    expect(told.spans.text()).toBe(
      [
        "voice.session 0-5240",
        "  turn 1740-4240",
        "    endpoint 2740-2940",
        "    stt 2940-3000",
        "    llm 3040-3440",
        "    tts 3240-3320",
        "    tool 3250-3340",
        "    playout 3320-4240",
      ].join("\n"),
    );
    await told.close();
  });

  it.each([1, -1])(
    "row 69: has the same times when the wall clock jumps by %i h in the middle of it",
    async (hours) => {
      const [plain, told] = [new ToldKit(), new ToldKit()];
      await oneTurn(plain);
      const { wallTime } = told.clock;
      await oneTurn(told, () => {
        Object.assign(told.clock, { wallTime: () => wallTime() + hours * 3_600_000 });
      });
      expect(told.spans.text()).toBe(plain.spans.text());
      expect(told.lines.filter(({ event }) => event === "call")).toEqual(
        plain.lines.filter(({ event }) => event === "call"),
      );
      await Promise.all([plain.close(), told.close()]);
    },
  );

  it("tells the delays of a turn, whose they are, and what a model used", async () => {
    const told = new ToldKit();
    await oneTurn(told);
    const [turn, session, llm, tool, stt] = ["turn", "voice.session", "llm", "tool", "stt"].map(
      (name) => told.spans.named(name)[0],
    );
    expect(turn?.attributes).toEqual({
      "roomkit.turn.id": "t1",
      "roomkit.session.id": "s1",
      "roomkit.room.id": "room",
      "roomkit.transport": "fake",
      "roomkit.interrupted": false,
      "roomkit.speech_ms": 1_000,
      "roomkit.eou_delay_ms": 260,
      "roomkit.stt_final_delay_ms": 260,
      "roomkit.llm_ttft_ms": 240,
      "roomkit.tts_ttfb_ms": 80,
      "roomkit.e2e_latency_ms": 600,
    });
    expect(session?.attributes).toMatchObject({
      "roomkit.provider.stt": "ears",
      "roomkit.provider.tts": "mouth",
      "roomkit.end.reason": "client_closed",
      "roomkit.turns": 1,
      "roomkit.tool_calls": 1,
      "gen_ai.usage.input_tokens": 100,
    });
    expect(llm?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "brain",
      "gen_ai.usage.output_tokens": 20,
      "roomkit.reply.status": "completed",
    });
    expect(tool?.attributes).toEqual({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "find",
      "gen_ai.tool.call.id": "c1",
    });
    expect(stt?.attributes).toEqual({ "roomkit.provider": "ears" });
    await told.close();
  });

  it("says nothing of what was said, unless it is asked to", async () => {
    const silent = new ToldKit();
    await oneTurn(silent);
    const all = (told: ToldKit): string =>
      JSON.stringify([
        told.spans.ended.map(({ attributes, events, status }) => [attributes, events, status]),
        told.lines,
      ]);
    expect(all(silent)).not.toMatch(/parcel|Bonn|secret/);
    const open = new ToldKit({ content: true });
    await oneTurn(open);
    const attributes = Object.assign({}, ...open.spans.ended.map((span) => span.attributes));
    expect(attributes).toMatchObject({
      "roomkit.transcript": "Where is my parcel?",
      "roomkit.reply": "In Bonn, it is.",
      "roomkit.heard": "In Bonn, it is.",
      "gen_ai.tool.call.arguments": '{"parcel":"secret-7"}',
      "gen_ai.tool.call.result": "in Bonn",
    });
    expect(JSON.stringify(open.lines)).not.toMatch(/parcel|Bonn|secret/);
    await Promise.all([silent.close(), open.close()]);
  });

  it("names an error by its code: of a turn on the turn, of a tool on the tool, of a call on the call", async () => {
    const told = new ToldKit();
    told.start();
    told.fails("stt_error");
    told.said("t1");
    told.fails("tts_error");
    told.tool("t1", true);
    told.reply("t1", "failed");
    told.end();
    const statuses = told.spans.ended.map(({ name, status, attributes }) => [
      ...[name, status.code === SpanStatusCode.ERROR, status.message, attributes["error.type"]],
    ]);
    expect(statuses).toEqual([
      ["tool", true, "tool_error", "tool_error"],
      ["llm", true, "ai_failed", "ai_failed"],
      ["turn", true, "vendor_down", "vendor_down"],
      ["voice.session", true, "vendor_down", "vendor_down"],
    ]);
    await told.close();
  });

  it("is a trace of its own that tells of the request which began it", async () => {
    const told = new ToldKit();
    const request = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    const manager = {
      active: () => trace.setSpanContext(ROOT_CONTEXT, request),
      with: (_: unknown, fn: () => unknown) => fn(),
      bind: (_: unknown, target: unknown) => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager as never);
    try {
      told.start();
    } finally {
      context.disable();
    }
    told.end();
    const [session] = told.spans.ended;
    expect(session?.parentSpanContext).toBeUndefined();
    expect(session?.links.map((link) => link.context)).toEqual([request]);
    await told.close();
  });

  it("ends when it is stopped, and nothing begins after that", async () => {
    const told = new ToldKit();
    const other = new ToldKit();
    const stop = traceCalls(told.kit, { clock: told.clock, tracerProvider: other.spans.provider });
    told.start();
    stop();
    stop();
    told.start("s2");
    expect(other.spans.named("voice.session").map(({ attributes }) => attributes["roomkit.end.reason"])).toEqual([
      "telemetry_stopped",
    ]);
    await Promise.all([told.close(), other.close()]);
  });

  it("goes nowhere without an SDK, and does not fail", async () => {
    const told = new ToldKit({ tracerProvider: trace.getTracerProvider() });
    await oneTurn(told);
    await told.close();
    expect(told.spans.begun).toBe(0);
  });

  it("asks for nothing that is told of frames of audio", () => {
    const kit = new RoomKit();
    const asked: string[] = [];
    const { hook } = kit;
    kit.hook = (trigger, ...more) => {
      asked.push(trigger);
      return hook.call(kit, trigger, ...more);
    };
    traceCalls(kit);
    logCalls(kit, silentLogger);
    const told = [
      "ON_TURN_COMPLETE",
      "ON_TURN_METRICS",
      "AFTER_TTS",
      "ON_TTS_CANCELLED",
      "ON_AI_RESPONSE",
      "ON_TOOL_CALL",
    ];
    expect(asked).toEqual([...told, ...told]);
  });
});
