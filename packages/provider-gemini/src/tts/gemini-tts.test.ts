import type { SpeechPart, TtsOptions } from "@roomkit/core";
import { geminiGenerate, geminiSpeech, StandIn, textOfAudio } from "@roomkit/provider-standins";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { geminiTts } from "./gemini-tts.ts";
import type { GeminiTtsOptions } from "./options.ts";

let standIn: StandIn;
beforeEach(async () => {
  // Beside the models that write: each must be found under its own name.
  standIn = await StandIn.start(geminiGenerate(), geminiSpeech());
});
afterEach(() => standIn.close());

const make = (options: GeminiTtsOptions = {}) => geminiTts({ apiKey: "test-key", baseURL: standIn.url, ...options });

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

async function say(
  texts: string[],
  options: GeminiTtsOptions = {},
  spoken: Partial<TtsOptions> = {},
): Promise<SpeechPart[]> {
  const parts: SpeechPart[] = [];
  const { signal } = new AbortController();
  for await (const part of make(options).synthesize(pieces(...texts), { signal, ...spoken })) parts.push(part);
  return parts;
}

const heard = (parts: readonly SpeechPart[]): string =>
  textOfAudio(Int16Array.from(parts.flatMap((part) => (part.type === "audio" ? [...part.frame.samples] : []))), 24_000);
const asked = (): string[] =>
  standIn
    .received("gemini.speech")
    .map((body) => (body as { contents: [{ parts: [{ text: string }] }] }).contents[0].parts[0].text);

describe("geminiTts", () => {
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
    await standIn.waitFor(({ dir }) => dir === "in" && asked().length === 2);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toEqual(["First one.", "Second one."]);
    await stream.return?.();
    await standIn.expectClean();
  });

  it("sends what the options and the call say", async () => {
    const parts = await say(["Hi."], { voice: "Puck", instructions: "Say calmly" });
    expect(heard(parts)).toBe("Hi.");
    await say(["Hi."], { model: "gemini-2.5-pro-preview-tts" }, { voice: "Aoede", language: "de-DE" });
    await say(["Hi."]);
    const body = (text: string, voiceName: string, rest: object = {}) => ({
      contents: [{ role: "user", parts: [{ text }] }],
      generationConfig: {
        responseModalities: ["AUDIO"],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } }, ...rest },
      },
    });
    expect(standIn.received("gemini.speech")).toEqual([
      body("Say calmly:\nHi.", "Puck"),
      body("Hi.", "Aoede", { languageCode: "de-DE" }),
      body("Hi.", "Kore"),
    ]);
    await expect(say(["Hi."], { model: "gemini-2.5-flash", retry: { retries: 0 } })).rejects.toMatchObject({
      vendorCode: "incomplete",
    });
  });

  it("says a text that is too long for one request in several", async () => {
    const long = `${"word ".repeat(700)}end.`;
    const parts = await say([long]);
    expect(heard(parts).replaceAll(/\s/g, "")).toBe(long.replaceAll(/\s/g, ""));
    expect(asked()).toHaveLength(2);
    expect(parts.filter(({ type }) => type === "segment")).toEqual([{ type: "segment", text: long }]);
    await standIn.expectClean();
  });

  it("tries a piece again, although the one before was spoken", async () => {
    const retry = { retries: 1, baseMs: 1, maxMs: 1 };
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    standIn.fault({ kind: "slow", ms: 0 }).fault({ kind: "status", status: 500 });
    expect(heard(await say(["One.", "Two."], { retry, logger: silent }))).toBe("One.Two.");
    await standIn.expectClean();
  });

  it("refuses options that make no sense", () => {
    for (const bad of [
      { model: "" },
      { voice: "" },
      { instructions: " " },
      { instructions: "x".repeat(4_001) },
      { stallMs: -1 },
    ]) {
      expect(() => make(bad)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
  });
});
