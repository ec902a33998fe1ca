import type { AudioFrame, SttOptions, TranscriptPart } from "@roomkit/core";
import { audioOfText, openaiTranscriptions, StandIn, textOfAudio, type WavAudio } from "@roomkit/provider-standins";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openaiStt } from "./openai-stt.ts";
import type { OpenAISttOptions } from "./options.ts";

let standIn: StandIn;
let seen: { audio: WavAudio; fields: Readonly<Record<string, string>> }[];
beforeEach(async () => {
  seen = [];
  const script = (audio: WavAudio, fields: Readonly<Record<string, string>>): string => {
    seen.push({ audio, fields });
    return ` ${textOfAudio(audio.samples, audio.sampleRate)} `;
  };
  standIn = await StandIn.start(openaiTranscriptions({ script }));
});
afterEach(() => standIn.close());

async function* framesOf(text: string, sampleRate = 16_000, frameSamples = 320): AsyncGenerator<AudioFrame> {
  const samples = audioOfText(text, sampleRate);
  for (let at = 0; at < samples.length; at += frameSamples) {
    const timestamp = (at / sampleRate) * 1000;
    yield { samples: samples.subarray(at, at + frameSamples), sampleRate, channels: 1, timestamp };
  }
}

async function hear(
  audio: AsyncIterable<AudioFrame>,
  options: OpenAISttOptions = {},
  said: Partial<SttOptions> = {},
): Promise<TranscriptPart[]> {
  const provider = openaiStt({ apiKey: "test-key", baseURL: `${standIn.url}/v1`, ...options });
  const parts: TranscriptPart[] = [];
  for await (const part of provider.transcribe(audio, { signal: new AbortController().signal, ...said }))
    parts.push(part);
  return parts;
}

describe("openaiStt", () => {
  it("sends a segment as one WAV file of the frames' own format", async () => {
    expect(await hear(framesOf("hello there", 24_000, 333))).toEqual([{ type: "final", text: "hello there" }]);
    const [{ audio, fields } = { audio: undefined, fields: {} }] = seen;
    expect([audio?.sampleRate, audio?.channels, audio?.samples.length]).toEqual([24_000, 1, 11 * 480]);
    expect(fields).toEqual({ model: "gpt-4o-transcribe", response_format: "json", stream: "true" });
    await standIn.expectClean();
  });

  it("sends language and hints, and streams where it is told to", async () => {
    const options = { model: "whisper-1", language: "fr", prompt: "A talk on tea.", streamed: false };
    await hear(framesOf("bonjour"), options, { language: "en-US", keywords: ["RoomKit", "Assam"] });
    await hear(framesOf("bonjour"), options);
    expect(seen.map(({ fields }) => [fields.language, fields.prompt, fields.stream])).toEqual([
      ["en", "A talk on tea. RoomKit, Assam.", "false"],
      ["fr", "A talk on tea.", "false"],
    ]);
  });

  it("uploads bytes, so that one that is aborted or refused leaves nothing behind that throws", async () => {
    const bodies: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const type = new Headers(init?.headers).get("content-type")?.split(";")[0];
      // The SDK asks for `data:,` to know how it uploads.
      if (init?.body) bodies.push(`${type} as ${init.body.constructor.name}`);
      return await globalThis.fetch(input, init);
    };
    const provider = openaiStt({ apiKey: "test-key", baseURL: "http://127.0.0.1:1/v1", fetch, retry: { retries: 0 } });
    for (let i = 0; i < 20; i++) {
      const leaving = new AbortController();
      const before = bodies.length;
      const heard = provider.transcribe(framesOf("x".repeat(60)), { signal: leaving.signal });
      const ended = expect((async () => await heard[Symbol.asyncIterator]().next())()).rejects.toThrow();
      if (i % 2 === 0) await expect.poll(() => bodies.length, { interval: 1 }).toBeGreaterThan(before);
      if (i % 2 === 0) leaving.abort();
      await ended;
    }
    // What nobody catches would fail this file.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bodies).toEqual(Array(20).fill("multipart/form-data as Uint8Array"));
  });

  it("transcribes long speech in several pieces, so that it holds no more than one", async () => {
    const text = "x".repeat(120); // 2,400 ms
    const parts = await hear(framesOf(text), { maxSegmentMs: 1_000 });
    expect(parts.map((part) => (part as { text: string }).text.length)).toEqual([50, 50, 20]);
    expect(seen.map(({ audio }) => audio.samples.length / 16)).toEqual([1_000, 1_000, 400]);
  });

  it("does not ask about what is too short to be a word", async () => {
    expect(await hear(framesOf("abcd"))).toEqual([]); // 80 ms
    expect(standIn.received()).toEqual([]);
  });

  it("says nothing when nothing was recognised", async () => {
    const quiet = (async function* (): AsyncGenerator<AudioFrame> {
      yield { samples: new Int16Array(16_000), sampleRate: 16_000, channels: 1, timestamp: 0 };
    })();
    expect(await hear(quiet)).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  it("refuses a stream whose format changes", async () => {
    const mixed = (async function* (): AsyncGenerator<AudioFrame> {
      yield* framesOf("abcdefgh");
      yield* framesOf("abcdefgh", 8_000);
    })();
    await expect(hear(mixed)).rejects.toMatchObject({ code: "unsupported_format" });
  });

  it("refuses options that make no sense", () => {
    for (const bad of [{ model: "" }, { maxSegmentMs: 10 }, { maxSegmentMs: Number.NaN }]) {
      expect(() => openaiStt({ apiKey: "k", ...bad })).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
  });
});
