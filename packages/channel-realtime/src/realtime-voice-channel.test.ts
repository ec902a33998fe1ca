import {
  eventText,
  type RateConverterFactory,
  RoomKit,
  RoomKitError,
  type SessionStatus,
  sequentialIds,
  silence,
} from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  ScriptedRealtime,
  type ScriptedRealtimeOptions,
  VirtualClock,
} from "@roomkit/testing";
import { defineTool, OUTCOME_UNKNOWN, STOPPED } from "@roomkit/tools";
import { describe, expect, it } from "vitest";
import type { RealtimeVoiceChannelOptions } from "./options.ts";
import { RealtimeVoiceChannel, type StartSessionOptions } from "./realtime-voice-channel.ts";

async function setup(
  options: Partial<RealtimeVoiceChannelOptions> = {},
  vendor: Partial<ScriptedRealtimeOptions> = {},
  dtmfEvents?: string,
) {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds() });
  const transport = new FakeBackend();
  const provider = new ScriptedRealtime({ clock, ...vendor });
  const channel = new RealtimeVoiceChannel("rt", { provider, transport, ...options });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "rt");
  const connection = new FakeConnection({ clock, id: "client", dtmfEvents });
  transport.client(connection);
  const start = (more: Partial<StartSessionOptions> = {}) =>
    channel.startSession(room.id, "ada", { connection: "client", ...more });
  const log = async (): Promise<string[]> =>
    (await kit.timeline(room.id))
      .filter((e) => e.content.type === "text")
      .map((e) => `${e.source.role}: ${eventText(e)}`);
  return { clock, kit, transport, provider, channel, room, connection, start, log };
}

/** A running call whose vendor speaks by `speak`. */
async function running(
  options: Partial<RealtimeVoiceChannelOptions> = {},
  vendor: Partial<ScriptedRealtimeOptions> = {},
  dtmfEvents?: string,
) {
  const s = await setup(options, vendor, dtmfEvents);
  const session = await s.start();
  const remote = s.provider.sessions[0];
  if (!remote) throw new Error("no session");
  const format = remote.outbound;
  const speak = (responseId: string, text: string, ms: number): void => {
    remote.say({ type: "response-start", responseId });
    remote.say({
      type: "transcript",
      id: `t-${responseId}`,
      itemId: responseId,
      role: "assistant",
      text,
      final: false,
    });
    for (let at = 0; at < ms; at += 20)
      remote.say({ type: "audio", responseId, itemId: responseId, frame: silence(format, 20, at) });
    remote.say({ type: "transcript", id: `t-${responseId}`, itemId: responseId, role: "assistant", text, final: true });
    remote.say({ type: "response-end", responseId, status: "completed" });
  };
  return { ...s, session, remote, speak };
}

it("a call can be asked how it stands", async () => {
  const s = await setup();
  const asked: (SessionStatus | undefined)[] = [];
  s.kit.on("voice_session_started", ({ status }) => void asked.push(status?.()));
  await s.start();
  expect(asked).toEqual([
    { state: "listening", microphoneOff: false, muted: false, outputMuted: false, quality: undefined, stages: [] },
  ]);
});

describe("starting", () => {
  it("tells the vendor who to be, with the earlier conversation", async () => {
    const s = await setup({ systemPrompt: "Be kind.", voice: "Aoede", greetingPrompt: "Greet the caller." });
    await s.kit.processInbound({
      roomId: s.room.id,
      channelId: "rt",
      participantId: "ada",
      content: { type: "text", text: "earlier" },
    });
    const session = await s.start({ voice: "Puck" });
    expect(session.state).toBe("active");
    expect(s.provider.sessions[0]?.config).toEqual({
      instructions: "Be kind.",
      voice: "Puck",
      history: [{ role: "user", text: "earlier" }],
    });
    expect(s.provider.sessions[0]?.calls[0]).toEqual(["sendText", "Greet the caller.", { role: "system" }]);
  });

  it("keeps what is said during the handshake, in order and bounded", async () => {
    const s = await setup({ handshakeBufferMs: 200 }, { connectMs: 500 });
    const starting = s.start();
    for (let i = 0; i < 20; i++) {
      await s.clock.advance(20);
      s.connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, i * 20));
    }
    await s.clock.advance(200);
    await starting;
    s.connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, 400));
    expect(s.provider.sessions[0]?.heard.map((f) => f.timestamp)).toEqual([
      200, 220, 240, 260, 280, 300, 320, 340, 360, 380, 400,
    ]);
  });

  it.each<[string, string, (s: Awaited<ReturnType<typeof setup>>) => Promise<unknown>]>([
    ["the vendor refuses", "refused", async (s) => s.start()],
    [
      "the client leaves during the handshake",
      "aborted",
      async (s) => {
        const starting = s.start();
        starting.catch(() => {});
        await s.clock.advance(50);
        await s.connection.close({ code: "client_closed", message: "" });
        return starting;
      },
    ],
    [
      "the application gives up",
      "aborted",
      async (s) => {
        const abort = new AbortController();
        const starting = s.start({ signal: abort.signal });
        starting.catch(() => {});
        await s.clock.advance(50);
        abort.abort();
        return starting;
      },
    ],
    [
      "the handshake takes too long",
      "timeout",
      async (s) => {
        const starting = s.start();
        starting.catch(() => {});
        await s.clock.advance(2_000);
        return starting;
      },
    ],
    [
      "the kit closes",
      "aborted",
      async (s) => {
        const starting = s.start();
        starting.catch(() => {});
        await s.clock.advance(50);
        const closing = s.kit.close();
        await s.clock.advance(10_000);
        await closing;
        return starting;
      },
    ],
  ])("is undone whole when %s", async (_what, code, act) => {
    const vendor = code === "refused" ? { error: new RoomKitError("refused", "no") } : { connectMs: 5_000 };
    const s = await setup({ connectTimeoutMs: 1_000 }, vendor);
    await expect(act(s)).rejects.toMatchObject({ code });
    await s.clock.advance(20_000);
    expect(s.channel.sessions).toEqual([]);
    expect(s.transport.bound).toBe(0);
    expect(s.connection.closed).toBe(true);
    expect(s.connection.listeners).toBe(0);
    expect(s.clock.pendingTimers).toBe(0);
    expect(s.provider.sessions.every((remote) => remote.closed)).toBe(true);
  });

  it("refuses a room it is not attached to, and a client that is not there", async () => {
    const s = await setup();
    await expect(s.channel.startSession("nowhere", "ada", { connection: "client" })).rejects.toMatchObject({
      code: "not_attached",
    });
    await expect(s.start({ connection: "nobody" })).rejects.toMatchObject({ code: "unknown_connection" });
  });

  it("needs a resampler when the rates differ, and uses it both ways", async () => {
    const s = await setup({}, { inputSampleRate: 24_000 });
    await expect(s.start()).rejects.toMatchObject({ code: "invalid_option" });
    const made: string[] = [];
    const createResampler: RateConverterFactory = (from, to) => {
      made.push(`${from}>${to}`);
      const convert = (x: Int16Array): Int16Array => new Int16Array(Math.round((x.length * to) / from));
      return { process: convert, flush: () => new Int16Array(0), reset: () => {} };
    };
    const ok = await setup({ createResampler }, { inputSampleRate: 24_000, outputSampleRate: 16_000 });
    await ok.start();
    ok.connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20));
    expect(made.sort()).toEqual(["16000>24000", "16000>24000"]);
    expect(ok.provider.sessions[0]?.heard[0]).toMatchObject({ sampleRate: 24_000 });
    expect(ok.provider.sessions[0]?.heard[0]?.samples.length).toBe(480);
  });
});

describe("a conversation", () => {
  it("reaches client, hooks and room in order", async () => {
    const c = await running();
    c.remote.say({ type: "speech-start" });
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "what", final: false });
    await c.clock.advance(10);
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "what time is it", final: true });
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "late partial", final: false });
    c.remote.say({ type: "speech-end" });
    c.speak("r1", "It is noon.", 400);
    await c.clock.advance(2_000);
    expect(await c.log()).toEqual(["user: what time is it", "assistant: It is noon."]);
    const shown = c.connection.messages("transcript").map((m) => `${m.role}${m.final ? "!" : ""}: ${m.text}`);
    expect(shown).toEqual([
      "user: what",
      "user!: what time is it",
      "assistant: It is noon.",
      "assistant: It is noon.",
      "assistant!: It is noon.",
    ]);
    expect(c.connection.messages("state").map((m) => m.state)).toEqual([
      "listening",
      "thinking",
      "speaking",
      "listening",
    ]);
    expect([...c.connection.played.values()]).toEqual([400]);
  });

  it("redacts before anything leaves", async () => {
    const c = await running();
    c.kit.hook("ON_TRANSCRIPTION", ({ text }) => ({
      action: "modify",
      payload: { text: text.replace(/\d+/, "[pin]") },
    }));
    c.kit.hook("BEFORE_TTS", ({ written }) => ({
      action: "modify",
      payload: { written: written.replace(/\d+/, "[pin]") },
    }));
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "pin 1234", final: false });
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "pin 1234", final: true });
    c.speak("r1", "Your pin 1234.", 200);
    await c.clock.advance(2_000);
    expect(JSON.stringify(c.connection.sent)).not.toMatch(/\b1234\b/);
    expect(await c.log()).toEqual(["user: pin [pin]", "assistant: Your pin [pin]."]);
  });

  it("buffers a provider that is faster than speech, bounded", async () => {
    const c = await running({ maxBufferedMs: 3_000 });
    c.speak("r1", "A long story.", 10_000);
    await c.clock.advance(20_000);
    const ms = [...c.connection.played.values()][0] as number;
    expect(ms).toBeGreaterThanOrEqual(3_000);
    expect(ms).toBeLessThanOrEqual(4_100);
  });
});

describe("an interruption", () => {
  it("silences the listener first, then tells the vendor how much was heard", async () => {
    const c = await running();
    c.speak("r1", "One two three four five six seven eight nine ten.", 4_000);
    await c.clock.advance(1_000);
    let clearsAtHook = -1;
    c.kit.hook("ON_BARGE_IN", () => {
      clearsAtHook = c.connection.clears;
    });
    c.remote.say({ type: "speech-start" });
    expect(c.connection.clears).toBe(1);
    // Late audio of the interrupted answer is not played.
    c.remote.say({ type: "audio", responseId: "r1", itemId: "r1", frame: silence(c.remote.outbound, 500) });
    await c.clock.advance(1_000);
    expect(clearsAtHook).toBe(1);
    expect([...c.connection.played.values()]).toEqual([1_000]);
    expect(c.remote.calls).toContainEqual(["truncate", "r1", 1_000]);
    const [interrupted] = c.connection.messages("interrupted");
    expect(interrupted?.heard).toBe("One two");
    expect(await c.log()).toEqual(["assistant: One two"]);
  });

  it("of an answer still being generated stops the vendor", async () => {
    const c = await running();
    c.remote.say({ type: "response-start", responseId: "r1" });
    c.remote.say({ type: "audio", responseId: "r1", itemId: "r1", frame: silence(c.remote.outbound, 300) });
    await c.clock.advance(100);
    c.connection.input({ type: "interrupt" });
    expect(c.remote.calls).toContainEqual(["interrupt"]);
    expect(c.connection.clears).toBe(1);
  });

  it("is not what ends with the call", async () => {
    const c = await running();
    c.speak("r1", "One two three four five six seven eight nine ten.", 4_000);
    await c.clock.advance(1_000);
    const hooks: string[] = [];
    c.kit.hook("ON_BARGE_IN", () => void hooks.push("barge-in"));
    c.kit.hook("ON_TTS_CANCELLED", () => void hooks.push("cancelled"));
    await c.connection.close({ code: "client_closed", message: "hung up" });
    await c.clock.advance(3_000);
    expect(hooks).toEqual([]);
    expect(await c.log()).toEqual(["assistant: One two"]);
  });

  it("takes back what was asked for and has not begun", async () => {
    const c = await running();
    c.channel.sendText(c.session.id, "tell me a story");
    c.channel.interrupt(c.session.id);
    expect(c.remote.calls.map(([method]) => method)).toEqual(["sendText", "interrupt"]);
  });

  it("speech while nothing is played silences nothing", async () => {
    const c = await running();
    c.remote.say({ type: "speech-start" });
    expect(c.connection.clears).toBe(0);
    expect(c.remote.calls).toEqual([]);
  });
});

describe("tools", () => {
  const dice = defineTool({
    name: "dice",
    description: "Rolls.",
    parameters: { type: "object", properties: { sides: { type: "integer" } }, required: ["sides"] },
    execute: ({ sides }) => `rolled ${sides}`,
  });

  it("run after the words that caused them are in the room, and their result goes back", async () => {
    const order: string[] = [];
    const c = await running({
      tools: [{ ...dice, execute: async () => void order.push(`tool after ${(await c.log()).length} lines`) }],
    });
    c.kit.hook("ON_TRANSCRIPTION", async () => {
      await c.clock.sleep(100);
      return { action: "allow" };
    });
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "roll", final: true });
    c.remote.say({ type: "tool-call", id: "c1", name: "dice", arguments: { sides: 6 } });
    await c.clock.advance(1_000);
    expect(order).toEqual(["tool after 1 lines"]);
    expect(c.remote.calls).toContainEqual(["submitToolResult", "c1", "done", {}]);
    const kinds = (await c.kit.timeline(c.room.id)).map((e) => e.content.type).filter((type) => type !== "system");
    expect(kinds).toEqual(["text", "tool-call", "tool-result"]);
  });

  it("always answer the vendor, also when the arguments are wrong", async () => {
    const c = await running({ tools: [dice] });
    c.remote.say({ type: "tool-call", id: "c1", name: "dice", arguments: { sides: "six" } });
    c.remote.say({ type: "tool-call", id: "c2", name: "nothing", arguments: {} });
    await c.clock.advance(100);
    const results = c.remote.calls.filter(([name]) => name === "submitToolResult");
    expect(results.map(([, id, , options]) => [id, options])).toEqual([
      ["c1", { isError: true }],
      ["c2", { isError: true }],
    ]);
  });

  it("stop when the vendor takes the call back", async () => {
    let aborted = false;
    const slow = {
      ...dice,
      execute: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise(() =>
          signal.addEventListener("abort", () => {
            aborted = true;
          }),
        ),
    };
    const c = await running({ tools: [slow as typeof dice] });
    c.remote.say({ type: "tool-call", id: "c1", name: "dice", arguments: { sides: 6 } });
    await c.clock.advance(100);
    c.remote.say({ type: "tool-call-cancelled", ids: ["c1"] });
    await c.clock.advance(100);
    expect(aborted).toBe(true);
    expect(c.remote.calls.filter(([name]) => name === "submitToolResult")).toEqual([]);
    // It says nothing of what became of it.
    await c.clock.advance(15_000);
    expect(c.remote.calls.at(-1)).toEqual(["submitToolResult", "c1", OUTCOME_UNKNOWN.result, { isError: true }]);
  });

  /** A tool that takes 3 s and is deaf; one that stops when it is told to. */
  const book = { ...dice, name: "book", execute: () => undefined as unknown };
  it.each([
    ["deaf", "booked"],
    ["obedient", STOPPED.result],
  ])("called off by the vendor, when %s, are told of as they ended", async (kind, result) => {
    const c = await running({
      muteOnToolCall: true,
      tools: [
        {
          ...book,
          execute: (_: unknown, { signal }: { signal: AbortSignal }) =>
            c.clock.sleep(3_000, kind === "deaf" ? undefined : signal).then(() => "booked"),
        },
      ],
    });
    const told: unknown[] = [];
    c.kit.hook("ON_TOOL_CALL", (payload) => void told.push(payload.result));
    c.remote.say({ type: "tool-call", id: "c1", name: "book", arguments: { sides: 6 } });
    await c.clock.advance(100);
    c.remote.say({ type: "tool-call-cancelled", ids: ["c1"] });
    await c.clock.advance(5_000);
    const submitted = c.remote.calls.filter(([name]) => name === "submitToolResult");
    // What it has taken back and what was not done needs no word.
    expect(submitted).toEqual(kind === "deaf" ? [["submitToolResult", "c1", "booked", {}]] : []);
    expect(told).toEqual([result]);
    const log = (await c.kit.timeline(c.room.id)).filter((e) => e.content.type === "tool-result");
    expect(log.map(({ content }) => content)).toMatchObject([{ result }]);
  });

  it("that outlive the call are in the room as they ended", async () => {
    const c = await running({ tools: [{ ...book, execute: () => c.clock.sleep(3_000).then(() => "booked") }] });
    c.remote.say({ type: "tool-call", id: "c1", name: "book", arguments: { sides: 6 } });
    await c.clock.advance(100);
    await c.connection.close({ code: "client_closed", message: "" });
    await c.clock.advance(5_000);
    const log = (await c.kit.timeline(c.room.id)).filter((e) => e.content.type === "tool-result");
    expect(log.map(({ content }) => content)).toMatchObject([{ result: "booked", isError: false }]);
    expect(c.remote.calls.filter(([name]) => name === "submitToolResult")).toEqual([]);
  });
});

describe("the end", () => {
  it.each([
    ["when the last words are in the room", 500, ["user: goodbye"]],
    ["after a while when a hook hangs", 1e9, []],
  ])("is told %s", async (_, hookMs, expected) => {
    const c = await running();
    let lines: string[] | undefined;
    c.kit.on("voice_session_ended", async () => {
      lines = await c.log();
    });
    c.kit.hook("ON_TRANSCRIPTION", async () => {
      await c.clock.sleep(hookMs);
      return { action: "allow" };
    });
    c.remote.say({ type: "transcript", id: "u1", role: "user", text: "goodbye", final: true });
    await c.connection.close({ code: "client_closed", message: "" });
    await c.clock.advance(3_000);
    expect(lines).toEqual(expected);
  });

  it.each(["client", "vendor", "application", "kit", "detach"])(
    "from the %s's side ends the other and leaves nothing",
    async (who) => {
      const c = await running();
      c.speak("r1", "One two three four.", 3_000);
      await c.clock.advance(500);
      const ended: string[] = [];
      c.kit.on("voice_session_ended", ({ reason }) => ended.push(reason));
      if (who === "client") await c.connection.close({ code: "client_closed", message: "" });
      if (who === "vendor") c.remote.say({ type: "closed", reason: "expired" });
      if (who === "application") await c.channel.endSession(c.session.id);
      if (who === "detach") await c.kit.detachChannel(c.room.id, "rt");
      if (who === "kit") {
        const closing = c.kit.close();
        await c.clock.advance(20_000);
        await closing;
      }
      await c.clock.advance(20_000);
      expect(ended).toHaveLength(1);
      expect(c.session.state).toBe("ended");
      expect(c.remote.closed).toBe(true);
      expect(c.remote.listeners).toBe(0);
      expect(c.connection.closed).toBe(true);
      expect(c.connection.listeners).toBe(0);
      expect(c.transport.bound).toBe(0);
      expect(c.clock.pendingTimers).toBe(0);
    },
  );
});

it("changes a running session, only where it is told to", async () => {
  const c = await running({ systemPrompt: "Old." });
  await c.channel.reconfigure(c.session.id, { systemPrompt: "New." });
  expect(c.remote.calls).toContainEqual(["update", { instructions: "New." }]);
  const fixed = await running({}, { capabilities: { midSessionUpdate: false } });
  await expect(fixed.channel.reconfigure(fixed.session.id, {})).rejects.toMatchObject({ code: "unsupported" });
});

it("sends touch tones at the listener's rate, which are nobody's words", async () => {
  const asked: unknown[] = [];
  const dtmfTones = (digits: string, { sampleRate }: { readonly sampleRate: number }) => {
    asked.push([digits, sampleRate]);
    return { ...silence({ sampleRate, channels: 1 }, 400), samples: new Int16Array(sampleRate * 0.4).fill(900) };
  };
  const s = await running({ dtmfTones });
  let loud = 0;
  s.connection.onPlayed(({ samples }) => {
    loud += samples.filter((x) => x === 900).length;
  });
  await s.channel.sendDtmf(s.session.id, "12");
  await s.clock.advance(1_000);
  const rate = s.connection.outbound.sampleRate;
  expect(asked).toEqual([["12", rate]]);
  expect(loud).toBe(rate * 0.4);
  expect(await s.log()).toEqual([]);
  await expect(s.channel.sendDtmf(s.session.id, "12x")).rejects.toMatchObject({ code: "invalid_digits" });
  await expect(s.channel.sendDtmf("nobody", "1")).rejects.toMatchObject({ code: "unknown_session" });
  const without = await running();
  await expect(without.channel.sendDtmf(without.session.id, "1")).rejects.toMatchObject({ code: "unsupported" });
});

it("sends touch tones as events where the client takes them, in order and bounded", async () => {
  const s = await running({}, {}, "0123456789");
  const pressed = (): string => s.connection.pressed.map(({ digit }) => digit).join("");
  await s.channel.sendDtmf(s.session.id, "12", { toneMs: 60, pauseMs: 40 });
  await s.channel.sendDtmf(s.session.id, "34");
  await s.clock.advance(1_000);
  expect(pressed()).toBe("1234");
  await s.channel.sendDtmf(s.session.id, "5".repeat(64));
  await expect(s.channel.sendDtmf(s.session.id, "6".repeat(64))).rejects.toMatchObject({ code: "queue_full" });
  await s.clock.advance(20_000);
  expect(pressed()).toBe(`1234${"5".repeat(64)}`);
  // What interrupts the model's speech drops what is queued behind it.
  s.speak("r1", "One two three.", 2_000);
  await s.clock.advance(300);
  await s.channel.sendDtmf(s.session.id, "7");
  s.channel.interrupt(s.session.id);
  await s.clock.advance(5_000);
  expect(pressed()).not.toContain("7");
  await expect(s.channel.sendDtmf(s.session.id, "#")).rejects.toMatchObject({ code: "unsupported" });
  await expect(running({ dtmfMode: "x" as never })).rejects.toMatchObject({ code: "invalid_option" });
});

it("typed words interrupt, are shown, and are answered", async () => {
  const c = await running();
  c.speak("r1", "One two three.", 2_000);
  await c.clock.advance(300);
  c.connection.input({ type: "text", text: "something else" });
  await c.clock.advance(1_000);
  expect(c.connection.clears).toBe(1);
  expect(c.remote.calls).toContainEqual(["sendText", "something else", {}]);
  expect(await c.log()).toContain("user: something else");
});

it("does not listen while the client is muted or the binding is", async () => {
  const c = await running();
  const speak = (): void => c.connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20));
  c.connection.input({ type: "mute", muted: true });
  speak();
  c.connection.input({ type: "mute", muted: false });
  await c.kit.mute(c.room.id, "rt");
  speak();
  expect(c.remote.heard).toHaveLength(0);
  await c.kit.unmute(c.room.id, "rt");
  speak();
  expect(c.remote.heard).toHaveLength(1);
});

it("the provider and the audio path are told what the caller's platform does; a fallback is told of with the room", async () => {
  const pipeline = new FakePipeline();
  const s = await setup({ pipeline });
  const told: unknown[] = [];
  s.kit.on("provider_fallback", (change) => told.push(change));
  await s.start();
  const [options] = s.provider.connects;
  expect(options?.native).toBe(s.transport.capabilities);
  expect(pipeline.opened[0]?.native).toBe(s.transport.capabilities);
  const change = { from: "a", to: "b", error: new RoomKitError("down", "down") };
  options?.onFallback?.(change);
  expect(told).toEqual([{ roomId: s.room.id, ...change }]);
});
