import { speakable } from "@roomkit/call";
import { describe, expect, it } from "vitest";
import { echo, prepared, type Setup, says, type Voice, WAIT_MS, waiting } from "./preemptive.fixture.ts";

const speech: Voice = { ...waiting, preemptive: { mode: "speech" } };
const answer: NonNullable<Setup["answers"]>[number] = (request) => `${echo(request)} And that is that.`;
const ahead = (setup: Setup = {}) =>
  prepared({
    answers: Array(50).fill(answer),
    stt: says("hello", "world"),
    voice: speech,
    tts: { delayMs: 300 },
    ...setup,
  });

/*
 *     while it waits                        what was synthesized ahead is
 *     nothing                               what is spoken first, at once
 *     more words, noise, a typed text       thrown away
 *     the call ends                         thrown away
 *     a hook comes that changes what is     thrown away
 *     said
 *     another voice is wanted               thrown away
 *
 *     where                                 there is none, only a text
 *     BEFORE_TTS hooks are waited for, the filter is a plain function, or the caller may hear nothing
 */
describe("the beginning of an answer that was made ahead is synthesized", () => {
  it("and nothing of it is committed, shown, played or hooked before the turn is certain", async () => {
    const c = await ahead();
    const hooked: string[] = [];
    c.kit.hook("BEFORE_TTS", ({ text }) => void hooked.push(text), { execution: "async" });
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect([c.asked(), c.tts.spoken, c.tts.open]).toEqual([["hello"], ["You said hello."], 1]);
    expect([await c.log(), hooked, c.fate, c.spoken, c.connection.played.size]).toEqual([[], [], [], [], 0]);
    expect(c.connection.messages("transcript").filter(({ role }) => role === "assistant")).toEqual([]);
    expect(c.connection.messages("utterance")).toEqual([]);
    await c.clock.advance(200);
    expect(c.connection.messages("utterance")).toHaveLength(1);
    await c.clock.advance(4_000);
    expect([c.tts.spoken, c.tts.options.length]).toEqual([["You said hello.", "And that is that."], 1]);
    expect(hooked).toEqual(["You said hello.", "And that is that."]);
    expect(await c.log()).toEqual(["user: hello", "assistant: You said hello. And that is that."]);
    expect(c.spoken).toEqual([{ used: true, chars: 15, audioMs: 750 }]);
    const [turn] = c.turns;
    expect(turn?.preparedSpeechMs).toBeCloseTo(WAIT_MS - 20, -2);
    expect((turn?.firstAudioMs ?? Number.NaN) - (turn?.firstTokenMs ?? 0)).toBe(0);
    expect(c.connection.messages("metrics")[0]?.turn.preparedSpeechMs).toBe(turn?.preparedSpeechMs);
    await c.gone();
  });

  it("only if that is wanted", async () => {
    const c = await ahead({ voice: waiting });
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect([c.asked(), c.tts.spoken]).toEqual([["hello"], []]);
    await c.clock.advance(4_000);
    expect([c.fate, c.spoken]).toEqual([[true], []]);
    expect(c.turns[0]).not.toHaveProperty("preparedSpeechMs");
    await c.gone();
  });

  it.each(["words", "noise", "a text"])("%s throw it away", async (what) => {
    const c = await ahead({ stt: says("hello", what === "noise" ? "" : "world") });
    await c.speak(600);
    await c.clock.advance(100);
    if (what === "a text") c.connection.input({ type: "text", text: "world" });
    else await c.speak(300);
    await c.clock.advance(5_000);
    const all = what === "noise" ? "hello" : "hello world";
    expect(await c.log()).toEqual([`user: ${all}`, `assistant: You said ${all}. And that is that.`]);
    expect(c.spoken[0]).toMatchObject({ used: false, chars: 15 });
    expect(c.spoken.slice(1).map(({ used }) => used)).toEqual(what === "a text" ? [] : [true]);
    await c.gone();
  });

  it("who hangs up leaves nothing", async () => {
    const c = await ahead();
    await c.speak(600);
    await c.clock.advance(100);
    expect(c.tts.open).toBe(1);
    await c.gone();
    expect([await c.log(), c.spoken, c.connection.played.size]).toEqual([
      [],
      [{ used: false, chars: 15, audioMs: 0 }],
      0,
    ]);
  });

  it.each<[string, (c: Awaited<ReturnType<typeof ahead>>) => unknown, string, string]>([
    [
      "a hook changes what is said",
      (c) =>
        c.kit.hook("BEFORE_TTS", ({ text }) => ({ action: "modify", payload: { text: text.replace("said", "sang") } })),
      "You sang hello.",
      "You said hello. And that is that.",
    ],
    [
      "a hook changes what was heard",
      (c) =>
        c.kit.hook("BEFORE_BROADCAST", ({ event }) =>
          event.source.role === "user"
            ? { action: "modify", payload: { event: { ...event, content: { type: "text", text: "bye" } } } }
            : undefined,
        ),
      "You said bye.",
      "You said bye. And that is that.",
    ],
  ])("it is not used where %s", async (_what, change, said, logged) => {
    const c = await ahead();
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 200);
    change(c);
    await c.clock.advance(5_000);
    expect(c.tts.spoken).toEqual(["You said hello.", said, "And that is that."]);
    expect((await c.log())[1]).toBe(`assistant: ${logged}`);
    expect(c.spoken).toEqual([{ used: false, chars: 15, audioMs: 750 }]);
    await c.gone();
  });

  it.each<[string, Setup, (c: Awaited<ReturnType<typeof ahead>>) => unknown]>([
    ["hooks on what is said are waited for", {}, (c) => c.kit.hook("BEFORE_TTS", () => undefined)],
    ["the caller may hear nothing", {}, (c) => c.kit.muteOutput(c.room.id, "voice")],
    ["the filter is a function", { voice: { ...speech, speechFilter: (text) => text } }, () => {}],
  ])("there is only a text where %s", async (_what, setup, set) => {
    const c = await ahead(setup);
    await set(c);
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect([c.asked(), c.tts.spoken]).toEqual([["hello"], []]);
    await c.clock.advance(5_000);
    expect([c.fate, c.spoken]).toEqual([[true], []]);
    await c.gone();
  });

  it("in the voice of the channel that replies, as the filter leaves it", async () => {
    const voice = { ...speech, voices: { ai: "ada" }, voice: "bob", speechFilter: speakable };
    const c = await ahead({ voice, answers: ["*You* said it. And more."] });
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(c.tts.options.map((options) => options.voice)).toEqual(["ada"]);
    expect(c.tts.spoken).toEqual(["You said it.", "And more."]);
    expect(c.spoken).toEqual([{ used: true, chars: 12, audioMs: 600 }]);
    await c.gone();
  });

  it("a caller who breaks in stops it as any, and noise has it go on", async () => {
    const c = await ahead({ stt: says("hello", ""), answers: ["You said hello. And that is a long story for you."] });
    await c.speak(600);
    await c.audible();
    await c.clock.advance(1_000);
    await c.speak(500);
    await c.clock.advance(8_000);
    expect(await c.log()).toEqual(["user: hello", "assistant: You said hello. And that is a long story for you."]);
    expect([c.spoken.map(({ used }) => used), c.connection.clears]).toEqual([[true], 1]);
    await c.gone();
  });

  it("beside what the application says", async () => {
    const c = await ahead();
    await c.speak(600);
    await c.clock.advance(500);
    const said = c.voice.say(c.session.id, "One moment.");
    await c.clock.advance(8_000);
    await said;
    expect((await c.log()).sort()).toEqual([
      "assistant: One moment.",
      "assistant: You said hello. And that is that.",
      "user: hello",
    ]);
    expect(c.spoken.map(({ used }) => used)).toEqual([true]);
    await c.gone();
  });
});
