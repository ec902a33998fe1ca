import { describe, expect, it } from "vitest";
import { open } from "./cascade.fixture.ts";
import type { CascadeOptions } from "./options.ts";

describe("a part that falls silent", () => {
  const never = new Promise<never>(() => {});
  const parts: Record<string, Partial<CascadeOptions>> = {
    "the model": {
      ai: {
        name: "mute",
        capabilities: { tools: false },
        // biome-ignore lint/correctness/useYield: it never comes to that.
        async *generate() {
          await never;
        },
      },
    },
    "the model, after a word": {
      ai: {
        name: "mute",
        capabilities: { tools: false },
        async *generate() {
          yield { type: "text-delta", text: "Well. " } as const;
          await never;
        },
      },
    },
    "the voice": {
      tts: {
        name: "mute",
        capabilities: { streamingInput: true, wordTimings: false, sampleRate: 16_000 },
        // biome-ignore lint/correctness/useYield: it never comes to that.
        async *synthesize() {
          await never;
        },
      },
    },
  };

  it.each(Object.entries(parts))("ends the answer with an error: %s, whatever is sent", async (_, options) => {
    const c = await open([], ["Hello there."], {}, { responseTimeoutMs: 2_000, ttsTimeoutMs: 2_000, ...options });
    c.session.sendText("hi");
    // The microphone is on all the time.
    await c.microphone(6_500);
    expect(c.of("error").map((e) => e.error.code)).toContain("timeout");
    expect(c.of("response-end")).toHaveLength(1);
    expect(c.session.responding).toBe(false);
    // And the next one is tried.
    c.session.sendText("hello?");
    expect(c.session.responding).toBe(true);
    await c.session.close();
    await c.clock.advance(10_000);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("is none while there are signs of it, however long it takes", async () => {
    const slow = "one two three four five six seven eight nine ten.";
    const c = await open([], [slow], {}, { responseTimeoutMs: 200 });
    c.model.requests.length = 0;
    c.session.sendText("hi");
    await c.clock.advance(10_000);
    expect(c.of("error")).toEqual([]);
    expect(c.of("response-end")).toMatchObject([{ status: "completed" }]);
  });
});

describe("the memory keeps what was heard", () => {
  const answer = "One two three four five six.";
  const asked = async (act: (c: Awaited<ReturnType<typeof open>>, item: string) => void | Promise<void>) => {
    const c = await open([], [answer, "Okay."]);
    c.session.sendText("go");
    await c.clock.advanceUntil(() => c.of("audio").length > 0);
    await act(c, c.of("audio")[0]?.itemId as string);
    c.session.sendText("and?");
    await c.clock.advance(2_000);
    return c.model.requests[1]?.messages.map(({ content }) => content);
  };

  it("when it is told how much before the answer is stopped", async () => {
    const messages = await asked(async (c, item) => {
      c.session.truncate(item, 450);
      c.session.interrupt();
      await c.clock.advance(10);
    });
    expect(messages).toEqual(["go", "One two", "and?"]);
  });

  it("when it is told after", async () => {
    const messages = await asked(async (c, item) => {
      c.session.interrupt();
      await c.clock.advance(10);
      c.session.truncate(item, 450);
    });
    expect(messages).toEqual(["go", "One two", "and?"]);
  });

  it("which is nothing of an answer that was never sent", async () => {
    const c = await open([], [answer, "Okay."]);
    c.session.sendText("go");
    await c.clock.advance(25);
    c.session.interrupt();
    await c.clock.advance(10);
    c.session.sendText("and?");
    await c.clock.advance(2_000);
    expect(c.model.requests[1]?.messages.map(({ content }) => content)).toEqual(["go", "and?"]);
  });
});

it("what is said in two stretches is heard in that order, whichever is recognised first, and answered once", async () => {
  const c = await open([{ finals: ["one"], delayMs: 2_000 }, { finals: ["two"] }], ["Three."]);
  await c.speak();
  await c.speak();
  await c.clock.advance(5_000);
  expect(c.of("transcript").flatMap((e) => (e.final ? [`${e.role}: ${e.text}`] : []))).toEqual([
    "user: one two",
    "assistant: Three.",
  ]);
  expect(c.model.requests).toHaveLength(1);
  expect(c.model.requests[0]?.messages.map(({ content }) => content)).toEqual(["one two"]);
});
