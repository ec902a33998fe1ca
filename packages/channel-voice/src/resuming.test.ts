import { expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

/**
 * An answer that was cut off by what may turn out to be nothing, and what becomes of it:
 *
 *     what comes                              the answer
 *     no words                                goes on where it was heard last
 *     nothing for 2 s after the silence       goes on; words that come yet interrupt it
 *     a guess, nothing more for 2 s           is over; the guess is the turn, whatever the recogniser says then
 *     words                                   is over, its model stops
 *     noise again, before it is heard again   goes on after that
 *     the caller types, presses stop, leaves  is over
 *     the model is not done yet               waits meanwhile, and is read to its end
 */
const long = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";

type Setup = NonNullable<Parameters<typeof call>[0]>;

/** A call whose answer is audible, and a caller who makes a sound over it. */
async function answering(setup: Setup) {
  const c = await call({ answers: [long, "Okay.", "Later."], ...setup });
  const sound = async (ms: number): Promise<void> => {
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(ms - 60);
    c.stream.hears(false);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.microphone(20);
  };
  await c.speak(600);
  await c.audible();
  await c.microphone(400);
  return { ...c, sound };
}

const ask = { finals: ["count"] };
const whole = ["user: count", `assistant: ${long}`];

it("a model that was not done is read to its end", async () => {
  const c = await answering({ stt: [ask, {}], msPerWord: 400 });
  await c.sound(400);
  await c.clock.advance(20_000);
  expect(await c.log()).toEqual(whole);
  expect(c.model.requests).toHaveLength(1);
  expect(c.clock.pendingTimers).toBe(0);
});

it("is one answer to the client, too: of one id, ever longer, final once", async () => {
  const c = await answering({ stt: [ask, {}] });
  await c.sound(400);
  await c.clock.advance(20_000);
  const shown = c.connection.messages("transcript").filter(({ role }) => role === "assistant");
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
  expect(shown.filter(({ final }) => final)).toEqual([expect.objectContaining({ text: long })]);
  expect(shown.at(-1)?.heard).toBeUndefined();
  expect(shown.map(({ revision }) => revision)).toEqual(shown.map((_, i) => i));
});

it("as often as noise comes, as long as more is heard in between", async () => {
  const c = await answering({ stt: [ask, {}, {}, {}] });
  for (let i = 0; i < 3; i++) {
    await c.sound(400);
    await c.microphone(700);
  }
  await c.clock.advance(20_000);
  expect(c.connection.clears).toBe(3);
  expect(await c.log()).toEqual(whole);
});

it("a recogniser that hangs leaves nobody in silence for longer than 2 s, and what it says then interrupts", async () => {
  const c = await answering({ stt: [ask, { finals: ["stop it"], delayMs: 4_000 }] });
  await c.sound(400);
  await c.clock.advance(1_900);
  expect(c.connection.messages("dismissed")).toEqual([]);
  await c.clock.advance(200);
  expect(c.connection.messages("dismissed")).toHaveLength(1);
  await c.clock.advance(20_000);
  const log = await c.log();
  expect(log[1]?.length).toBeLessThan(long.length);
  expect(log.slice(2)).toEqual(["user: stop it", "assistant: Okay."]);
});

it("a guess that the recogniser does not settle in time is the turn", async () => {
  const c = await answering({ stt: [ask, { partials: ["stop"], finals: [], delayMs: 4_000 }] });
  await c.sound(400);
  expect(c.model.open).toBe(0);
  await c.clock.advance(20_000);
  expect((await c.log()).slice(2)).toEqual(["user: stop", "assistant: Okay."]);
  expect(c.connection.messages("dismissed")).toEqual([]);
});

it.each([
  ["types", (c: Awaited<ReturnType<typeof answering>>) => c.connection.input({ type: "text", text: "wait" }), 3],
  ["presses stop", (c: Awaited<ReturnType<typeof answering>>) => c.connection.input({ type: "interrupt" }), 2],
  ["leaves", (c: Awaited<ReturnType<typeof answering>>) => void c.connection.close(), 2],
])("is over when the caller %s before it is known what cut it off", async (_what, happens, lines) => {
  const c = await answering({ stt: [ask, { delayMs: 1_500 }], msPerWord: 400 });
  await c.sound(400);
  happens(c);
  await c.clock.advance(20_000);
  const log = await c.log();
  expect(log[1]?.length).toBeLessThan(long.length);
  expect(log.length).toBeGreaterThanOrEqual(lines);
  expect(c.connection.messages("dismissed")).toEqual([]);
  expect([c.model.open, c.tts.open, c.clock.pendingTimers]).toEqual([0, 0, 0]);
});

it("what the application says goes on as well, and then what it says next", async () => {
  const c = await answering({ stt: [ask, {}] });
  await c.clock.advance(20_000);
  const first = c.voice.say(c.session.id, "This is said by the application.");
  const second = c.voice.say(c.session.id, "And this.");
  await c.microphone(300);
  await c.sound(400);
  await c.clock.advance(10_000);
  expect((await first).text).toBe("This is said by the application.");
  expect((await second).text).toBe("And this.");
  expect((await c.log()).slice(2)).toEqual(["assistant: This is said by the application.", "assistant: And this."]);
});

it.each([
  ["disabled", 0],
  ["immediate", 1],
] as const)("say() may be interrupted as it says itself (%s)", async (interruption, clears) => {
  const c = await answering({ stt: [ask, { finals: ["hello there"] }] });
  await c.clock.advance(20_000);
  void c.voice.say(c.session.id, "This is said by the application.", { interruption });
  await c.microphone(300);
  await c.sound(interruption === "immediate" ? 80 : 600);
  await c.clock.advance(10_000);
  expect(c.connection.clears).toBe(clears);
  // Said meanwhile, it is answered afterwards.
  expect((await c.log()).at(-2)).toBe("user: hello there");
});

it.each([
  ["a knock", "confirmed", 80, {}],
  ["what wants no floor", "semantic", 700, { finals: ["mhm"] }],
  ["words", "semantic", 700, { finals: ["wait a moment"] }],
] as const)(
  "speaks more quietly while it finds out what %s is, and then as before",
  async (_what, strategy, ms, heard) => {
    const c = await answering({ stt: [ask, heard], voice: { interruption: { strategy, duckDb: -12 } } });
    await c.sound(ms);
    await c.clock.advance(20_000);
    expect(c.connection.ducked).toEqual([-12, 0]);
  },
);
