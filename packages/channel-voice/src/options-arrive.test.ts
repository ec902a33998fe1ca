import { type ProviderFallback, RoomKitError, silence } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

describe("what the application asks for arrives", () => {
  it("at recogniser and voice", async () => {
    const voice = { language: "de-DE", keywords: ["Ada", "Lovelace"], voice: "anna", speed: 1.25 };
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["Good morning."], voice });
    await c.speak(600);
    await c.clock.advance(3_000);
    expect(c.stt.options).toMatchObject([{ language: "de-DE", keywords: ["Ada", "Lovelace"] }]);
    expect(c.tts.options).toMatchObject([{ language: "de-DE", voice: "anna", speed: 1.25 }]);
  });

  it.each([0, 0.49, 2.01, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "unless it is out of range: speed %d",
    async (speed) => {
      await expect(call({ voice: { speed } })).rejects.toMatchObject({ code: "invalid_option" });
    },
  );

  it.each([
    { stt: {} },
    { tts: {} },
    { pipeline: {} },
    { turnDetector: {} },
    { turnDetector: () => {} },
    { sttTimeoutMs: 0 },
    { maxSpeechMs: 0 },
    { maxQueuedMs: 0 },
    { maxUtterances: 0 },
  ])("unless it is none: %j", async (wrong) => {
    const name = Object.keys(wrong)[0] as string;
    const refused = { code: "invalid_option", message: expect.stringContaining(name) };
    await expect(call({ voice: wrong as never })).rejects.toMatchObject(refused);
  });

  it("at the audio path: what the transport's clients do themselves", async () => {
    const c = await call();
    expect(c.pipeline.opened.map(({ native }) => native)).toEqual([c.backend.capabilities]);
  });
});

describe("with manual turns", () => {
  const manual = { turnDetection: "manual" } as const;

  it("a caller is heard from activityStart to activityEnd, and answered", async () => {
    const c = await call({ stt: [{ finals: ["what time is it"] }], answers: ["It is noon."], voice: manual });
    await c.microphone(500);
    c.voice.activityStart(c.session.id);
    await c.microphone(800);
    c.voice.activityEnd(c.session.id);
    await c.microphone(500);
    await c.clock.advance(3_000);
    expect(c.stt.frames).toEqual([40]);
    expect(await c.log()).toEqual(["user: what time is it", "assistant: It is noon."]);
  });

  // Every order in which the two may come, and what was heard by then.
  it.each<[string, string[], number]>([
    ["an end without a begin", ["end", "hear"], 0],
    ["a begin without an end", ["begin", "hear"], 0],
    ["two ends", ["begin", "hear", "end", "end"], 1],
    ["two begins: the first ends there", ["begin", "hear", "begin", "hear", "end"], 1],
    ["a turn of no audio", ["begin", "end"], 1],
    ["the VAD, which is not asked", ["vad"], 0],
    ["a mute in the middle ends it", ["begin", "hear", "mute"], 1],
    ["a close in the middle", ["begin", "hear", "close"], 0],
  ])("%s harms nothing", async (_name, steps, answers) => {
    const stt = [{ finals: ["one"] }, { finals: ["two"] }];
    const c = await call({ stt, answers: ["Fine.", "Fine."], voice: manual });
    const acts: Record<string, () => unknown> = {
      begin: () => c.voice.activityStart(c.session.id),
      end: () => c.voice.activityEnd(c.session.id),
      hear: () => c.microphone(400),
      vad: () => c.speak(400),
      mute: () => c.connection.input({ type: "mute", muted: true }),
      close: () => c.kit.leave(c.session),
    };
    for (const step of steps) await acts[step]?.();
    await c.clock.advance(4_000);
    expect(c.model.requests).toHaveLength(answers);
  });

  it("somebody who is not on the line has none", async () => {
    const c = await call({ voice: manual });
    expect(() => c.voice.activityStart("nobody")).toThrow(expect.objectContaining({ code: "unknown_session" }));
    expect(() => c.voice.activityEnd("nobody")).toThrow(expect.objectContaining({ code: "unknown_session" }));
  });
});

it("a recogniser, a model or a voice that gives way is told of, with the room", async () => {
  const c = await call({ stt: [{ finals: ["hi"] }], answers: ["Good morning."] });
  const told: unknown[] = [];
  c.kit.on("provider_fallback", (change) => told.push(change));
  await c.speak(600);
  await c.clock.advance(3_000);
  const change: ProviderFallback = { from: "a", to: "b", error: new RoomKitError("down", "down") };
  for (const { onFallback } of [...c.stt.options, ...c.tts.options, ...c.model.options]) onFallback?.(change);
  expect(told).toEqual(Array(3).fill({ roomId: c.room.id, ...change }));
});

describe("what is no text, or no audio", () => {
  it.each(["", "  ", 5, undefined])("%j is refused", async (text) => {
    const c = await call();
    const refused = { code: "invalid_option" };
    await expect(c.voice.say(c.session.id, text as never)).rejects.toMatchObject(refused);
    await expect(
      c.voice.play(c.session.id, silence({ sampleRate: 8_000, channels: 1 }, 20, 0), text as never),
    ).rejects.toMatchObject(refused);
  });

  it.each([null, [1, 2], "x", {}])("%j is refused as a recording", async (audio) => {
    const c = await call();
    await expect(c.voice.play(c.session.id, audio as never, "Hello.")).rejects.toMatchObject({
      code: "invalid_option",
    });
  });
});

describe("a voice that makes no sound of its words", () => {
  it("has failed: application and client are told, and nothing counts as heard", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["Good morning."], tts: { msPerChar: 0 } });
    const errors: string[] = [];
    c.kit.on("tts_error", ({ error }) => errors.push(error.code));
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(errors).toEqual(["tts_failed"]);
    expect(c.connection.messages("error")).toMatchObject([{ code: "tts_failed" }]);
    expect(await c.log()).toEqual(["user: hi"]);
  });

  it("has not where there is nothing to be said of a text", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["…"], tts: { msPerChar: 0 } });
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(c.connection.messages("error")).toEqual([]);
  });
});
