import { RoomKitError } from "@roomkit/core";
import { type AIScript, FakePipeline, FakeRecording, type SttScript, settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { open } from "./cascade.fixture.ts";

describe("a turn", () => {
  it("hears, answers and speaks, in the order of the contract", async () => {
    const c = await open([{ partials: ["what"], finals: ["what time is it"] }], ["It is noon. Good bye."]);
    await c.speak();
    await c.clock.advance(3_000);
    const names = c.events.map((e) => (e.type === "transcript" ? `${e.role}${e.final ? "!" : ""}` : e.type));
    const order = names.filter((name, i) => name !== names[i - 1]);
    expect(order).toEqual([
      "speech-start",
      "user",
      "speech-end",
      "user",
      "user!",
      "response-start",
      "audio",
      "assistant",
      "audio",
      "assistant!",
      "response-end",
    ]);
    expect(c.of("transcript").at(-1)).toMatchObject({ text: "It is noon. Good bye.", role: "assistant" });
    const ms = c.of("audio").reduce((sum, e) => sum + (e.frame.samples.length / e.frame.sampleRate) * 1000, 0);
    expect(ms).toBe("It is noon.Good bye.".length * 50);
    expect(c.of("audio")[0]?.frame.sampleRate).toBe(c.session.outbound.sampleRate);
  });

  it("answers words too short to interrupt, and no noise", async () => {
    const c = await open([{ finals: ["no"] }, {}], ["Fine."], {}, { interruption: { minSpeechMs: 5_000 } });
    await c.speak(100);
    await c.clock.advance(2_000);
    expect(c.of("response-end")).toHaveLength(1);
    await c.speak(100);
    await c.clock.advance(2_000);
    expect(c.of("response-end")).toHaveLength(1);
  });

  it("begins with the history it was given", async () => {
    const c = await open([], ["Hi again."], {
      instructions: "Be kind.",
      history: [
        { role: "user", text: "I am Ada" },
        { role: "assistant", text: "Hello Ada" },
      ],
    });
    c.session.sendText("hello");
    await c.clock.advance(2_000);
    expect(c.model.requests[0]).toMatchObject({
      system: "Be kind.",
      messages: [
        { role: "user", content: "I am Ada" },
        { role: "assistant", content: "Hello Ada" },
        { role: "user", content: "hello" },
      ],
    });
  });
});

describe("an interruption", () => {
  it("stops model and voice, and the memory keeps what was heard", async () => {
    const c = await open([{ finals: ["go on"] }, { finals: ["stop"] }], ["One two three four five six.", "Okay."]);
    await c.speak();
    await c.clock.advanceUntil(() => c.of("audio").length > 0);
    const item = c.of("audio")[0]?.itemId as string;
    await c.speak();
    expect(c.of("response-end")[0]?.status).toBeOneOf(["cancelled", "completed"]);
    c.session.truncate(item, 450);
    await c.clock.advance(2_000);
    expect(c.model.requests[1]?.messages.slice(0, 2)).toEqual([
      { role: "user", content: "go on" },
      { role: "assistant", content: "One two" },
    ]);
    expect(c.session.responding).toBe(false);
    expect([c.model.open, c.voice.open, c.recogniser.open]).toEqual([0, 0, 0]);
  });
});

describe("noise over an answer", () => {
  const answers = ["One two three four five six seven eight.", "Seven eight."];

  async function noise(ms: number) {
    const c = await open([{ finals: ["count"] }, {}], answers);
    await c.speak();
    await c.clock.advanceUntil(() => c.of("audio").length > 0);
    const starts = c.of("speech-start").length;
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(ms - 60);
    c.stream.hears(false);
    await c.microphone(500);
    c.stream.speechEnd(500);
    const item = c.of("audio")[0]?.itemId as string;
    if (c.of("speech-start").length > starts) c.session.truncate(item, 450);
    await c.clock.advance(5_000);
    return { ...c, interruptions: c.of("speech-start").length - starts };
  }

  it("does not interrupt when it is short, however long the VAD waits for silence", async () => {
    const c = await noise(80);
    expect(c.interruptions).toBe(0);
    expect(c.model.requests).toHaveLength(1);
  });

  it("is no reason for silence when it did: the answer goes on", async () => {
    const c = await noise(400);
    expect(c.interruptions).toBe(1);
    const said = c.of("transcript").flatMap((e) => (e.role === "assistant" && e.final ? [e.text] : []));
    expect(said).toHaveLength(1);
  });
});

it("tells what was said in the order in which it was said", async () => {
  const c = await open([{ finals: ["one"], delayMs: 3_000 }, { finals: ["two"] }], ["Fine.", "Fine."]);
  await c.speak();
  await c.speak();
  await c.clock.advance(6_000);
  expect(c.of("transcript").flatMap((e) => (e.role === "user" && e.final ? [e.text] : []))).toEqual(["one two"]);
});

describe("tools", () => {
  const tools = [{ name: "dice", description: "Rolls a die.", parameters: { type: "object" } }];
  const call: AIScript = [
    { type: "text-delta", text: "One moment." },
    { type: "tool-call", id: "c1", name: "dice", arguments: { sides: 6 } },
    { type: "finish", reason: "tool-calls", providerData: { signed: true } },
  ];

  it("are called, and their result is spoken", async () => {
    const c = await open([], [call, "You rolled a four."], { tools });
    c.session.sendText("roll");
    await c.clock.advanceUntil(() => c.of("tool-call").length > 0);
    expect(c.of("tool-call")[0]).toMatchObject({ id: "c1", name: "dice", arguments: { sides: 6 } });
    c.session.submitToolResult("c1", "4");
    await c.clock.advance(3_000);
    expect(c.model.requests[1]?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: "One moment.",
        toolCalls: [{ id: "c1", name: "dice", arguments: { sides: 6 } }],
        providerData: { signed: true },
      },
      { role: "tool", toolCallId: "c1", toolName: "dice", content: "4" },
    ]);
    expect(c.voice.spoken).toEqual(["One moment.", "You rolled a four."]);
    expect(c.of("response-end")).toHaveLength(1);
  });

  it("that never answer are given up, and the model is told", async () => {
    const c = await open([], [call, "It failed."], { tools }, { toolTimeoutMs: 1_000 });
    c.session.sendText("roll");
    await c.clock.advance(5_000);
    expect(c.model.requests[1]?.messages.at(-1)).toMatchObject({ role: "tool", isError: true });
  });

  it("are taken back when the caller interrupts", async () => {
    const c = await open([], [call, "Fine."], { tools });
    c.session.sendText("roll");
    await c.clock.advanceUntil(() => c.of("tool-call").length > 0);
    c.session.sendText("never mind");
    await c.clock.advance(3_000);
    expect(c.of("tool-call-cancelled")).toEqual([{ type: "tool-call-cancelled", ids: ["c1"] }]);
    expect(c.of("response-end").map((e) => e.status)).toEqual(["cancelled", "completed"]);
  });
});

describe("a tool whose call was taken back", () => {
  const tools = [{ name: "book", description: "Books a table.", parameters: { type: "object" } }];
  const calls = (...ids: string[]): AIScript => [
    ...ids.map((id) => ({ type: "tool-call", id, name: "book", arguments: {} }) as const),
    { type: "finish", reason: "tool-calls" },
  ];
  const results = (c: Awaited<ReturnType<typeof open>>): unknown[] =>
    (c.model.requests.at(-1)?.messages ?? []).flatMap((m) =>
      m.role === "tool" ? [[m.toolCallId, m.content, m.isError ?? false]] : [],
    );

  it("may have done its work: the model is told what is known, in the place of the call", async () => {
    const c = await open([], [calls("c1", "c2"), "Fine.", "It is booked."], { tools });
    c.session.sendText("book it");
    await c.clock.advanceUntil(() => c.of("tool-call").length === 2);
    c.session.submitToolResult("c1", "table 7");
    c.session.sendText("wait");
    await c.clock.advance(3_000);
    expect(results(c)).toEqual([
      ["c1", "table 7", false],
      ["c2", expect.stringMatching(/may have been done/), true],
    ]);
    // It was deaf to its signal.
    c.session.submitToolResult("c2", "table 8");
    c.session.submitToolResult("c2", "table 9");
    c.session.submitToolResult("c9", "never called");
    c.session.sendText("well?");
    await c.clock.advance(3_000);
    expect(c.model.requests[2]?.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "tool",
      "user",
      "assistant",
      "user",
    ]);
    expect(results(c)).toEqual([
      ["c1", "table 7", false],
      ["c2", "table 8", false],
    ]);
  });

  it("is also heard of after its time was up", async () => {
    const c = await open([], [calls("c1"), "It takes long.", "Booked."], { tools }, { toolTimeoutMs: 1_000 });
    c.session.sendText("book it");
    await c.clock.advance(5_000);
    expect(results(c)).toEqual([["c1", expect.stringMatching(/too long.*may have been done/), true]]);
    c.session.submitToolResult("c1", "table 7");
    c.session.sendText("well?");
    await c.clock.advance(3_000);
    expect(results(c)).toEqual([["c1", "table 7", false]]);
  });

  it("is not taken back by a noise: only words cancel an answer nobody has heard", async () => {
    const c = await open([{}], [calls("c1"), "It is booked."], { tools });
    c.session.sendText("book it");
    await c.clock.advanceUntil(() => c.of("tool-call").length === 1);
    c.stream.speechStart(0);
    await c.microphone(800);
    expect(c.of("tool-call-cancelled")).toHaveLength(0);
    c.session.submitToolResult("c1", "table 7");
    c.stream.speechEnd(500);
    await c.clock.advance(8_000);
    expect(results(c)).toEqual([["c1", "table 7", false]]);
    expect(c.voice.spoken).toEqual(["It is booked."]);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("is taken back by words", async () => {
    const c = await open([{ partials: ["no"], finals: ["no wait"] }], [calls("c1"), "All right."], { tools });
    c.session.sendText("book it");
    await c.clock.advanceUntil(() => c.of("tool-call").length === 1);
    await c.speak();
    await c.clock.advance(8_000);
    expect(c.of("tool-call-cancelled")).toEqual([{ type: "tool-call-cancelled", ids: ["c1"] }]);
    expect(results(c)).toEqual([["c1", expect.stringMatching(/may have been done/), true]]);
    expect(c.voice.spoken).toEqual(["All right."]);
    expect(c.clock.pendingTimers).toBe(0);
  });
});

describe("a text while the caller speaks", () => {
  it.each([
    ["and of what was said, once", [{ finals: ["and me"] }], ["and me one thing"]],
    ["alone when nothing was said", [{}], ["one thing"]],
  ] as const)("is answered after it, %s", async (_name, stt, asked) => {
    const c = await open([...stt] as SttScript[], ["Both.", "Both."]);
    c.stream.speechStart(0);
    await c.microphone(600);
    c.session.sendText("one thing");
    await c.microphone(600);
    // The model may think; nothing is spoken over the caller.
    expect(c.of("audio")).toEqual([]);
    c.stream.speechEnd(500);
    await c.clock.advance(8_000);
    expect(c.model.requests.at(-1)?.messages.map(({ content }) => content)).toEqual([...asked]);
    expect(c.of("response-end").filter(({ status }) => status === "completed")).toHaveLength(1);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("is not held for ever by speech that never ends", async () => {
    const c = await open([{ hang: true }], ["At last."]);
    c.stream.speechStart(0);
    await c.microphone(100);
    c.session.sendText("one thing");
    await c.clock.advance(62_000);
    expect(c.model.requests).toHaveLength(1);
    await c.session.close();
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("is taken back by an interruption", async () => {
    const c = await open([{}], ["Never."]);
    c.stream.speechStart(0);
    await c.microphone(100);
    c.session.sendText("one thing");
    c.session.interrupt();
    c.stream.speechEnd(100);
    await c.clock.advance(70_000);
    expect(c.model.requests).toEqual([]);
  });
});

describe("failures", () => {
  it("a model that fails before it said anything is apologised for", async () => {
    const c = await open([], [new RoomKitError("down", "down")], {}, { apology: "Sorry." });
    c.session.sendText("hi");
    await c.clock.advance(2_000);
    expect(c.voice.spoken).toEqual(["Sorry."]);
    expect(c.of("error")[0]?.error.code).toBe("down");
  });

  it("a recogniser that fails is reported and harms nothing", async () => {
    const c = await open([{ error: new RoomKitError("deaf", "deaf") }, { finals: ["hello"] }], ["Hi."]);
    await c.speak();
    await c.clock.advance(1_000);
    expect(c.of("error").map((e) => e.error.code)).toEqual(["deaf"]);
    await c.speak();
    await c.clock.advance(2_000);
    expect(c.voice.spoken).toEqual(["Hi."]);
  });
});

it("closing ends everything and says so once", async () => {
  const c = await open([{ hang: true }], ["One two three four five."]);
  c.session.sendText("hi");
  await c.clock.advanceUntil(() => c.of("audio").length > 0);
  await c.microphone(60);
  c.stream.speechStart(60);
  await c.session.close();
  await c.session.close();
  await c.clock.advance(10_000);
  expect(c.of("closed")).toHaveLength(1);
  expect([c.model.open, c.voice.open, c.recogniser.open, c.stream.listeners, c.clock.pendingTimers]).toEqual([
    0, 0, 0, 0, 0,
  ]);
});

it("recogniser and voice are given what the application asks for, the audio path what the caller's platform does", async () => {
  const native = { nativeEchoCancellation: true, nativeGainControl: false };
  const told: unknown[] = [];
  const c = await open(
    [{ finals: ["hi"] }],
    ["Good morning."],
    { voice: "anna", language: "de-DE" },
    { speed: 1.25, keywords: ["Ada"] },
    { native, onFallback: (change) => told.push(change) },
  );
  await c.speak();
  await c.clock.advance(2_000);
  expect(c.recogniser.options).toMatchObject([{ language: "de-DE", keywords: ["Ada"] }]);
  expect(c.voice.options).toMatchObject([{ voice: "anna", language: "de-DE", speed: 1.25 }]);
  expect(c.pipeline.opened).toMatchObject([{ native }]);
  const change = { from: "a", to: "b", error: new RoomKitError("down", "down") };
  for (const { onFallback } of [...c.recogniser.options, ...c.voice.options, ...c.model.options]) onFallback?.(change);
  expect(told).toEqual([change, change, change]);
});

describe("a recorder in the cascade's own pipeline", () => {
  it("is refused: nobody can be asked there", async () => {
    const pipeline = new FakePipeline();
    const recording = new FakeRecording();
    pipeline.recording = recording;
    const c = await open([], [], {}, { pipeline });
    await settle();
    expect(recording.state).toBe("ended");
    expect(await recording.ended).toBeUndefined();
    await c.session.close();
  });
});
