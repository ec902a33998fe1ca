import type { SpeechPart, TtsOptions } from "@roomkit/core";
import { openaiSpeech, StandIn, textOfAudio } from "@roomkit/provider-standins";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openaiTts } from "./openai-tts.ts";
import type { OpenAITtsOptions } from "./options.ts";
import { portions, speakable } from "./pieces.ts";

let standIn: StandIn;
beforeEach(async () => {
  standIn = await StandIn.start(openaiSpeech());
});
afterEach(() => standIn.close());

const make = (options: OpenAITtsOptions = {}) =>
  openaiTts({ apiKey: "test-key", baseURL: `${standIn.url}/v1`, ...options });

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

async function say(
  texts: string[],
  options: OpenAITtsOptions = {},
  spoken: Partial<TtsOptions> = {},
): Promise<SpeechPart[]> {
  const parts: SpeechPart[] = [];
  const { signal } = new AbortController();
  for await (const part of make(options).synthesize(pieces(...texts), { signal, ...spoken })) parts.push(part);
  return parts;
}

const heard = (parts: readonly SpeechPart[]): string =>
  textOfAudio(Int16Array.from(parts.flatMap((part) => (part.type === "audio" ? [...part.frame.samples] : []))), 24_000);

describe("openaiTts", () => {
  it("speaks piece after piece without losing a sample, in frames of 20 ms", async () => {
    const parts = await say(["One, two.", " Three!", "…", "", "Four?"]);
    expect(heard(parts)).toBe("One, two.Three!Four?");
    expect(parts.flatMap((part) => (part.type === "segment" ? [part.text] : []))).toEqual([
      "One, two.",
      " Three!",
      "Four?",
    ]);
    const frames = parts.flatMap((part) => (part.type === "audio" ? [part.frame] : []));
    expect(frames.every((frame, i) => frame.timestamp === i * 20 && frame.samples.length === 480)).toBe(true);
    await standIn.expectClean();
  });

  it("asks for the next piece while one is being spoken, and for no more than that", async () => {
    const { signal } = new AbortController();
    const stream = make()
      .synthesize(pieces("First one.", "Second one.", "Third one."), { signal })
      [Symbol.asyncIterator]();
    for (let type = ""; type !== "audio"; ) type = (await stream.next()).value?.type ?? "audio";
    const asked = () => standIn.received().map((body) => (body as { input: string }).input);
    await standIn.waitFor(({ dir }) => dir === "in" && asked().length === 2);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toEqual(["First one.", "Second one."]);
    await stream.return?.();
    await standIn.expectClean();
  });

  it("sends what the options and the call say", async () => {
    await say(["Hi."], { model: "tts-1", voice: "alloy", instructions: "Calm." });
    await say(["Hi."], {}, { voice: "cedar", speed: 1.25 });
    expect(standIn.received()).toEqual([
      { model: "tts-1", voice: "alloy", instructions: "Calm.", input: "Hi.", response_format: "pcm" },
      { model: "gpt-4o-mini-tts", voice: "cedar", speed: 1.25, input: "Hi.", response_format: "pcm" },
    ]);
  });

  it("says a text that is too long for one request in several", async () => {
    const long = `${"word ".repeat(900)}end.`;
    const parts = await say([long]);
    expect(heard(parts).replaceAll(/\s/g, "")).toBe(long.replaceAll(/\s/g, ""));
    expect(standIn.received()).toHaveLength(2);
    expect(parts.filter(({ type }) => type === "segment")).toEqual([{ type: "segment", text: long }]);
    await standIn.expectClean();
  }, 20_000);

  it("fails when an answer has no audio", async () => {
    standIn.fault({ kind: "eof", after: 0 });
    await expect(say(["Hi."], { retry: { retries: 0 } })).rejects.toMatchObject({
      kind: "protocol",
      vendorCode: "incomplete",
    });
  });

  it("tries a piece again, although the one before was spoken", async () => {
    const retry = { retries: 1, baseMs: 1, maxMs: 1 };
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    standIn.fault({ kind: "slow", ms: 0 }).fault({ kind: "status", status: 500 });
    expect(heard(await say(["One.", "Two."], { retry, logger: silent }))).toBe("One.Two.");
    await standIn.expectClean();
  });

  it("refuses options that make no sense", () => {
    for (const bad of [{ model: "" }, { voice: "" }, { stallMs: -1 }]) {
      expect(() => make(bad)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
  });
});

describe("portions", () => {
  it("cuts between sentences, else between words, else where it must, and loses nothing", () => {
    expect(portions("One. Two.", 100)).toEqual(["One. Two."]);
    expect(portions("Aaaa bbbb. Cccc dddd.", 12)).toEqual(["Aaaa bbbb.", "Cccc dddd."]);
    expect(portions("aaaa bbbb cccc", 10)).toEqual(["aaaa bbbb", "cccc"]);
    expect(portions("a".repeat(25), 10).map((part) => part.length)).toEqual([10, 10, 5]);
    expect(portions(" … ", 10)).toEqual([]);
    const emoji = portions("😀a".repeat(7), 10);
    expect(emoji.join("")).toBe("😀a".repeat(7));
    // Half a character would come back as another one.
    expect(emoji.map((part) => Buffer.from(part).toString())).toEqual(emoji);
  });

  it("knows what can be said", () => {
    expect(["Hi", "7", "你好"].every(speakable)).toBe(true);
    expect(["", " ", "…!", "—"].some(speakable)).toBe(false);
  });
});
