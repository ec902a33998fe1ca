import { RoomKitError } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
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

/*
 *     while the model finds words            it is said                the log has
 *     nothing                                what it finds             that, as the assistant's
 *     speech that is answered                the answer alone          the turn and the answer
 *     noise                                  what is found after the   that
 *                                            next silence
 *     the call ends                          nothing                   nothing
 */
describe("a silence for which the model finds the words", () => {
  const prompt = "Ask whether they are still there.";
  const idle = { afterMs: 5_000, prompt, times: 2 };
  const asked = ({ model }: Awaited<ReturnType<typeof call>>): (string | undefined)[] =>
    model.requests.map(({ messages }) => messages.at(-1)?.content);
  const note = `(Note from the system: ${prompt})`;

  it("is broken by them, and no word of the instruction is in the log, shown or said", async () => {
    const c = await call({ stt: [ask], answers: ["One.", "Still there?", "Good bye."], voice: { idle } });
    await c.speak(600);
    await c.clock.advance(30_000);
    expect(spoken(c)).toEqual(["One.", "Still there?", "Good bye."]);
    expect(await c.log()).toEqual([
      "user: count",
      "assistant: One.",
      "assistant: Still there?",
      "assistant: Good bye.",
    ]);
    expect(asked(c)).toEqual(["count", note, note]);
    expect(c.model.requests[2]?.messages.map(({ content }) => content)).toEqual(["count", "One.\nStill there?", note]);
    expect(JSON.stringify(c.connection.sent)).not.toContain("Ask whether");
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("is the caller's who begins meanwhile", async () => {
    const c = await call({ stt: [ask], answers: ["Still there?", "One."], msPerWord: 1_000, voice: { idle } });
    await c.clock.advance(5_100);
    expect(c.model.open).toBe(1);
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(20);
    expect([c.model.open, c.model.aborted]).toEqual([0, 1]);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(4_000);
    expect([spoken(c), await c.log()]).toEqual([["One."], ["user: count", "assistant: One."]]);
  });

  it("is the caller's who begins when the words are there, and nobody has heard them", async () => {
    const c = await call({
      ...{ stt: [ask], answers: ["Still there?", "One."], voice: { idle } },
      tts: { delayMs: 400 },
    });
    await c.clock.advance(5_200);
    expect(spoken(c)).toEqual(["Still there?"]);
    await c.speak(300);
    await c.clock.advance(4_000);
    // What was to be said and was not stands in the log as that.
    expect(await c.log()).toEqual(["user: count", "assistant: ", "assistant: One."]);
    expect(c.connection.messages("utterance").filter(({ phase }) => phase === "start")).toHaveLength(1);
  });

  it("noise puts off, and does not count", async () => {
    const answers = Array(5).fill("Still there?");
    const c = await call({ stt: [{ finals: [""] }], answers, msPerWord: 1_000, voice: { idle } });
    await c.clock.advance(5_100);
    await c.speak(100);
    await c.clock.advance(60_000);
    expect(spoken(c)).toEqual(["Still there?", "Still there?"]);
    expect([asked(c).length, c.model.aborted]).toEqual([3, 1]);
  });

  it("ends with the call", async () => {
    const c = await call({ answers: ["Still there?"], msPerWord: 1_000, voice: { idle } });
    await c.clock.advance(5_100);
    await c.kit.leave(c.session);
    await c.clock.advance(20_000);
    expect([spoken(c), await c.log(), c.model.open, c.clock.pendingTimers]).toEqual([[], [], 0, 0]);
  });

  it("stays where the model fails, until somebody has spoken", async () => {
    const c = await call({
      ...{ stt: [ask], answers: [new RoomKitError("provider_error", "down"), "One.", "Still there?"] },
      voice: { idle: { afterMs: 5_000, prompt } },
    });
    await c.clock.advance(20_000);
    expect([spoken(c), c.model.requests.length]).toEqual([[], 1]);
    await c.speak(600);
    await c.clock.advance(20_000);
    expect(spoken(c)).toEqual(["One.", "Still there?"]);
  });

  it.each([
    { afterMs: 1 },
    { afterMs: 1, say: "x", prompt: "y" },
    { afterMs: 1, prompt: 5 as never },
    { afterMs: 1, prompt: " " },
    { afterMs: 1, say: "" },
    { afterMs: 1, say: [] },
    { afterMs: 1, say: "x", times: 1.5 },
  ])("%j is refused", async (wrong) => {
    await expect(call({ voice: { idle: wrong } })).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("in any order: every word of the assistant's is in the log once, and nothing stays open", async () => {
    let prompts = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const random = seededRandom(seed);
      const ms = (most: number): number => Math.floor(random() * most);
      let said = 0;
      const answer = (): string => `Answer ${++said}.`;
      const c = await call({
        ...{ stt: Array.from({ length: 40 }, () => (random() < 0.3 ? { finals: [""] } : ask)) },
        ...{ answers: Array(200).fill(answer), msPerWord: ms(400), tts: { delayMs: ms(300), msPerChar: 10 } },
        voice: { idle: { afterMs: 500 + ms(1_000), prompt, times: 1 + ms(3) } },
      });
      for (let step = 0; step < 10; step++) {
        await c.clock.advance(ms(4_000));
        const what = random();
        if (what < 0.6) await c.speak(ms(700));
        else if (what < 0.8) c.connection.input({ type: "text", text: "typed" });
        else c.voice.interrupt(c.session.id);
      }
      await c.clock.advance(20_000);
      const log = await c.log();
      const answers = log.filter((line) => line.startsWith("assistant: Answer"));
      expect([seed, new Set(answers).size]).toEqual([seed, answers.length]);
      expect(log.join()).not.toContain("Ask whether");
      // Where two of the assistant's follow each other, the later one broke a silence.
      prompts += log.filter((line, i) => line.startsWith("assistant") && !log[i - 1]?.startsWith("user")).length;
      await c.kit.leave(c.session);
      await c.clock.advance(20_000);
      expect([seed, c.model.open, c.tts.open, c.clock.pendingTimers]).toEqual([seed, 0, 0, 0]);
    }
    expect(prompts).toBeGreaterThan(15);
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
    const echo = { partials: ["two three four five six"], finals: ["Two, three, four, five, six, seven."] };
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
