import { inspect } from "node:util";
import type { AudioFrame, TranscriptPart } from "@roomkit/core";
import { deepgramPrerecorded, StandIn } from "@roomkit/provider-standins";
import { afterEach, describe, expect, it } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { type DeepgramBatchOptions, deepgramBatch } from "./deepgram-batch.ts";

const KEY = "batch-test-key-0123456789";
let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function hear(
  frames: readonly AudioFrame[],
  options: Partial<DeepgramBatchOptions> = {},
  call: { language?: string; keywords?: readonly string[] } = {},
): Promise<TranscriptPart[]> {
  standIn ??= await StandIn.start(deepgramPrerecorded());
  const provider = deepgramBatch({ apiKey: KEY, baseURL: standIn.url, retry: { retries: 0 }, ...options });
  const parts: TranscriptPart[] = [];
  const { signal } = new AbortController();
  for await (const part of provider.transcribe(streamed(frames), { signal, ...call })) parts.push(part);
  return parts;
}

describe("deepgramBatch", () => {
  it("gives one final for a recording, with words and their times", async () => {
    expect(await hear(speech(["Hello there."]))).toEqual([
      {
        type: "final",
        text: "Hello there.",
        confidence: 0.95,
        words: [
          { text: "Hello", startMs: 0, endMs: 400 },
          { text: "there.", startMs: 500, endMs: 900 },
        ],
      },
    ]);
    await standIn?.expectClean();
  });

  it("cuts what is too long, and counts times from the beginning of the stream", async () => {
    // 50 characters of 20 ms are a second.
    const second = "a".repeat(50);
    const parts = await hear(speech([second, "bb"]), { maxSegmentMs: 1_000 });
    expect(parts.map((part) => part.type === "final" && part.text)).toEqual([second, "bb"]);
    expect(parts[1]).toMatchObject({ words: [{ text: "bb", startMs: 1_000, endMs: 1_400 }] });
  });

  it("says nothing of silence", async () => {
    expect(await hear(speech([500]))).toEqual([]);
    await standIn?.expectClean();
  });

  it("sends its options, and finds out the language only where none is named", async () => {
    const seen: URL[] = [];
    const spy: typeof globalThis.fetch = (url, init) => {
      seen.push(new URL(String(url)));
      return fetch(url, init);
    };
    const options: Partial<DeepgramBatchOptions> = { detectLanguage: true, smartFormat: true, fetch: spy };
    const [detected] = await hear(speech(["hi"]), options, { keywords: ["Ulm"] });
    expect(detected).toMatchObject({ language: "en" });
    await hear(speech(["hi"]), options, { language: "de" });
    await standIn?.expectClean();
    expect(Object.fromEntries(seen[0]?.searchParams ?? [])).toEqual({
      model: "nova-3",
      punctuate: "true",
      smart_format: "true",
      keyterm: "Ulm",
      detect_language: "true",
    });
    expect(seen[1]?.searchParams.get("detect_language")).toBeNull();
    expect(seen[1]?.searchParams.get("language")).toBe("de");
  });

  it("fails when the format of its frames changes", async () => {
    const mixed = [...speech(["hello"], 8_000), ...speech(["there"], 16_000)];
    await expect(hear(mixed)).rejects.toMatchObject({ code: "unsupported_format" });
  });

  it("never shows its key", async () => {
    standIn = await StandIn.start(deepgramPrerecorded());
    standIn.fault({ kind: "status", status: 401, body: { err_msg: `the key ${KEY} is wrong` } });
    const error = await hear(speech(["hi"])).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "auth" });
    const shown = inspect([error, deepgramBatch({ apiKey: KEY })], { depth: 20, showHidden: true });
    expect(shown).not.toContain(KEY);
  });

  it.each([{ maxSegmentMs: 10 }, { firstByteMs: -1 }, { baseURL: "x" }, { model: "flux-general-en" }])(
    "refuses %j",
    (bad) => {
      expect(() => deepgramBatch({ apiKey: "k", ...bad })).toThrow(expect.objectContaining({ code: "invalid_option" }));
    },
  );
});
