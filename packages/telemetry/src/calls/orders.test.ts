import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { ToldKit } from "../told.fixture.ts";

type Step = (told: ToldKit) => unknown;

const steps = {
  start: (told) => told.start(),
  end: (told) => told.end(),
  "said 1": (told) => told.said("t1"),
  "metrics 1": (told) => told.metrics("t1"),
  "cut metrics 1": (told) => told.metrics("t1", { interrupted: true }),
  "reply 1": (told) => told.reply("t1"),
  "tool 1": (told) => told.tool("t1"),
  "played 1": (told) => told.played("t1"),
  "cut 1": (told) => told.cut("t1"),
  "said 2": (told) => told.said("t2"),
  "metrics 2": (told) => told.metrics("t2"),
  "reply 2": (told) => told.reply("t2"),
  "cut somebody": (told) => told.cut(undefined),
  greeting: (told) => told.reply(undefined),
  "a voice fails": (told) => told.fails("tts_error"),
  "a model fails": (told) => told.fails("ai_error"),
} as const satisfies Record<string, Step>;
type StepName = keyof typeof steps;

async function run(order: readonly StepName[]): Promise<ToldKit> {
  const told = new ToldKit();
  for (const name of order) {
    steps[name](told);
    await told.clock.advance(50);
  }
  return told;
}

/** Turns as they were logged: whether they were cut off, how often the model answered. */
const turns = ({ lines }: ToldKit): string[] =>
  lines.flatMap(({ event, turn, interrupted, toolCalls, status }) =>
    event === "turn" ? [`${turn}${interrupted ? " cut" : ""}${toolCalls ? " tool" : ""} ${status ?? "no reply"}`] : [],
  );

/** What is told before the call ends, and with its end. */
const orders: readonly [
  why: string,
  order: readonly StepName[],
  before: readonly string[],
  after: readonly string[],
][] = [
  ["played after the model was through", ["said 1", "metrics 1", "reply 1", "played 1"], ["t1 completed"], []],
  ["played before the model was", ["said 1", "metrics 1", "played 1", "reply 1"], ["t1 completed"], []],
  ["cut off, then metrics", ["said 1", "metrics 1", "cut 1", "reply 1", "cut metrics 1"], ["t1 cut completed"], []],
  ["cut off, metrics first", ["said 1", "metrics 1", "cut metrics 1", "reply 1", "cut 1"], ["t1 cut completed"], []],
  ["cut off, metrics between", ["said 1", "metrics 1", "cut 1", "cut metrics 1", "reply 1"], ["t1 cut completed"], []],
  [
    "metrics the other way round",
    ["said 1", "cut metrics 1", "metrics 1", "cut 1", "reply 1"],
    ["t1 cut completed"],
    [],
  ],
  ["cut off by the end of the call", ["said 1", "metrics 1", "reply 1", "cut 1"], [], ["t1 completed"]],
  ["metrics twice", ["said 1", "metrics 1", "metrics 1", "reply 1", "played 1"], ["t1 completed"], []],
  ["metrics when it is over", ["said 1", "metrics 1", "reply 1", "played 1", "metrics 1"], ["t1 completed"], []],
  ["metrics before its words", ["metrics 1", "said 1", "reply 1", "played 1"], ["t1 completed"], []],
  ["the answer before its words", ["reply 1", "metrics 1", "said 1", "played 1"], ["t1 completed"], []],
  ["never audible, then the next", ["said 1", "reply 1", "said 2"], ["t1 completed"], ["t2 no reply"]],
  ["never ends", ["said 1", "metrics 1", "reply 1"], [], ["t1 completed"]],
  ["no model, then the next", ["said 1", "metrics 1", "played 1", "said 2"], ["t1 no reply"], ["t2 no reply"]],
  [
    "cut off by the next, told later",
    ["said 1", "metrics 1", "said 2", "cut 1", "reply 1", "cut metrics 1"],
    ["t1 cut completed"],
    ["t2 no reply"],
  ],
  [
    "whose answer was cut off is not told",
    ["said 1", "metrics 1", "said 2", "cut somebody", "cut metrics 1", "reply 1"],
    ["t1 cut completed"],
    ["t2 no reply"],
  ],
  ["a tool that comes late", ["said 1", "metrics 1", "reply 1", "played 1", "tool 1"], ["t1 completed"], []],
  ["a greeting is no turn", ["greeting", "cut somebody"], [], []],
];

describe("what is told of a call", () => {
  it.each(orders)("%s", async (_why, order, before, after) => {
    const told = await run(["start", ...order]);
    expect(turns(told)).toEqual(before);
    told.end();
    expect(turns(told)).toEqual([...before, ...after]);
    await told.close();
    expectWhole(told, 1);
  });

  it("after its end changes nothing", async () => {
    const told = await run(["start", "said 1", "end", "metrics 1", "reply 1", "tool 1", "cut 1", "end", "said 2"]);
    expect(turns(told)).toEqual(["t1 no reply"]);
    const { begun } = told.spans;
    await told.close();
    expect(told.spans.begun).toBe(begun);
    expectWhole(told, 1);
  });

  it("before its beginning neither", async () => {
    const told = await run(["said 1", "metrics 1", "reply 1", "end"]);
    await told.close();
    expect([told.spans.begun, told.lines]).toEqual([0, []]);
  });

  it("ends with the kit, also of a call whose end is not told", async () => {
    const told = await run(["start", "said 1", "metrics 1"]);
    await told.close();
    expect(told.lines.map(({ event, reason }) => [event, reason])).toEqual([
      ["turn", undefined],
      ["call", "kit_closed"],
    ]);
    expectWhole(told, 1);
  });

  it("is told to the call that has the turn, where two are in one room", async () => {
    const told = new ToldKit();
    told.start("s1");
    told.start("s9");
    told.said("t1");
    told.reply("t1");
    told.reply(undefined);
    told.end("s1");
    told.end("s9");
    const tokens = told.lines.filter(({ event }) => event === "call").map((line) => [line.session, line.inputTokens]);
    expect(tokens).toEqual([
      ["s1", 100],
      ["s9", 0],
    ]);
    await told.close();
  });

  it("keeps little of turns without end and of tools without end", async () => {
    const told = new ToldKit();
    told.start();
    for (let turn = 0; turn < 200; turn++) told.metrics(`t${turn}`);
    for (let call = 0; call < 500; call++) told.tool("t199");
    expect(turns(told)).toHaveLength(197);
    told.end();
    const [last] = told.lines.filter(({ turn }) => turn === "t199");
    expect(last?.toolCalls).toBe(64);
    expect(told.lines.at(-1)).toMatchObject({ event: "call", turns: 200, toolCalls: 500 });
    expect(told.spans.named("tool")).toHaveLength(500);
    await told.close();
  });
});

it("any order: each span ends once, each turn is told once, each call has one end", { timeout: 60_000 }, async () => {
  const names = Object.keys(steps) as StepName[];
  for (let seed = 1; seed <= 150; seed++) {
    const random = seededRandom(seed);
    const pick = (): StepName => names[Math.floor(random() * names.length)] as StepName;
    const order = [...Array.from({ length: 24 }, pick)];
    order.splice(Math.floor(random() * 6), 0, "start");
    const told = await run(order);
    await told.close();
    expectWhole(told, undefined, `seed ${seed}: ${order.join(", ")}`);
  }
});

function expectWhole(told: ToldKit, calls: number | undefined, why = ""): void {
  const { spans, lines } = told;
  expect(spans.ended.length, why).toBe(spans.begun);
  const roots = spans.named("voice.session");
  if (calls !== undefined) expect(roots.length, why).toBe(calls);
  expect(lines.filter(({ event }) => event === "call").length, why).toBe(roots.length);
  const ids = new Set(spans.ended.map((span) => span.spanContext().spanId));
  for (const { name, parentSpanContext, duration } of spans.ended) {
    expect(duration[0] >= 0 && duration[1] >= 0, `${why}: ${name}`).toBe(true);
    if (name !== "voice.session") expect(ids.has(parentSpanContext?.spanId ?? ""), `${why}: ${name}`).toBe(true);
  }
  // A turn of the same name is told again only in another call of that session.
  const told1 = lines.filter(({ event }) => event === "turn").map(({ turn }) => turn);
  expect(told1.length, why).toBeLessThanOrEqual(new Set(told1).size * roots.length);
  expect(spans.named("turn").length, why).toBe(told1.length);
}
