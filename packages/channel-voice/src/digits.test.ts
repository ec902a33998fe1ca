import type { AudioFrame, Logger } from "@roomkit/core";
import { dtmf, dtmfTones } from "@roomkit/dtmf";
import { audioPipeline } from "@roomkit/pipeline";
import { inSequence, quiet } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

const rate = 16_000;
const pipeline = audioPipeline({ dtmf: dtmf() });

type Call = Awaited<ReturnType<typeof call>>;

/** The digits in what the listener hears, and how often anything was played at all. */
function listener(c: Call) {
  const detector = dtmf().open(c.connection.outbound);
  let at = 0;
  const heard: string[] = [];
  c.connection.onPlayed((frame: AudioFrame) => {
    const event = detector.process({ ...frame, timestamp: at });
    at += (frame.samples.length / frame.sampleRate) * 1000;
    if (event) heard.push(event.digit);
  });
  return heard;
}

describe("digits that are sent", () => {
  it("are heard, all of them, and are nobody's words", async () => {
    const c = await call({ pipeline, voice: { dtmfTones } });
    const hooks: string[] = [];
    for (const name of ["AFTER_TTS", "BEFORE_TTS", "ON_TTS_CANCELLED"] as const)
      c.kit.hook(name, () => void hooks.push(name));
    const heard = listener(c);
    const sent = c.voice.sendDtmf(c.session.id, "0180#*AD");
    await c.clock.advance(3_000);
    expect(await sent).toBe(true);
    // The end of the last one is known from the silence after it, of which there is 100 ms.
    expect(heard.join("")).toBe("0180#*AD");
    expect(await c.log()).toEqual([]);
    expect(c.connection.messages("transcript")).toEqual([]);
    expect(c.connection.messages("state").map(({ state }) => state)).toEqual(["listening"]);
    expect(hooks).toEqual([]);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("come after what is being said, and before what is said next", async () => {
    const c = await call({ pipeline, voice: { dtmfTones } });
    const order: string[] = [];
    const done = (name: string) => () => void order.push(name);
    const said = c.voice.say(c.session.id, "Please hold the line.").then(done("first"));
    const sent = c.voice.sendDtmf(c.session.id, "12").then(done("digits"));
    const next = c.voice.say(c.session.id, "Thank you.").then(done("next"));
    await c.clock.advance(20_000);
    await Promise.all([said, sent, next]);
    expect(order).toEqual(["first", "digits", "next"]);
    expect(await c.log()).toEqual(["assistant: Please hold the line.", "assistant: Thank you."]);
  });

  it("do not wait until the other side is silent", async () => {
    const c = await call({ voice: { dtmfTones } });
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(400);
    const sent = c.voice.sendDtmf(c.session.id, "5");
    await c.microphone(400);
    expect(await sent).toBe(true);
  });

  it("are not all sent when somebody silences the channel", async () => {
    const c = await call({ pipeline, voice: { dtmfTones } });
    const heard = listener(c);
    const sent = c.voice.sendDtmf(c.session.id, "1234567890");
    await c.clock.advance(500);
    c.voice.interrupt(c.session.id);
    await c.clock.advance(3_000);
    expect(await sent).toBe(false);
    expect(heard.length).toBeLessThan(4);
  });

  it("are refused where they cannot be sent, without saying which", async () => {
    const c = await call({ pipeline, voice: { dtmfTones } });
    await expect(c.voice.sendDtmf("nobody", "1")).rejects.toMatchObject({ code: "unknown_session" });
    const wrong = c.voice.sendDtmf(c.session.id, "98x");
    await expect(wrong).rejects.toMatchObject({ code: "invalid_digits", message: expect.not.stringContaining("98") });
    const without = await call();
    await expect(without.voice.sendDtmf(without.session.id, "1")).rejects.toMatchObject({ code: "unsupported" });
    await expect(call({ voice: { dtmfTones: 7 as never } })).rejects.toMatchObject({ code: "invalid_option" });
  });
});

describe("digits that are sent as events", () => {
  const dtmfEvents = "0123456789*#";
  const pressedOf = (c: Call): string => c.connection.pressed.map(({ digit }) => digit).join("");

  it("are told where the client takes them, and are nobody's words", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(line);
    const c = await call({ pipeline, dtmfEvents, logger: { debug: note, info: note, warn: note, error: note } });
    const heard = listener(c);
    const sent = c.voice.sendDtmf(c.session.id, "0180#*", { toneMs: 60, pauseMs: 200 });
    await c.clock.advance(3_000);
    expect(await sent).toBe(true);
    expect(pressedOf(c)).toBe("0180#*");
    expect(c.connection.pressed[0]).toEqual({ digit: "0", toneMs: 60, pauseMs: 200 });
    expect([heard, await c.log(), c.connection.messages("transcript")]).toEqual([[], [], []]);
    expect(JSON.stringify(lines)).not.toMatch(/digit|dtmf|\b0180/i);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it.each([
    ["auto", "12", "12", 0],
    ["auto", "1A", "", 2],
    ["inband", "12", "", 2],
    ["rfc4733", "12", "12", 0],
  ] as const)("or as tones: with %s, %s", async (dtmfMode, digits, events, tones) => {
    const c = await call({ pipeline, dtmfEvents, voice: { dtmfTones, dtmfMode } });
    const heard = listener(c);
    const sent = c.voice.sendDtmf(c.session.id, digits, { toneMs: 200, pauseMs: 60 });
    await c.clock.advance(2_000);
    expect(await sent).toBe(true);
    expect([pressedOf(c), heard.length]).toEqual([events, tones]);
    if (tones) expect([...c.connection.played.values()]).toEqual([520]);
  });

  it("come after what is being said, before what is said next, and one sending after the other", async () => {
    const c = await call({ dtmfEvents });
    const order: string[] = [];
    const done = (name: string) => () => void order.push(`${name} ${pressedOf(c)}`);
    const all = [
      c.voice.say(c.session.id, "Please hold the line.").then(done("first")),
      c.voice.sendDtmf(c.session.id, "12").then(done("digits")),
      c.voice.sendDtmf(c.session.id, "34").then(done("more")),
      c.voice.say(c.session.id, "Thank you.").then(done("next")),
    ];
    await c.clock.advance(20_000);
    await Promise.all(all);
    expect(order).toEqual(["first ", "digits 12", "more 1234", "next 1234"]);
  });

  it.each<[string, (c: Call, abort: AbortController) => unknown, unknown]>([
    ["somebody silences the channel", (c) => c.voice.interrupt(c.session.id), false],
    ["the caller hangs up", (c) => c.connection.close({ code: "client_closed", message: "" }), false],
    ["the session ends", (c) => void c.voice.leave(c.session, "over"), false],
    ["they are called off", (_, abort) => abort.abort(), "aborted"],
  ])("are not all sent when %s amid them", async (_, act, outcome) => {
    const c = await call({ dtmfEvents });
    const abort = new AbortController();
    const sent = c.voice
      .sendDtmf(c.session.id, "1234567890", { signal: abort.signal })
      .catch(({ code }: { code: string }) => code);
    await c.clock.advance(500);
    act(c, abort);
    await c.clock.advance(6_000);
    expect(await sent).toBe(outcome);
    expect(pressedOf(c)).toBe("12");
  });

  it("are held back where a lot of them wait, and bounded", async () => {
    const c = await call({ dtmfEvents, voice: { maxQueuedMs: 1_000, maxUtterances: 3 } });
    const sent = c.voice.sendDtmf(c.session.id, "5".repeat(64), { toneMs: 1_000, pauseMs: 1_000 });
    await c.clock.advance(1_000);
    expect(c.connection.queuedMs).toBeLessThanOrEqual(3_000);
    const more = Array.from({ length: 5 }, () =>
      c.voice.sendDtmf(c.session.id, "1").catch(({ code }: { code: string }) => code),
    );
    await c.clock.advance(200_000);
    expect(await sent).toBe(true);
    expect(await Promise.all(more)).toEqual([true, true, true, "queue_full", "queue_full"]);
  });

  it("are refused where they cannot be sent, without saying which", async () => {
    const c = await call({ dtmfEvents, voice: { dtmfMode: "rfc4733", dtmfTones } });
    const send = (digits: unknown, options?: object) => c.voice.sendDtmf(c.session.id, digits as string, options);
    await expect(send("A")).rejects.toMatchObject({ code: "unsupported" });
    for (const digits of ["", "98x", "1".repeat(65), "1 2", "a", "\u{1F600}", undefined, 12])
      await expect(send(digits)).rejects.toMatchObject({
        code: "invalid_digits",
        message: expect.not.stringContaining("98"),
      });
    for (const options of [{ toneMs: 10 }, { pauseMs: 2_000 }, { toneMs: "1" }])
      await expect(send("1", options)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(send("1", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    const tones = await call({ voice: { dtmfMode: "rfc4733", dtmfTones } });
    await expect(tones.voice.sendDtmf(tones.session.id, "1")).rejects.toMatchObject({ code: "unsupported" });
    await expect(call({ voice: { dtmfMode: "sip" as never } })).rejects.toMatchObject({ code: "invalid_option" });
  });
});

describe("digits that are pressed", () => {
  const pressed = inSequence(quiet(rate, 200), dtmfTones("4711", { sampleRate: rate }).samples, quiet(rate, 200));

  it("fire their hook once, heard and told of, and reach no log", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(line);
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const c = await call({ pipeline, logger });
    const digits: string[] = [];
    c.kit.hook("ON_DTMF", ({ digit }) => void digits.push(digit));
    // Some before their tone is known, some after it.
    for (const [i, ms] of [210, 620, 650, 850].entries())
      c.clock.setTimeout(() => c.connection.input({ type: "dtmf", digit: "4711"[i] as string }), ms);
    await c.sound(pressed);
    await c.clock.advance(1_000);
    expect(digits).toEqual(["4", "7", "1", "1"]);
    expect(JSON.stringify(lines)).not.toMatch(/digit|dtmf/i);
  });

  it("fire it with their length when they are only heard", async () => {
    const c = await call({ pipeline });
    const lengths: number[] = [];
    c.kit.hook("ON_DTMF", ({ durationMs }) => void lengths.push(Math.round(durationMs / 10)));
    await c.sound(pressed);
    expect(lengths).toEqual([10, 10, 10, 10]);
  });
});
