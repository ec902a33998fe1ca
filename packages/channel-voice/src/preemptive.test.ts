import { type AIPart, type AIRequest, eventText, RoomKitError } from "@roomkit/core";
import { type AIScript, StreamStt, type StreamSttStep, seededRandom } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { echo, newest, preemptive, prepared, says, WAIT_MS, waiting } from "./preemptive.fixture.ts";
import { call } from "./voice-call.fixture.ts";

/*
 * The orders:
 *
 *     while it waits                 the answer prepared is            the log has
 *     nothing                        the answer, WAIT_MS earlier       the turn and the answer
 *     more words                     thrown away; a new one is made    one turn of all words
 *     noise                          thrown away; a new one is made    the turn and the answer
 *     a typed text                   thrown away                       one turn of all words
 *     the call ends                  thrown away                       nothing
 *     a hook changes what was said   not used                          the turn as the hook left it
 */
describe("while a turn waits for more, its answer is made already", () => {
  it("and nothing of it is committed, shown or spoken before", async () => {
    const c = await prepared({ stt: says("hello") });
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect(c.asked()).toEqual(["hello"]);
    expect([await c.log(), c.tts.spoken, c.fate]).toEqual([[], [], []]);
    expect(c.connection.messages("transcript").filter(({ role }) => role === "assistant")).toEqual([]);
    await c.clock.advance(3_000);
    expect(c.asked()).toEqual(["hello"]);
    expect(await c.log()).toEqual(["user: hello", "assistant: You said hello."]);
    expect(c.fate).toEqual([true]);
    expect(c.turns[0]?.preparedMs).toBeCloseTo(WAIT_MS - 20, -2);
    expect(c.connection.messages("metrics")[0]?.turn.preparedMs).toBe(c.turns[0]?.preparedMs);
    await c.gone();
  });

  it("only if that is wanted", async () => {
    const c = await prepared({ stt: says("hello"), voice: { ...waiting, preemptive: undefined } });
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect(c.asked()).toEqual([]);
    await c.clock.advance(3_000);
    expect([c.asked(), c.fate]).toEqual([["hello"], []]);
    expect(c.turns[0]).not.toHaveProperty("preparedMs");
  });

  it.each(["", "world"])("more sound throws it away, and %j is answered with what was said", async (more) => {
    const c = await prepared({ stt: says("hello", more) });
    await c.speak(600);
    await c.clock.advance(300);
    await c.speak(300);
    const all = more === "" ? "hello" : "hello world";
    await c.clock.advance(5_000);
    expect(await c.log()).toEqual([`user: ${all}`, `assistant: You said ${all}.`]);
    expect([c.asked(), c.fate]).toEqual([
      ["hello", all],
      [false, true],
    ]);
    await c.gone();
  });

  it("a typed text throws it away", async () => {
    const c = await prepared({ stt: says("hello") });
    await c.speak(600);
    await c.clock.advance(300);
    c.connection.input({ type: "text", text: "world" });
    await c.clock.advance(5_000);
    expect(await c.log()).toEqual(["user: hello world", "assistant: You said hello world."]);
    expect([c.asked(), c.fate]).toEqual([["hello", "hello world"], [false]]);
    await c.gone();
  });

  it("who hangs up leaves nothing", async () => {
    const c = await prepared({ stt: says("hello"), msPerWord: 100 });
    await c.speak(600);
    await c.clock.advance(150);
    expect(c.model.open).toBe(1);
    await c.gone();
    expect([await c.log(), c.fate, c.model.aborted]).toEqual([[], [false], 1]);
  });

  it.each([5, 200, 800])("with a model of %d ms a word, faster or slower than the wait", async (msPerWord) => {
    const c = await prepared({ stt: says("hello", "again"), msPerWord });
    for (const _ of [1, 2]) {
      await c.speak(600);
      await c.clock.advance(9_000);
    }
    expect((await c.log()).slice(2)).toEqual(["user: again", "assistant: You said again."]);
    expect(c.asked()).toEqual(["hello", "again"]);
    expect(c.fate).toEqual([true, true]);
    await c.gone();
  });

  it("tools wait until the turn is taken", async () => {
    const execute = vi.fn(() => "42");
    const look = { name: "look", description: "Looks.", parameters: { type: "object" }, execute } as const;
    const wants: readonly AIPart[] = [
      { type: "text-delta", text: "Let me see." },
      { type: "tool-call", id: "1", name: "look", arguments: {} },
      { type: "finish", reason: "tool-calls" },
    ];
    const c = await prepared({
      ...{ stt: says("look", "more"), ai: { tools: [look] } },
      answers: [wants, wants, "It is 42."],
    });
    await c.speak(600);
    await c.clock.advance(300);
    await c.speak(300);
    await c.clock.advance(WAIT_MS - 200);
    expect([c.model.requests.length, execute.mock.calls.length, await c.log()]).toEqual([2, 0, []]);
    await c.clock.advance(5_000);
    expect([c.model.requests.length, execute.mock.calls.length]).toEqual([3, 1]);
    expect(await c.log()).toEqual(["user: look more", "assistant: Let me see. It is 42."]);
    await c.gone();
  });

  it("one that fails is asked again", async () => {
    const failed = new RoomKitError("provider_error", "down");
    const c = await prepared({ stt: says("hello"), answers: [failed, echo] });
    await c.speak(600);
    await c.clock.advance(4_000);
    expect(await c.log()).toEqual(["user: hello", "assistant: You said hello."]);
    expect([c.asked(), c.fate]).toEqual([["hello", "hello"], [false]]);
  });

  it("what a hook makes of the turn afterwards is answered, and what it may change is shown to no model before", async () => {
    for (const early of [true, false]) {
      const c = await prepared({ stt: says("hello") });
      const hook = (): unknown =>
        c.kit.hook("BEFORE_BROADCAST", ({ event }) =>
          eventText(event).startsWith("hello")
            ? { action: "modify", payload: { event: { ...event, content: { type: "text", text: "bye" } } } }
            : undefined,
        );
      if (early) hook();
      await c.speak(600);
      await c.clock.advance(300);
      if (!early) hook();
      await c.clock.advance(4_000);
      expect((await c.log())[1]).toBe("assistant: You said bye.");
      expect([c.asked(), c.fate]).toEqual(early ? [["bye"], []] : [["hello", "bye"], [false]]);
      await c.gone();
    }
  });

  it("as its hooks left it", async () => {
    const c = await prepared({ stt: says("hello") });
    c.kit.hook("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { text: "bye" } }));
    await c.speak(600);
    await c.clock.advance(4_000);
    expect([c.asked(), c.fate]).toEqual([["bye"], [true]]);
  });

  it.each<[string, (c: Awaited<ReturnType<typeof prepared>>) => unknown]>([
    ["may be asked about", (c) => c.kit.hook("BEFORE_AI_GENERATION", () => undefined)],
    ["comes from a caller who is muted", (c) => c.kit.mute(c.room.id, "voice")],
    ["would be heard by nobody", (c) => c.kit.mute(c.room.id, "ai")],
  ])("not where it %s", async (_what, set) => {
    const c = await prepared({ stt: says("hello") });
    set(c);
    await c.speak(600);
    await c.clock.advance(WAIT_MS - 100);
    expect(c.asked()).toEqual([]);
    await c.clock.advance(3_000);
    expect(c.fate).toEqual([]);
    await c.gone();
  });

  it("only so many in a minute", async () => {
    const voice = { ...waiting, preemptive: { mode: "text", perMinute: 1 } } as const;
    const c = await prepared({ stt: says("one", "two", "three"), voice });
    for (const rest of [5_000, 55_000, 5_000]) {
      await c.speak(600);
      await c.clock.advance(rest);
    }
    expect(c.turns.map(({ preparedMs }) => preparedMs !== undefined)).toEqual([true, false, true]);
    expect([c.asked(), c.fate]).toEqual([
      ["one", "two", "three"],
      [true, true],
    ]);
  });

  it.each([-1, 601, Number.NaN])("perMinute %d is refused", async (perMinute) => {
    await expect(call({ voice: { preemptive: { perMinute } } })).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("two rooms do not disturb each other", async () => {
    const [a, b] = [await prepared({ stt: says("one") }), await prepared({ stt: says("two") })];
    await a.speak(600);
    await b.speak(600);
    for (const c of [a, b]) await c.clock.advance(4_000);
    expect([a.asked(), a.fate, b.asked(), b.fate]).toEqual([["one"], [true], ["two"], [true]]);
  });
});

/*
 *     after a recogniser's eager turn end     the answer prepared is
 *     turn end, the same words                the answer
 *     turn end, other words                   thrown away
 *     turn resumed                            thrown away
 *     the same with a hook on what was said   never made
 */
describe("a recogniser's guess that a turn is over", () => {
  const eager: StreamSttStep[] = [
    { readMs: 400 },
    { type: "turn-start" },
    { type: "partial", text: "hello" },
    { type: "turn-end", eager: true },
    { readMs: 400 },
  ];
  const hears = async (steps: StreamSttStep[], hooked = false) => {
    const c = await prepared({
      ...{ vad: false, voice: { preemptive } },
      recogniser: (clock) => new StreamStt(clock, true, [[...eager, ...steps], []]),
    });
    if (hooked) c.kit.hook("ON_TRANSCRIPTION", () => undefined);
    await c.microphone(600);
    expect(c.asked()).toEqual(hooked ? [] : ["hello"]);
    expect([await c.log(), c.tts.spoken]).toEqual([[], []]);
    await c.microphone(600);
    await c.clock.advance(4_000);
    return c;
  };
  const end = (text: string): StreamSttStep[] => [
    { type: "final", text },
    { type: "turn-end", eager: false },
  ];

  it("that was right: its answer is the answer", async () => {
    const c = await hears(end("hello"));
    expect([c.asked(), c.fate]).toEqual([["hello"], [true]]);
    expect(c.turns[0]?.preparedMs).toBe(400);
    await c.gone();
  });

  it("that was wrong about the words", async () => {
    const c = await hears(end("hello there"));
    expect([c.asked(), c.fate]).toEqual([["hello", "hello there"], [false]]);
    expect(await c.log()).toEqual(["user: hello there", "assistant: You said hello there."]);
    await c.gone();
  });

  it("that is taken back", async () => {
    const c = await hears([{ type: "turn-resumed" }, { readMs: 200 }, ...end("hello")]);
    expect([c.asked(), c.fate]).toEqual([["hello", "hello"], [false]]);
    await c.gone();
  });

  it("after which the recogniser's stream ends: what it said counts, and is answered", async () => {
    const c = await hears(["end"]);
    await c.gone();
    expect([c.asked(), c.fate, await c.log()]).toEqual([
      ["hello"],
      [true],
      ["user: hello", "assistant: You said hello."],
    ]);
  });

  it("is not used where hooks come first", async () => {
    const c = await hears(end("hello"), true);
    expect([c.asked(), c.fate]).toEqual([["hello"], []]);
    await c.gone();
  });
});

/*
 *     while the VAD hears speech, beside a recogniser that finds turns     the answer prepared is
 *     the VAD agrees, the same words                                       the answer
 *     the recogniser takes it back, or has more words                      thrown away
 *     sure or not: a recogniser's turn end is a guess here
 */
describe("a recogniser's guess where a VAD waits for silence", () => {
  const hears = async (eager: boolean, more: StreamSttStep[], said = "hello") => {
    const steps: StreamSttStep[] = [{ readMs: 400 }, { type: "partial", text: "hello" }, { type: "turn-end", eager }];
    const c = await prepared({
      voice: { preemptive: { mode: "speech" } },
      recogniser: (clock) =>
        new StreamStt(clock, true, [
          [...steps, { readMs: 200 }, ...more, { readMs: 60_000 }, { type: "final", text: said }],
          [],
        ]),
    });
    c.stream.speechStart(60);
    await c.microphone(500);
    expect([c.asked(), await c.log(), c.tts.spoken]).toEqual([["hello"], [], ["You said hello."]]);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(5_000);
    await c.gone();
    expect(await c.log()).toEqual([`user: ${said}`, `assistant: You said ${said}.`]);
    return c;
  };

  it.each([true, false])("that was right: its answer is the answer (eager: %s)", async (eager) => {
    const c = await hears(eager, []);
    expect([c.asked(), c.fate, c.spoken.map(({ used }) => used)]).toEqual([["hello"], [true], [true]]);
    expect(c.turns[0]?.preparedMs).toBeGreaterThan(400);
  });

  it("that is taken back", async () => {
    const c = await hears(true, [{ type: "turn-resumed" }]);
    expect([c.asked(), c.fate, c.spoken.map(({ used }) => used)]).toEqual([["hello", "hello"], [false], [false]]);
  });

  it("that was wrong about the words", async () => {
    const c = await hears(true, [{ type: "partial", text: "hello there" }], "hello there");
    expect([c.asked(), c.fate]).toEqual([["hello", "hello there"], [false]]);
  });
});

/** More than 1,000 turns with ROOMKIT_FIGURES=1, which prints what is won. */
const FIGURES = process.env.ROOMKIT_FIGURES !== undefined;
const GROUPS = FIGURES ? 40 : 8;

/** Speech that was thrown away, and what was played of it, in frames: each is marked with whose it is. */
function watchPlayed({ tts, connection }: Pick<Awaited<ReturnType<typeof prepared>>, "tts" | "connection">) {
  const speeches: { signal: AbortSignal; frames: number }[] = [];
  const synthesize = tts.synthesize.bind(tts);
  tts.synthesize = async function* (text, options) {
    const speech = speeches.push({ signal: options.signal, frames: 0 }) - 1;
    for await (const part of synthesize(text, options))
      yield part.type === "audio" ? { ...part, frame: { ...part.frame, timestamp: speech } } : part;
  };
  const play = connection.play.bind(connection);
  connection.play = (utterance, frame) => {
    const speech = speeches[frame.timestamp];
    if (speech) speech.frames++;
    play(utterance, frame);
  };
  return () => {
    const wasted = speeches.filter(({ signal }) => `${signal.reason}`.includes("ahead"));
    return { speeches: wasted.length, frames: wasted.reduce((sum, { frames }) => sum + frames, 0) };
  };
}

/** Calls of callers who go on, type and are noisy at any time, with models of any speed; a part of their answers wants a tool. */
async function simulate(mode: "off" | "text" | "speech") {
  const answers = { turns: 0, used: 0, wasted: 0, toolsRun: 0 };
  const discarded = { toolsRun: 0, logged: 0, framesPlayed: 0 };
  const spoken = { used: 0, wasted: 0, charsUsed: 0, charsWasted: 0 };
  const earlierMs: number[] = [];
  const replyMs: number[] = [];
  for (let group = 0; group < GROUPS; group++) {
    const random = seededRandom(group);
    const pick = (n: number): number => Math.floor(random() * n);
    const texts = Array.from({ length: 80 }, (_, i) => (random() < 0.15 ? "" : `word${i}`));
    const said: string[] = [];
    const execute = ({ words }: { readonly words?: unknown }): string => {
      answers.toolsRun++;
      // Only for what was committed.
      if (!said.includes(String(words))) discarded.toolsRun++;
      return "42";
    };
    const look = { name: "look", description: "Looks.", parameters: { type: "object" }, execute } as const;
    const answer = (request: AIRequest): AIScript =>
      request.messages.at(-1)?.role === "user" && /[357]$/.test(newest(request))
        ? [
            { type: "tool-call", id: "call", name: "look", arguments: { words: newest(request) } },
            { type: "finish", reason: "tool-calls" },
          ]
        : `${echo(request)} And is there more to be said about it?`;
    const c = await prepared({
      ...{ stt: says(...texts), answers: Array(400).fill(answer), msPerWord: 50 + pick(200), ai: { tools: [look] } },
      // 100 to 300 ms, as voices take.
      tts: { msPerChar: 5, delayMs: 100 + pick(200) },
      voice: { preemptive: { mode, perMinute: 600 }, minEndpointMs: 500 + pick(1_500) },
    });
    c.kit.hook("AFTER_BROADCAST", ({ event }) => void said.push(eventText(event)), { execution: "async" });
    const played = watchPlayed(c);
    const speak = async (): Promise<void> => {
      await c.microphone(40);
      c.stream.speechStart(40);
      await c.clock.advance(300 + pick(300));
      c.stream.speechEnd(500);
      await c.clock.advance(20);
    };
    for (let turn = 0; turn < 25; turn++) {
      await speak();
      for (let more = pick(3); more > 0; more--) {
        await c.clock.advance(pick(1_200));
        if (random() < 0.8) await speak();
        else c.connection.input({ type: "text", text: `typed${turn}` });
      }
      await c.clock.advance(pick(8_000));
    }
    await c.clock.advance(20_000);
    const log = await c.log();
    for (const [i, line] of log.entries()) {
      if (line.startsWith("user: ")) answers.turns++;
      // An answer stands behind a turn, and is to what was said before it.
      else if (!log[i - 1]?.startsWith("user: ")) discarded.logged++;
      const words = line.match(/^assistant: You said (?!42)([^.]*)\./)?.[1];
      if (words !== undefined && !log.slice(0, i).includes(`user: ${words}`)) discarded.logged++;
    }
    for (const { content } of await c.kit.timeline(c.room.id)) {
      if (content.type === "tool-call" && !said.includes((content.arguments as { words: string }).words))
        discarded.logged++;
    }
    answers.used += c.fate.filter((used) => used).length;
    answers.wasted += c.fate.filter((used) => !used).length;
    for (const { speechMs, preparedMs = 0, replyMs: ms } of c.turns) {
      if (speechMs === undefined || ms === undefined) continue;
      earlierMs.push(preparedMs);
      replyMs.push(ms);
    }
    await c.gone();
    for (const { used, chars } of c.spoken) {
      spoken[used ? "used" : "wasted"]++;
      spoken[used ? "charsUsed" : "charsWasted"] += chars;
    }
    const { speeches, frames } = played();
    expect(speeches).toBe(c.spoken.filter(({ used }) => !used).length);
    discarded.framesPlayed += frames;
  }
  const p50 = (of: number[]): number => of.sort((a, b) => a - b)[Math.floor(of.length / 2)] as number;
  return { answers, spoken, discarded, askedEarlierMs: p50(earlierMs), answeredAfterMs: p50(replyMs) };
}

it("turns in any order: nothing is run or logged for those thrown away, and time is won", {
  timeout: 300_000,
}, async () => {
  const [text, speech] = [await simulate("text"), await simulate("speech")];
  if (FIGURES) console.info({ off: await simulate("off"), text, speech });
  for (const { answers, discarded, askedEarlierMs } of [text, speech]) {
    expect(discarded).toEqual({ toolsRun: 0, logged: 0, framesPlayed: 0 });
    expect(answers.turns).toBeGreaterThan(15 * GROUPS);
    expect(answers.wasted).toBeGreaterThan(3 * GROUPS);
    expect(answers.used).toBeGreaterThan(8 * GROUPS);
    expect(askedEarlierMs).toBeGreaterThan(0);
  }
  expect([text.spoken.used, text.spoken.wasted]).toEqual([0, 0]);
  expect(speech.spoken.used).toBeGreaterThan(4 * GROUPS);
  expect(speech.spoken.wasted).toBeGreaterThan(2 * GROUPS);
  expect(speech.answeredAfterMs).toBeLessThan(text.answeredAfterMs);
});
