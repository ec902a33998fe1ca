import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

const ask = { finals: ["count"] };
const spoken = ({ tts }: Awaited<ReturnType<typeof call>>): string[] => tts.spoken;

describe("a silence that nobody breaks", () => {
  const idle = { afterMs: 5_000, say: ["Are you still there?", "Call again when you like."] };

  it("is broken as often as there is something to say, each time after the silence", async () => {
    const c = await call({ voice: { idle } });
    await c.clock.advance(4_900);
    expect(spoken(c)).toEqual([]);
    await c.clock.advance(200);
    expect(spoken(c)).toEqual([idle.say[0]]);
    await c.clock.advance(60_000);
    expect(spoken(c)).toEqual(idle.say);
    expect(await c.log()).toEqual(idle.say.map((text) => `assistant: ${text}`));
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("begins when the answer has been heard, and again from the first when the caller has spoken", async () => {
    const c = await call({ stt: [ask, ask], answers: ["One.", "Two."], voice: { idle } });
    await c.speak(600);
    await c.clock.advance(5_600);
    expect(spoken(c)).toEqual(["One.", idle.say[0]]);
    await c.clock.advance(2_000);
    await c.speak(600);
    await c.clock.advance(6_500);
    expect(spoken(c)).toEqual(["One.", idle.say[0], "Two.", idle.say[0]]);
  });

  it("is none while the caller speaks, or a word of theirs is awaited", async () => {
    const c = await call({ stt: [{ ...ask, delayMs: 8_000 }], answers: ["One."], voice: { idle } });
    await c.microphone(4_000);
    c.stream.speechStart(60);
    await c.microphone(4_000);
    c.stream.speechEnd(500);
    await c.clock.advance(7_000);
    expect(spoken(c)).toEqual([]);
    await c.clock.advance(3_000);
    expect(spoken(c)).toEqual(["One."]);
  });

  it("what a function gives too late is not said, and one that fails costs nothing", async () => {
    let give = (_: string): void => {};
    const asked: number[] = [];
    const say = (nth: number): Promise<string> => {
      asked.push(nth);
      if (nth > 0) throw new Error("nothing to say");
      return new Promise((resolve) => {
        give = resolve;
      });
    };
    const c = await call({ stt: [ask], answers: ["One."], voice: { idle: { afterMs: 1_000, say, times: 2 } } });
    await c.clock.advance(1_100);
    await c.microphone(60);
    c.stream.speechStart(60);
    give("Hello?");
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(10_000);
    expect(spoken(c)).toEqual(["One."]);
    expect(asked).toEqual([0, 0]);
  });

  it("ends with the call", async () => {
    const c = await call({ voice: { idle } });
    await c.connection.close();
    await c.clock.advance(20_000);
    expect([spoken(c), c.clock.pendingTimers]).toEqual([[], 0]);
  });
});

describe("an answer that is late", () => {
  const voice = { toolFiller: ["One moment.", "Still at it."], replyBudgetMs: 800 };

  it("is preceded by a filler, which stands in the log as what it is", async () => {
    const c = await call({ stt: [ask, ask], answers: ["Five.", "Six."], msPerWord: 1_500, voice });
    await c.speak(600);
    await c.clock.advance(6_000);
    await c.speak(600);
    await c.clock.advance(6_000);
    expect(spoken(c)).toEqual(["One moment.", "Five.", "Still at it.", "Six."]);
    expect(await c.log()).toEqual([
      "user: count",
      "assistant: One moment.",
      "assistant: Five.",
      "user: count",
      "assistant: Still at it.",
      "assistant: Six.",
    ]);
  });

  it("is not when it comes in time, nor without a turn", async () => {
    const c = await call({ stt: [ask], answers: ["Five."], msPerWord: 500, voice });
    await c.speak(600);
    await c.clock.advance(6_000);
    await Promise.all([c.voice.say(c.session.id, "A notice."), c.clock.advance(6_000)]);
    expect(spoken(c)).toEqual(["Five.", "A notice."]);
  });

  it("that nobody wants any more is not waited for", async () => {
    const c = await call({ stt: [ask], answers: ["Five."], msPerWord: 5_000, voice });
    await c.speak(600);
    await c.clock.advance(300);
    c.connection.input({ type: "interrupt" });
    await c.clock.advance(10_000);
    expect([spoken(c), c.model.open, c.clock.pendingTimers]).toEqual([[], 0, 0]);
  });
});

it.each([
  ["at once", { voice: {} }],
  ["and only words", { voice: { interruption: { strategy: "semantic" } } }],
] as const)(
  "its own words, by the loudspeaker, do not interrupt, and are nobody's turn (%s)",
  async (_what, { voice }) => {
    const long = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";
    const echo = { partials: ["two three four"], finals: ["Two, three, four, five."] };
    const c = await call({ stt: [ask, echo], answers: [long], voice });
    await c.speak(600);
    await c.audible();
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(900);
    c.stream.speechEnd(500);
    await c.clock.advance(20_000);
    expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
    expect(c.connection.messages("dismissed")).toMatchObject([{ cause: "echo" }]);
  },
);
