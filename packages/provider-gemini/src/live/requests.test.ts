import type { RealtimeEvent, RealtimeSessionConfig } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { liveSettings } from "./options.ts";
import { GeminiLiveProtocol } from "./protocol.ts";

const AUDIO = Buffer.alloc(9_600).toString("base64");

function vendor(config: RealtimeSessionConfig = {}) {
  const clock = new VirtualClock();
  const events: RealtimeEvent[] = [];
  const sent: Record<string, unknown>[] = [];
  const protocol = new GeminiLiveProtocol(
    {
      send: (message) => sent.push(message as Record<string, unknown>),
      emit: (event) => events.push(event),
      ready: () => {},
      fail: () => {},
      rotate: () => {},
      after: (ms, handler) => clock.setTimeout(handler, ms),
      note: () => {},
    },
    liveSettings({}),
    config,
  );
  const connect = (): void => {
    protocol.begin();
    protocol.receive({ setupComplete: {} });
  };
  connect();
  const content = (serverContent: object): void => protocol.receive({ serverContent });
  return {
    clock,
    events,
    protocol,
    connect,
    text: (said: string) => protocol.sendText(said, {}),
    result: (id: string, result: string) => protocol.submitToolResult(id, result, {}),
    audio: () => content({ modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: AUDIO } }] } }),
    heard: (text: string) => content({ inputTranscription: { text } }),
    interrupted: () => content({ interrupted: true }),
    complete: () => content({ turnComplete: true }),
    call: (...ids: string[]) =>
      protocol.receive({ toolCall: { functionCalls: ids.map((id) => ({ id, name: "book", args: {} })) } }),
    takeBack: (...ids: string[]) => protocol.receive({ toolCallCancellation: { ids } }),
    activity: (type: "START" | "END") => protocol.receive({ voiceActivity: { voiceActivityType: `ACTIVITY_${type}` } }),
    /** What it was asked in words, and what it was given of its calls. */
    asked: () =>
      sent.flatMap(({ realtimeInput, toolResponse }) => {
        const { text } = (realtimeInput ?? {}) as { text?: string };
        const { functionResponses } = (toolResponse ?? {}) as { functionResponses?: { id: string }[] };
        return [...(text === undefined ? [] : [text]), ...(functionResponses ?? []).map(({ id }) => `result ${id}`)];
      }),
    told: (type: RealtimeEvent["type"]) => events.filter((event) => event.type === type),
  };
}

const NOTE = "(note) The call of book was carried out. Its result: table 7";

describe("an interruption before the answer begins", () => {
  it("cuts it off when it does, and not the next", () => {
    const v = vendor();
    v.text("tell me");
    v.protocol.interrupt();
    v.audio();
    v.audio();
    expect([v.told("audio").length, v.told("response-end")]).toMatchObject([0, [{ status: "cancelled" }]]);
    v.complete();
    v.text("or this");
    v.audio();
    expect(v.told("audio").length).toBeGreaterThan(0);
  });

  it("leaves alone what is asked after it", () => {
    const v = vendor();
    v.text("tell me");
    v.protocol.interrupt();
    v.text("or this");
    v.audio();
    expect(v.told("audio").length).toBeGreaterThan(0);
  });

  it("is not asked again on the next connection", () => {
    const v = vendor();
    v.text("tell me");
    v.protocol.interrupt();
    v.protocol.lost();
    v.connect();
    expect(v.asked()).toEqual(["tell me"]);
  });
});

describe("while the caller speaks", () => {
  it("a text waits until that has been answered", () => {
    const v = vendor();
    v.activity("START");
    v.text("and this");
    v.activity("END");
    v.audio();
    expect(v.asked()).toEqual([]);
    v.complete();
    expect(v.asked()).toEqual(["and this"]);
  });

  it("a text is not held for ever, and an interruption takes it back", async () => {
    const v = vendor();
    v.activity("START");
    v.text("first");
    v.protocol.interrupt();
    v.text("second");
    await v.clock.advance(20_000);
    expect([v.asked(), v.clock.pendingTimers]).toEqual([["second"], 0]);
  });

  it.each([
    ["its end", (v: ReturnType<typeof vendor>) => v.activity("END")],
    ["a while", (v: ReturnType<typeof vendor>) => v.clock.advance(5_000)],
  ])("results wait for %s", async (_name, pass) => {
    const v = vendor();
    v.call("c1", "c2");
    v.activity("START");
    v.result("c1", "table 7");
    v.result("c2", "table 8");
    expect(v.asked()).toEqual([]);
    await pass(v);
    expect([v.asked(), v.clock.pendingTimers]).toEqual([["result c1", "result c2"], 0]);
  });
});

describe("a call the model has taken back", () => {
  it("and that was done all the same is told of in the next pause, once", () => {
    const v = vendor();
    v.text("book it");
    v.call("c1");
    v.interrupted();
    v.takeBack("c1");
    v.complete();
    v.heard("wait");
    v.result("c1", "table 7");
    v.result("c1", "table 7");
    v.result("c9", "never called");
    expect(v.asked()).toEqual(["book it"]);
    v.audio();
    v.complete();
    expect(v.asked()).toEqual(["book it", NOTE]);
  });

  it("whose result was there, but not sent, is told of too", () => {
    const v = vendor();
    v.call("c1", "c2");
    v.result("c1", "table 7");
    v.takeBack("c1", "c2");
    v.complete();
    expect(v.asked()).toEqual([NOTE]);
  });

  it("because the connection was lost is told of on the next", () => {
    const v = vendor();
    v.call("c1");
    v.protocol.lost();
    v.result("c1", "table 7");
    expect(v.asked()).toEqual([]);
    v.connect();
    expect(v.asked()).toEqual([NOTE]);
  });
});

it("a new session is told what its calls came to, and not asked for them again", () => {
  const v = vendor();
  v.text("book it");
  v.call("c1");
  v.result("c1", "table 7");
  v.protocol.lost();
  v.connect();
  expect(v.asked()).toEqual(["book it", "result c1", NOTE]);
});
