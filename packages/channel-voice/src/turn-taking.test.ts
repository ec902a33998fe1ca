import { RoomKitError } from "@roomkit/core";
import { StreamStt, type StreamSttStep, type VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceChannelOptions } from "./options.ts";
import { call } from "./voice-call.fixture.ts";

const long = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";
const heardOnce = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith("user"));
type Call = Awaited<ReturnType<typeof call>>;

/** Errors that the application is told. */
function errorsOf({ kit }: Call): string[] {
  const codes: string[] = [];
  kit.on("stt_error", ({ error }) => codes.push(error.code));
  return codes;
}

describe("only speech interrupts", () => {
  /** Noise over an answer: the VAD hears it for so long, then silence, until it gives up. */
  async function noise(soundMs: number, voice: Partial<VoiceChannelOptions> = {}, finals: string[] = []) {
    const c = await call({ stt: [{ finals: ["count"] }, { finals }], answers: [long, "Okay."], voice });
    await c.speak(600);
    await c.audible();
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(soundMs - 60);
    c.stream.hears(false);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(10_000);
    return c;
  }

  it.each([100, 200, 300, 400, 499])(
    "80 ms of sound never do, however short minSpeechMs (%d) is",
    async (minSpeechMs) => {
      const c = await noise(80, { interruption: { minSpeechMs } });
      expect(c.connection.clears).toBe(0);
      expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
    },
  );

  it.each([
    ["confirmed", 320],
    ["immediate", 80],
  ] as const)(
    "and where noise did (%s), the assistant goes on with what was not heard, and the log has one answer",
    async (strategy, ms) => {
      const c = await noise(ms, { interruption: { strategy } });
      expect(c.connection.clears).toBe(1);
      expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
      expect(c.model.requests).toHaveLength(1);
      expect(c.connection.messages("dismissed")).toEqual([{ type: "dismissed", cause: "no_words", resumed: true }]);
      expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
    },
  );

  it.each([
    ["confirmed", 1],
    ["immediate", 1],
    ["semantic", 0],
  ] as const)(
    "what only says that somebody listens is nobody's turn (%s), and all of the answer is heard",
    async (strategy, clears) => {
      const c = await noise(700, { interruption: { strategy } }, ["Yeah, right."]);
      expect(c.connection.clears).toBe(clears);
      expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
      const told = { type: "dismissed", cause: "backchannel", resumed: clears > 0 };
      expect(c.connection.messages("dismissed")).toEqual([told]);
      expect(c.model.requests).toHaveLength(1);
      expect(c.clock.pendingTimers).toBe(0);
    },
  );

  it("what only says that somebody listens is a turn where nothing is resumed, or somebody says so", async () => {
    for (const interruption of [{ resume: false }, { isBackchannel: () => false }] as const) {
      const c = await noise(700, { interruption }, ["Yeah, right."]);
      expect((await c.log()).slice(2)).toEqual(["user: Yeah, right.", "assistant: Okay."]);
    }
  });

  it("more than that interrupts when the words are known (semantic)", async () => {
    const c = await noise(700, { interruption: { strategy: "semantic" } }, ["Yeah, but why?"]);
    expect(c.connection.clears).toBe(1);
    expect((await c.log()).slice(2)).toEqual(["user: Yeah, but why?", "assistant: Okay."]);
  });

  it("so does speech of which no word comes (semantic), and noise is answered by going on", async () => {
    const c = await noise(1_600, { interruption: { strategy: "semantic" } });
    expect(c.connection.clears).toBe(1);
    expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
  });

  it("words do, and nothing is taken up again", async () => {
    const c = await noise(320, {}, ["stop"]);
    expect((await c.log()).slice(2)).toEqual(["user: stop", "assistant: Okay."]);
  });
});

describe("nothing is spoken over the caller", () => {
  /** How much of the assistant is played while the caller speaks. */
  async function playedDuringSpeech(c: Call, ms: number): Promise<number> {
    const total = (): number => [...c.connection.played.values()].reduce((sum, each) => sum + each, 0);
    await c.microphone(60);
    c.stream.speechStart(60);
    const before = total();
    await c.microphone(ms);
    await c.microphone(500);
    const played = total() - before;
    c.stream.speechEnd(500);
    return played;
  }

  it("an answer that becomes audible while they speak waits, and is spoken when it was only noise", async () => {
    const c = await call({ stt: [{ finals: ["count"] }, {}], answers: [long], tts: { delayMs: 900 } });
    await c.speak(600);
    expect(await playedDuringSpeech(c, 1_500)).toBe(0);
    await c.clock.advance(20_000);
    expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
    expect(c.connection.clears).toBe(0);
  });

  it("and is dropped when they said more", async () => {
    const c = await call({
      stt: [{ finals: ["count"] }, { finals: ["to three"], delayMs: 400 }],
      answers: [long, "One two three."],
      tts: { delayMs: 900 },
    });
    await c.speak(600);
    expect(await playedDuringSpeech(c, 1_500)).toBe(0);
    await c.clock.advance(20_000);
    expect((await c.log()).filter((line) => line !== "assistant: ")).toEqual([
      "user: count",
      "user: to three",
      "assistant: One two three.",
    ]);
  });

  it("what the application says meanwhile is spoken afterwards", async () => {
    const c = await call({ stt: [{ finals: ["hello"] }], answers: ["Hi."] });
    await c.microphone(60);
    c.stream.speechStart(60);
    const said = c.voice.say(c.session.id, "Two minutes left.");
    await c.microphone(1_500);
    expect(c.connection.played.size).toBe(0);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(10_000);
    expect((await said).text).toBe("Two minutes left.");
    expect((await c.log()).sort()).toEqual(["assistant: Hi.", "assistant: Two minutes left.", "user: hello"]);
  });

  it("also when their speech interrupts an answer", async () => {
    const c = await call({ stt: [{ finals: ["count"] }, { finals: ["stop"] }], answers: [long, "Okay."] });
    await c.speak(600);
    await c.audible();
    await c.microphone(60);
    c.stream.speechStart(60);
    const said = c.voice.say(c.session.id, "Two minutes left.");
    await c.microphone(900);
    c.stream.speechEnd(500);
    await c.clock.advance(10_000);
    expect((await said).text).toBe("Two minutes left.");
    expect(await c.log()).toContain("assistant: Okay.");
  });

  it("also when words cancel the answer that it waits behind", async () => {
    const c = await call({
      stt: [{ finals: ["count"] }, { finals: ["wait"] }],
      answers: [long, "Okay."],
      tts: { delayMs: 900 },
    });
    await c.speak(600);
    const said = c.voice.say(c.session.id, "Two minutes left.");
    await playedDuringSpeech(c, 600);
    await c.clock.advance(10_000);
    expect((await said).text).toBe("Two minutes left.");
    expect(await c.log()).toContain("assistant: Okay.");
  });

  it("stop drops what waits for them to finish", async () => {
    const c = await call({ stt: [{}] });
    await c.microphone(60);
    c.stream.speechStart(60);
    const said = c.voice.say(c.session.id, "Two minutes left.");
    await c.microphone(100);
    c.connection.input({ type: "interrupt" });
    await c.microphone(600);
    c.stream.speechEnd(500);
    await c.clock.advance(5_000);
    expect((await said).text).toBe("");
  });

  it("what waits is bounded", async () => {
    const c = await call({ stt: [{}], voice: { maxUtterances: 1 } });
    await c.microphone(60);
    c.stream.speechStart(60);
    const said = ["One.", "Two."].map((text) => c.voice.say(c.session.id, text));
    await expect(c.voice.say(c.session.id, "Three.")).rejects.toMatchObject({ code: "queue_full" });
    c.stream.speechEnd(0);
    await c.clock.advance(5_000);
    expect((await Promise.all(said)).map(({ text }) => text)).toEqual(["One.", "Two."]);
  });

  it("the greeting waits, and is left out when they said something", async () => {
    for (const finals of [["hello"], []]) {
      const c = await call({
        stt: [{ finals }],
        answers: ["Hi."],
        tts: { delayMs: 200 },
        voice: { greeting: "Welcome." },
      });
      expect(await playedDuringSpeech(c, 800)).toBe(0);
      await c.clock.advance(10_000);
      const spoken = (await c.log()).filter((line) => line !== "assistant: ");
      expect(spoken).toEqual(finals.length === 0 ? ["assistant: Welcome."] : ["user: hello", "assistant: Hi."]);
    }
  });

  it("the answer to what they typed waits, and is joined by what they say", async () => {
    const c = await call({ stt: [{ finals: ["to three"] }], answers: [long, "One two three."] });
    await c.microphone(60);
    c.stream.speechStart(60);
    c.connection.input({ type: "text", text: "count" });
    await c.microphone(1_500);
    expect(c.connection.played.size).toBe(0);
    c.stream.speechEnd(500);
    await c.clock.advance(10_000);
    expect((await c.log()).filter((line) => line !== "assistant: ")).toEqual([
      "user: count",
      "user: to three",
      "assistant: One two three.",
    ]);
  });

  it("noise without end does not hold an answer for ever", async () => {
    const c = await call({
      stt: [{ finals: ["count"] }, {}],
      answers: [long],
      tts: { delayMs: 900 },
      voice: { maxSpeechMs: 3_000 },
    });
    await c.speak(600);
    c.stream.speechStart(60);
    await c.microphone(8_000);
    expect(c.connection.played.size).toBe(1);
    expect(c.connection.clears).toBe(0);
  });
});

describe("a recogniser that ends, with a VAD", () => {
  const dead: readonly (readonly [string, StreamSttStep[]])[] = [
    ["ends at once", ["end"]],
    ["throws at once", [new Error("broken")]],
    ["throws something retryable", [new RoomKitError("stt_down", "down", { retryable: true })]],
    ["ends after one part", [{ readMs: 20 }, { type: "partial", text: "a" }, "end"]],
  ];
  it.each(dead)("%s: is tried a few times, then given up and told", async (_, script) => {
    let stt: StreamStt | undefined;
    const c = await call({
      recogniser: (clock: VirtualClock) => {
        stt = new StreamStt(clock, false, [script]);
        return stt;
      },
    });
    const errors = errorsOf(c);
    await c.speak(10_000);
    await c.clock.advance(10_000);
    expect(stt?.streams).toBeLessThanOrEqual(8);
    expect(errors.at(-1)).toBe("stt_unavailable");
    expect(c.connection.messages("error").at(-1)).toMatchObject({ code: "stt_unavailable", retryable: false });
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
  });

  it("gives the next stream what the one before did not read, and everything when it said nothing", async () => {
    let stt: StreamStt | undefined;
    const c = await call({
      answers: ["Yes."],
      recogniser: (clock: VirtualClock) => {
        stt = new StreamStt(clock, false, [
          ["end"],
          [{ readMs: 400 }, "end"],
          [{ readMs: 600 }, { type: "final", text: "turn on" }, "end"],
          [{ readMs: 1e9 }, { type: "final", text: "the light" }],
        ]);
        return stt;
      },
    });
    await c.speak(4_000);
    await c.clock.advance(5_000);
    expect(await c.log()).toContain("user: turn on the light");
    const [none, some, words, rest] = stt?.heard ?? [];
    expect(none).toEqual([]);
    expect(words?.[0]).toBe(some?.[0]);
    const all = [...(words ?? []), ...(rest ?? [])];
    // The pre-roll of 60 ms, then every frame of 20 ms until the VAD was sure of the end.
    expect(all).toEqual([0, ...Array.from({ length: 225 }, (_, i) => 60 + 20 * i)]);
  });

  it("never ends after its audio has: what it guessed counts after a while", async () => {
    const c = await call({
      answers: ["Yes."],
      recogniser: (clock) => new StreamStt(clock, false, [[{ type: "partial", text: "turn on the light" }, "hang"]]),
    });
    await c.speak(600);
    await c.clock.advance(12_000);
    expect(await c.log()).toContain("user: turn on the light");
  });
});

describe("a recogniser that takes the turns", () => {
  const begin = { type: "turn-start" } as const;
  const over = { type: "turn-end", eager: false } as const;
  const guess = (text: string) => ({ type: "partial", text }) as const;
  const final = (text: string) => ({ type: "final", text }) as const;

  async function streamCall(
    scripts: StreamSttStep[][],
    answers: string[] = [],
    voice: Partial<VoiceChannelOptions> = {},
  ) {
    let stt: StreamStt | undefined;
    const recogniser = (clock: VirtualClock): StreamStt => {
      stt = new StreamStt(clock, true, scripts);
      return stt;
    };
    const c = await call({ vad: false, answers, recogniser, voice });
    return { ...c, recogniser: stt as unknown as StreamStt };
  }

  it.each<[string, StreamSttStep[]]>([
    ["in order", [begin, guess("what"), final("what time"), over]],
    ["a late final", [begin, guess("what time"), over, final("what time")]],
    ["a later final", [begin, guess("what time"), over, { waitMs: 500 }, final("What time?")]],
    ["a final that is too late", [begin, guess("what time"), over, { waitMs: 1_500 }, final("What time?")]],
    ["only a late final", [begin, over, final("what time")]],
    ["a final without a start", [final("what time")]],
    ["a final without a start, and an end", [final("what time"), over]],
    ["two starts", [begin, begin, guess("what time"), final("what time"), over]],
    ["two starts, with a guess in between", [begin, guess("what time"), begin, final("what time"), over]],
    ["an end without a start", [over, begin, final("what time"), over, over]],
    ["a final twice", [begin, final("what time"), over, final("what time")]],
    ["a guess after the final", [begin, final("what time"), guess("what"), over, guess("what time")]],
    ["a guess outside of a turn", [guess("what"), begin, final("what time"), over, guess("what time")]],
    [
      "an eager end, resumed",
      [begin, guess("what"), { type: "turn-end", eager: true }, { type: "turn-resumed" }, final("what time"), over],
    ],
    ["an eager end, and nothing more", [begin, guess("what time"), { type: "turn-end", eager: true }]],
    ["a begin without an end", [begin, guess("what time")]],
    ["a stream that closes in the turn", [begin, guess("what time"), "end"]],
    ["a stream that fails in the turn", [begin, final("what time"), new Error("gone")]],
  ])("says once what was said: %s", async (_, script) => {
    const c = await streamCall([[{ readMs: 100 }, ...script], []], ["Noon it is."]);
    await c.microphone(16_000);
    expect((await c.log()).map((line) => line.replace("What time?", "what time"))).toEqual([
      "user: what time",
      "assistant: Noon it is.",
    ]);
    expect(c.connection.clears).toBe(0);
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
  });

  it("a late final with more words than were guessed loses none of them", async () => {
    const script = [{ readMs: 100 }, begin, guess("what time"), over, { waitMs: 1_500 }, final("What time is it?")];
    const c = await streamCall([script], ["Noon."]);
    await c.microphone(8_000);
    expect(heardOnce(await c.log())).toEqual(["user: what time", "user: is it?"]);
  });

  it("a mute ends the turn with what was heard", async () => {
    const c = await streamCall(
      [[{ readMs: 100 }, begin, guess("what"), { readMs: 200 }, guess("what time"), { waitMs: 1e9 }]],
      ["Noon it is."],
    );
    await c.microphone(600);
    c.connection.input({ type: "mute", muted: true });
    await c.clock.advance(4_000);
    expect(await c.log()).toEqual(["user: what time", "assistant: Noon it is."]);
  });

  it("so does audio that stops", async () => {
    const c = await streamCall([[{ readMs: 100 }, begin, guess("what time"), { waitMs: 1e9 }]], ["Noon it is."]);
    await c.microphone(600);
    await c.clock.advance(5_000);
    expect(await c.log()).toEqual(["user: what time", "assistant: Noon it is."]);
  });

  it("interrupts by words, not by a turn that says nothing", async () => {
    const turn = (words: StreamSttStep[]): StreamSttStep[] => [begin, ...words, { readMs: 600 }, over];
    const script = [
      { readMs: 100 },
      begin,
      final("count"),
      over,
      { readMs: 1_000 },
      ...turn([]),
      { readMs: 200 },
      ...turn([guess("stop"), final("stop")]),
    ];
    const c = await streamCall([script], [long, "Okay."]);
    await c.microphone(1_000);
    expect(c.connection.played.size).toBe(1);
    await c.microphone(840);
    expect(c.connection.clears).toBe(0);
    await c.microphone(300);
    expect(c.connection.clears).toBe(1);
    await c.microphone(4_000);
    expect((await c.log()).slice(2)).toEqual(["user: stop", "assistant: Okay."]);
  });

  it("immediate: a turn without words silences, and the answer is taken up again", async () => {
    const script = [{ readMs: 100 }, begin, final("count"), over, { readMs: 1_000 }, begin, { readMs: 300 }, over];
    const c = await streamCall([script], [long], { interruption: { strategy: "immediate" } });
    await c.microphone(12_000);
    expect(c.connection.clears).toBe(1);
    const log = await c.log();
    expect(
      log
        .slice(1)
        .map((line) => line.replace("assistant: ", ""))
        .join(" "),
    ).toBe(long);
  });

  it.each<[string, StreamSttStep[]]>([
    ["ends at once", ["end"]],
    ["throws at once", [new Error("broken")]],
    ["ends after one part", [{ readMs: 20 }, guess("a"), "end"]],
    ["begins a turn and ends", [{ readMs: 20 }, begin, "end"]],
  ])("one that %s is tried a few times, ever later, then given up and told", async (_, script) => {
    const c = await streamCall([script]);
    const errors = errorsOf(c);
    await c.microphone(2_000);
    expect(c.recogniser.streams).toBeLessThanOrEqual(4);
    for (let i = 0; i < 100; i++) {
      await c.microphone(100);
      await c.clock.advance(2_000);
    }
    expect(c.recogniser.streams).toBeLessThanOrEqual(9);
    expect(errors.at(-1)).toBe("stt_unavailable");
    expect(c.connection.messages("error").at(-1)).toMatchObject({ code: "stt_unavailable", retryable: false });
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("the audio of a stream that died is not lost", async () => {
    const c = await streamCall(
      [[{ readMs: 200 }, new Error("gone")], [{ readMs: 500 }, begin, final("hello"), over, "end"], [{ readMs: 100 }]],
      ["Hi."],
    );
    await c.microphone(6_000);
    expect(heardOnce(await c.log())).toEqual(["user: hello"]);
    const [first, second, third] = c.recogniser.heard;
    expect(second?.slice(0, first?.length)).toEqual(first);
    const last = second?.at(-1) ?? 0;
    expect(third?.[0]).toBe(last + 20);
  });

  it("leaves nothing behind when it hangs and the session ends in the middle of a turn", async () => {
    const c = await streamCall([[{ readMs: 100 }, begin, guess("what"), "hang"]]);
    await c.microphone(400);
    await c.kit.leave(c.session);
    await c.clock.advance(20_000);
    expect(c.clock.pendingTimers).toBe(0);
    expect(c.stream.listeners).toBe(0);
    expect(await c.log()).toEqual([]);
  });
});
