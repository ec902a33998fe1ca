import type { AIMessage, AIPart } from "@roomkit/core";
import { RoomKitError } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Caller, generate, NOW, provider, textOf } from "./caller.fixture.ts";
import { offlineAI } from "./offline-ai.ts";

const user = (content: string): AIMessage => ({ role: "user", content });
const request = (...messages: AIMessage[]) => ({ messages });

describe("offlineAI", () => {
  it("streams word by word and finishes once", async () => {
    const parts = await generate(provider(), request(user("what is two plus two")));
    const deltas = parts.slice(0, -1);
    expect(deltas.length).toBeGreaterThan(2);
    for (const part of deltas) expect(part).toEqual({ type: "text-delta", text: expect.stringMatching(/^\S+\s?$/) });
    expect(parts.at(-1)).toEqual({ type: "finish", reason: "stop" });
  });

  it("keeps nothing between calls: the same request gets the same answer", async () => {
    const ask = (content: string): Promise<string> =>
      generate(provider({ random: seededRandom(1) }), request(user(content))).then(textOf);
    const ai = provider({ random: () => 0 });
    const before = textOf(await generate(ai, request(user("what is my name"))));
    await generate(ai, request(user("my name is Ada")));
    expect(textOf(await generate(ai, request(user("what is my name"))))).toBe(before);
    expect(await ask("hello")).toBe(await ask("hello"));
  });

  it("serves many conversations at once and mixes none of them up", async () => {
    const ai = provider({ random: Math.random });
    const names = Array.from(
      { length: 20 },
      (_, index) => `${String.fromCharCode(65 + index)}${"abcdefghij"[index % 10]}lo`,
    );
    const heard = await Promise.all(
      names.map(async (name) => {
        const caller = new Caller(ai);
        const answers = [
          await caller.say("hello"),
          await caller.say(`my name is ${name}`),
          await caller.say("what is my name"),
          await caller.say("what did we talk about"),
        ];
        return answers.join(" ");
      }),
    );
    for (const [index, name] of names.entries()) {
      expect(heard[index]).toContain(name);
      for (const other of names) if (other !== name) expect(heard[index]).not.toContain(other);
    }
  });

  it("stops at an abort, wherever it is", async () => {
    const clock = new VirtualClock({ wallTime: NOW });
    const controller = new AbortController();
    const parts: AIPart[] = [];
    const run = (async () => {
      const ai = offlineAI({ clock, wordsPerSecond: 2, random: () => 0 });
      for await (const part of ai.generate(request(user("tell me a story")), { signal: controller.signal }))
        parts.push(part);
    })();
    const failed = run.catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(parts).toHaveLength(3);
    controller.abort();
    expect(RoomKitError.is(await failed, "aborted")).toBe(true);
    expect([parts.length, clock.pendingTimers]).toEqual([3, 0]);
    await expect(generate(provider(), request(user("hi")), AbortSignal.abort())).rejects.toMatchObject({
      code: "aborted",
    });
  });

  it("keeps the pace it is given", async () => {
    const clock = new VirtualClock({ wallTime: NOW });
    let done = false;
    const running = generate(
      offlineAI({ clock, timeZone: "UTC", wordsPerSecond: 4, random: () => 0 }),
      request(user("count to five")),
    ).then(() => {
      done = true;
    });
    await clock.advance(999);
    expect(done).toBe(false);
    await clock.advance(1);
    await running;
    expect(done).toBe(true);
  });

  it("ends at maxOutputTokens, counted in words", async () => {
    const parts = await generate(provider(), { ...request(user("count to ten")), maxOutputTokens: 3 });
    expect(textOf(parts).trim()).toBe("One, two, three,");
    expect(parts.at(-1)).toEqual({ type: "finish", reason: "length" });
  });

  it("goes by its name, its clock and its time zone", async () => {
    const ai = offlineAI({
      name: "Robin",
      clock: new VirtualClock({ wallTime: NOW }),
      timeZone: "Asia/Tokyo",
      random: () => 0,
    });
    const ask = async (content: string): Promise<string> => textOf(await generate(ai, request(user(content))));
    expect(await ask("who are you")).toContain("Robin");
    expect(await ask("hey Robin what time is it")).toMatch(/ten twenty five at night/);
    expect(await ask("what day is it")).toMatch(/Sunday/);
  });

  it("uses the chance it is given", async () => {
    const side = async (random: () => number): Promise<string> =>
      textOf(await generate(provider({ random }), request(user("flip a coin")))).toLowerCase();
    expect(await side(() => 0)).toContain("heads");
    expect(await side(() => 0.99)).toContain("tails");
  });

  it.each([
    { name: "" },
    { name: "R2D2" },
    { timeZone: "Mars/Olympus" },
    { wordsPerSecond: 0 },
    { wordsPerSecond: Number.POSITIVE_INFINITY },
  ])("refuses %j", (options) => {
    expect(() => offlineAI(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });

  it.each<[string, AIMessage[]]>([
    ["nothing", []],
    ["an assistant's words last", [user("hi"), { role: "assistant", content: "hello" }]],
    ["only noise", [user("[noise]"), user("(cough)")]],
    ["emoji and other scripts", [user("\u{1F600} \u4F60\u597D \u0645\u0631\u062D\u0628\u0627")]],
    ["something very long", [user("blah ".repeat(5_000))]],
    ["regular expression signs", [user("what is (.*)+[a-z]{9}\\d$^ plus ?|")]],
    ["a sum without end", [user("what is two plus ".repeat(20_000))]],
    ["a name without end", [user("my name is ".repeat(20_000))]],
    [
      "a hundred different words again and again",
      [user(Array.from({ length: 50_000 }, (_, index) => `w${index % 100}`).join(" "))],
    ],
    ["a very long number", [user(`what is ${"9".repeat(400)} plus one`)]],
  ])("survives %s", async (_what, messages) => {
    const parts = await generate(provider(), { messages });
    expect(textOf(parts).trim()).not.toBe("");
    expect(textOf(parts).length).toBeLessThan(1_000);
    expect(parts.at(-1)?.type).toBe("finish");
  });

  it("answers a very long conversation without going through all of it", async () => {
    const messages: AIMessage[] = Array.from({ length: 5_000 }, (_, index) =>
      index % 2 ? { role: "assistant", content: "I see." } : user("what did we talk about"),
    );
    const parts = await generate(provider(), { messages: [...messages, user("what did we talk about")] });
    expect(parts.at(-1)?.type).toBe("finish");
  });
});
