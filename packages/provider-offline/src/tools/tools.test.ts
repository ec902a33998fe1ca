import type { AIPart, AIRequest } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { Caller, generate, provider, textOf } from "../caller.fixture.ts";
import { TOOLS } from "../tools.fixture.ts";

type Made = [name: string, args: unknown];

function caller(result: (name: string, args: unknown) => string = () => "ok"): { caller: Caller; made: Made[] } {
  const made: Made[] = [];
  const run = (name: string, args: unknown): string => {
    made.push([name, args]);
    return result(name, args);
  };
  return { caller: new Caller(provider(), TOOLS, run), made };
}

/** What is said, and the calls it must lead to. */
const CALLS: readonly (readonly [said: string, made: readonly Made[]])[] = [
  ["what's the weather in paris", [["get_weather", { city: "Paris" }]]],
  ["What is the weather like in New York City today?", [["get_weather", { city: "New York City" }]]],
  ["uh is it raining in london", [["get_weather", { city: "London" }]]],
  [
    "weather in paris and london",
    [
      ["get_weather", { city: "Paris" }],
      ["get_weather", { city: "London" }],
    ],
  ],
  ["what's the weather in rome in fahrenheit", [["get_weather", { city: "Rome", unit: "fahrenheit" }]]],
  ["set a timer for five minutes", [["set_timer", { minutes: 5 }]]],
  ["set a timer for half an hour", [["set_timer", { minutes: 30 }]]],
  ["timer for an hour please", [["set_timer", { minutes: 60 }]]],
  ["start a twenty minute timer called pasta", [["set_timer", { minutes: 20, label: "pasta" }]]],
  ["roll the dice", [["roll_dice", {}]]],
  ["roll two dice", [["roll_dice", { count: 2 }]]],
  ["roll three twenty sided dice", [["roll_dice", { count: 3, sides: 20 }]]],
  ["put me through to billing", [["transfer_call", { department: "billing" }]]],
  ["can i speak to someone in sales", [["transfer_call", { department: "sales" }]]],
  ["where is my order four five two one", [["orderStatus", { orderNumber: "4521" }]]],
  ["what's the status of order 88123", [["orderStatus", { orderNumber: "88123" }]]],
  [
    "send a message to Anna saying I will be late",
    [["send_message", { recipient: "Anna", message: "I will be late" }]],
  ],
  ["text bob that dinner is ready", [["send_message", { recipient: "Bob", message: "dinner is ready" }]]],
  ["turn on the lights in the kitchen", [["set_lights", { room: "kitchen", on: true }]]],
  ["switch off the living room lights", [["set_lights", { room: "living_room", on: false }]]],
  ["hang up", [["hang_up", {}]]],
  ["okay goodbye", [["hang_up", {}]]],
];

describe("calling a tool", () => {
  it.each(CALLS)("%j", async (said, expected) => {
    const { caller: person, made } = caller();
    await person.say(said);
    expect(made).toEqual(expected);
  });

  it.each([
    "tell me a joke",
    "what time is it",
    "what is twelve times seven",
    "i love this weather",
    "please repeat after me, winter brings snow to the mountains",
    "he's repeat after me what is the weather in paris",
    "hello",
    "what is the capital of france",
    "how are you",
    "you are funny",
  ])("is not what %j asks for", async (said) => {
    const { caller: person, made } = caller();
    await person.say(said);
    expect(made).toEqual([]);
  });

  it("is preceded by a word, so that nobody waits in silence, and finishes with tool-calls", async () => {
    const parts = await generate(provider(), { messages: [{ role: "user", content: "roll two dice" }], tools: TOOLS });
    expect(textOf(parts)).toMatch(/\w+\.$/);
    expect(parts.slice(-2)).toEqual([
      { type: "tool-call", id: expect.stringMatching(/./), name: "roll_dice", arguments: { count: 2 } },
      { type: "finish", reason: "tool-calls" },
    ]);
  });

  it("gives every call of a conversation an id of its own", async () => {
    const { caller: person } = caller();
    for (const said of ["weather in paris and london", "roll two dice", "roll two dice"]) await person.say(said);
    const ids = person.messages.flatMap((message) =>
      message.role === "assistant" ? (message.toolCalls ?? []).map(({ id }) => id) : [],
    );
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });

  it("follows toolChoice", async () => {
    const ask = (content: string, toolChoice: AIRequest["toolChoice"]): Promise<AIPart[]> =>
      generate(provider(), {
        messages: [{ role: "user", content }],
        tools: TOOLS,
        ...(toolChoice ? { toolChoice } : {}),
      });
    const called = (parts: readonly AIPart[]): unknown[] =>
      parts.flatMap((part) => (part.type === "tool-call" ? [part.name] : []));
    expect(called(await ask("roll two dice", "none"))).toEqual([]);
    expect(textOf(await ask("roll two dice", "none"))).toMatch(/You rolled/);
    expect(called(await ask("hello there", "required"))).toHaveLength(1);
  });
});

describe("what a call lacks", () => {
  it("is asked for, one by one, and put together with what was said before", async () => {
    const { caller: person, made } = caller();
    expect(await person.say("send a message")).toBe("Who is the recipient?");
    expect(await person.say("to Peter")).toBe("What is the message?");
    await person.say("I am on my way");
    expect(made).toEqual([["send_message", { recipient: "Peter", message: "I am on my way" }]]);
  });

  it.each<[string, string, string, Made]>([
    ["what's the weather", "For which city?", "in Madrid", ["get_weather", { city: "Madrid" }]],
    ["start a timer", "How many minutes?", "um ten", ["set_timer", { minutes: 10 }]],
    [
      "connect me to a human",
      "Which department, sales, support or billing?",
      "support please",
      ["transfer_call", { department: "support" }],
    ],
    ["check my order", "What is the order number?", "it's 4 4 7", ["orderStatus", { orderNumber: "447" }]],
    [
      "turn the lights on",
      "Which room, kitchen, bedroom or living room?",
      "bedroom",
      ["set_lights", { room: "bedroom", on: true }],
    ],
  ])("%j", async (said, question, answer, call) => {
    const { caller: person, made } = caller();
    expect(await person.say(said)).toBe(question);
    await person.say(answer);
    expect(made).toEqual([call]);
  });

  it.each(["never mind", "what time is it", "tell me a joke"])("may be left open: %j", async (instead) => {
    const { caller: person, made } = caller();
    await person.say("start a timer");
    expect(await person.say(instead)).not.toMatch(/minutes/);
    expect(made).toEqual([]);
  });

  it("can be changed afterwards", async () => {
    const { caller: person, made } = caller();
    await person.say("what's the weather in paris in celsius");
    await person.say("and in Rome");
    await person.say("what about Berlin");
    expect(made.slice(1)).toEqual([
      ["get_weather", { city: "Rome", unit: "celsius" }],
      ["get_weather", { city: "Berlin", unit: "celsius" }],
    ]);
  });
});

describe("a result", () => {
  const say = async (content: string, isError = false): Promise<string> => {
    const call = { id: "1", name: "get_weather", arguments: { city: "Paris" } };
    return textOf(
      await generate(provider(), {
        messages: [
          { role: "user", content: "weather in paris" },
          { role: "assistant", content: "", toolCalls: [call] },
          { role: "tool", toolCallId: "1", toolName: "get_weather", content, ...(isError ? { isError } : {}) },
        ],
      }),
    );
  };

  it.each([
    ["It is sunny.", "It is sunny."],
    ["sunny, 21°C", "Sunny, twenty one degrees Celsius."],
    [
      '{"temperature_c":-3,"condition":"snow"}',
      "The temperature is minus three degrees Celsius, and the condition is snow.",
    ],
    ['{"summary":"Rain later.","id":"x1","raw":{}}', "Rain later."],
    ['{"price_usd":12.5,"in_stock":true}', "The price is twelve point five dollars, and the in stock is yes."],
    ['[{"name":"Chez Paul","stars":4},{"name":"Le Bistro"}]', "Chez Paul, Le Bistro."],
    ["[3,5]", "I got three and five."],
    ["[]", "I found nothing."],
    ["42", "It is forty two."],
    ["**Bold** [link](https://example.com/x?y=1) & more", "Bold link and more."],
    [
      "Your table is booked for 2026-11-24T19:30:00Z.",
      "Your table is booked for November the twenty fourth, twenty twenty six, at seven thirty in the evening.",
    ],
    [
      "Order 0045 costs $1,250 and 5% tax",
      "Order zero zero four five costs one thousand two hundred and fifty dollars and five percent tax.",
    ],
  ])("%j is spoken", async (content, spoken) => {
    expect(await say(content)).toBe(spoken);
  });

  it.each(["ok", '{"success":true}', "", "null", "{}"])("%j is spoken as done or nothing", async (content) => {
    expect(await say(content)).toMatch(/done|nothing/i);
  });

  it("that is an error is regretted, without its words", async () => {
    expect(await say("ECONNREFUSED", true)).toMatch(/sorry|did|failed/i);
    expect(await say("ECONNREFUSED", true)).not.toContain("ECONN");
  });

  it("is kept short", async () => {
    expect((await say("A long sentence about the weather. ".repeat(100))).length).toBeLessThan(400);
  });

  it("of several calls says which is which", async () => {
    const { caller: person } = caller((_name, args) =>
      (args as { city: string }).city === "Paris" ? "It is sunny." : "It is raining.",
    );
    expect(await person.say("weather in paris and london")).toMatch(
      /For Paris, it is sunny\. For London, it is raining\.$/,
    );
  });

  it("after a goodbye is silence", async () => {
    const { caller: person } = caller();
    expect(await person.say("goodbye")).toMatch(/^(Goodbye|Bye|See you|Until)[^.]*\.[^.]*\.$/);
  });
});
