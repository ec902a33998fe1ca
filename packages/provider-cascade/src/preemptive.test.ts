import type { AIMessage, AIPart } from "@roomkit/core";
import { StreamStt, type StreamSttStep, seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { open } from "./cascade.fixture.ts";
import type { CascadeOptions, PreparedAnswer } from "./options.ts";

const WAIT_MS = 1_000;

/** A session whose turns wait a second for more, and what became of answers made ahead. */
async function ahead(
  said: string[],
  answers: (string | readonly AIPart[])[],
  options: Partial<CascadeOptions> = {},
  tools = false,
) {
  const told: Omit<PreparedAnswer, "sessionId">[] = [];
  const config = tools ? { tools: [{ name: "look", description: "Looks.", parameters: { type: "object" } }] } : {};
  const c = await open(
    said.map((text) => ({ finals: [text] })),
    answers,
    config,
    {
      ...{ minEndpointMs: 500 + WAIT_MS, preemptive: { mode: "speech" } },
      onPrepared: ({ sessionId: _, ...prepared }) => told.push(prepared),
      ...options,
    },
  );
  const asked = (): string[][] => c.model.requests.map(({ messages }) => messages.map(({ content }) => content));
  const gone = async (): Promise<void> => {
    await c.session.close();
    await c.clock.advance(20_000);
    expect([c.clock.pendingTimers, c.model.open, c.voice.open, c.recogniser.open]).toEqual([0, 0, 0, 0]);
  };
  return { ...c, told, asked, gone };
}

const wantsTool: readonly AIPart[] = [
  { type: "text-delta", text: "Let me see. " },
  { type: "tool-call", id: "1", name: "look", arguments: {} },
  { type: "finish", reason: "tool-calls" },
];

/*
 *     while a turn waits               the answer made ahead is        the memory, and the session's events
 *     nothing                          the answer, text and speech     as without
 *     more words, noise, a text        thrown away                     nothing of it
 *     a note that is not answered,     thrown away: the model is       nothing of it
 *     other instructions               to be asked something else
 *     close()                          thrown away                     nothing of it
 */
describe("while a turn waits for more, its answer is made already", () => {
  it("and leaves nothing in memory, events or at the listener's before", async () => {
    const c = await ahead(["hello"], ["Hi you. How are you?", "Fine."]);
    await c.speak();
    await c.clock.advance(WAIT_MS - 100);
    expect([c.asked(), c.voice.spoken, c.told]).toEqual([[["hello"]], ["Hi you."], []]);
    expect(c.events.map((event) => ("role" in event ? event.role : event.type))).toEqual([
      "speech-start",
      "speech-end",
      "user",
    ]);
    await c.clock.advance(200);
    expect(c.of("audio").length).toBeGreaterThan(0);
    await c.clock.advance(5_000);
    expect([c.asked().length, c.voice.spoken]).toEqual([1, ["Hi you.", "How are you?"]]);
    expect(c.of("response-end")).toMatchObject([{ status: "completed" }]);
    expect(c.told).toEqual([
      { what: "text", used: true },
      { what: "speech", used: true, chars: 7 },
    ]);
    c.session.sendText("and?");
    await c.clock.advance(50);
    expect(c.asked()[1]).toEqual(["hello", "Hi you. How are you?", "and?"]);
    await c.gone();
  });

  it("only if that is wanted, and the text alone where that is", async () => {
    for (const mode of ["off", "text"] as const) {
      const c = await ahead(["hello"], ["Hi you."], { preemptive: { mode } });
      await c.speak();
      await c.clock.advance(WAIT_MS - 100);
      expect([c.asked().length, c.voice.spoken]).toEqual([mode === "off" ? 0 : 1, []]);
      await c.clock.advance(5_000);
      expect(c.told).toEqual(mode === "off" ? [] : [{ what: "text", used: true }]);
      await c.gone();
    }
  });

  it.each<[string, (c: Awaited<ReturnType<typeof ahead>>) => unknown, string[]]>([
    ["more words", (c) => c.speak(200), ["hello world"]],
    ["a text", (c) => c.session.sendText("world"), ["hello world"]],
    ["a note that is not answered", (c) => c.session.sendText("(note)", { respond: false }), ["(note)", "hello"]],
    ["other instructions", (c) => c.session.update({ instructions: "Be brief." }), ["hello"]],
  ])("%s: it is thrown away, without trace", async (_what, act, finally_) => {
    const c = await ahead(["hello", "world"], ["Old. Older.", "New. Newer.", "Later."]);
    await c.speak();
    await c.clock.advance(200);
    await act(c);
    await c.clock.advance(6_000);
    const before = c.asked().length;
    expect(c.asked().at(-1)).toEqual(finally_);
    expect(c.told[0]?.used).toBe(false);
    expect(c.of("response-start")).toHaveLength(1);
    c.session.sendText("and?");
    await c.clock.advance(50);
    const heard = c.asked()[before];
    expect(heard?.slice(0, -2)).toEqual(finally_);
    expect(heard?.join()).not.toContain("Old");
    await c.gone();
  });

  it("a session that is closed leaves nothing", async () => {
    const c = await ahead(["hello"], ["Old. Older.", "New."]);
    await c.speak();
    await c.clock.advance(200);
    expect([c.model.open + c.voice.open > 0, c.of("response-start")]).toEqual([true, []]);
    await c.gone();
    expect([c.told.map(({ used }) => used), c.of("audio")]).toEqual([[false, false], []]);
  });

  it("tools wait until the turn is taken", async () => {
    const c = await ahead(["look", "more"], [wantsTool, wantsTool, "It is 42."], {}, true);
    await c.speak();
    await c.clock.advance(200);
    await c.speak(200);
    await c.clock.advance(WAIT_MS - 200);
    expect([c.asked().length, c.of("tool-call")]).toEqual([2, []]);
    await c.clock.advance(2_000);
    expect(c.of("tool-call")).toHaveLength(1);
    c.session.submitToolResult("1", "42");
    await c.clock.advance(5_000);
    expect(c.asked()[2]).toEqual(["look more", "Let me see. ", "42"]);
    expect(c.told.map(({ what, used }) => `${what} ${used}`).sort()).toEqual([
      "speech false",
      "speech true",
      "text false",
      "text true",
    ]);
    await c.gone();
  });

  it("a listener that throws harms nobody", async () => {
    const c = await ahead(["hello"], ["Hi you."], {
      logger: { debug() {}, info() {}, warn() {}, error() {} } as never,
      onPrepared: () => {
        throw new Error("no");
      },
    });
    await c.speak();
    await c.clock.advance(5_000);
    expect(c.of("response-end")).toMatchObject([{ status: "completed" }]);
    await c.gone();
  });
});

it("a recogniser's guess that the turn is over counts, also where a VAD waits for silence", async () => {
  const steps: StreamSttStep[] = [
    { readMs: 400 },
    { type: "partial", text: "hello" },
    { type: "turn-end", eager: true },
  ];
  const clock = new VirtualClock();
  const stt = new StreamStt(clock, true, [[...steps, { readMs: 60_000 }, { type: "final", text: "hello" }], []]);
  const c = await open(
    [],
    ["Hi you.", "Other."],
    {},
    { stt, clock, preemptive: { mode: "text" }, turnDetection: "vad" },
  );
  await c.microphone(60);
  c.stream.speechStart(60);
  await clock.advance(1);
  await c.microphone(600);
  expect(c.model.requests.length).toBe(1);
  await c.session.close();
});

it("in any order: the memory is what was heard, as without", async () => {
  let [used, wasted] = [0, 0];
  for (let seed = 1; seed <= 16; seed++) {
    const random = seededRandom(seed);
    const ms = (most: number): number => Math.floor(random() * most);
    const said = Array.from({ length: 60 }, (_, i) => (random() < 0.15 ? "" : `word${i}`));
    const c = await ahead(said, [], { minEndpointMs: 500 + ms(1_200), preemptive: { mode: "speech", perMinute: 600 } });
    c.model.generate = reply(c.model.generate.bind(c.model));
    for (let turn = 0; turn < 6; turn++) {
      await c.speak(300 + ms(300));
      for (let more = ms(3); more > 0; more--) {
        await c.clock.advance(ms(1_200));
        if (random() < 0.7) await c.speak(200);
        else c.session.sendText(`typed${turn}`, { respond: random() < 0.5 });
      }
      await c.clock.advance(ms(6_000));
    }
    await c.clock.advance(8_000);
    c.session.sendText("the end");
    await c.clock.advance(20);
    const messages = c.model.requests.at(-1)?.messages as readonly AIMessage[];
    for (const [i, { role, content }] of messages.entries()) {
      if (role !== "assistant") continue;
      // Answers stand behind what they answer: those thrown away are to what was never said like that.
      const to = content.match(/^To ([^.]*)\./)?.[1];
      if (to !== undefined)
        expect([seed, messages.slice(0, i).map((m) => m.content)]).toEqual([seed, expect.arrayContaining([to])]);
    }
    used += c.told.filter((one) => one.used).length;
    wasted += c.told.filter((one) => !one.used).length;
    await c.gone();
  }
  expect(used).toBeGreaterThan(20);
  expect(wasted).toBeGreaterThan(20);
});

/** A model that says what it answers. */
function reply(ask: Awaited<ReturnType<typeof open>>["model"]["generate"]): typeof ask {
  return async function* (request, options) {
    const to = request.messages.at(-1)?.content ?? "";
    for await (const part of ask(request, options)) {
      if (part.type === "finish") yield part;
      else if (part.type === "text-delta" && part.text.startsWith("I"))
        yield { type: "text-delta", text: `To ${to}. Well. ` };
    }
  };
}

it("a silence is broken by words that the model finds, which stand in the memory, and their instruction nowhere", async () => {
  const idle = { afterMs: 2_000, prompt: "Ask whether they are there." };
  const c = await open([], ["Hello?", "Good."], {}, { idle });
  await c.clock.advance(6_000);
  expect(c.voice.spoken).toEqual(["Hello?"]);
  expect(c.model.requests[0]?.messages.map(({ content }) => content)).toEqual([`(instruction) ${idle.prompt}`]);
  c.session.sendText("yes");
  await c.clock.advance(100);
  expect(c.model.requests[1]?.messages.map(({ content }) => content)).toEqual(["Hello?", "yes"]);
  expect(c.of("transcript").map(({ role, text }) => `${role}: ${text}`)).toContain("assistant: Hello?");
  await c.session.close();
});
