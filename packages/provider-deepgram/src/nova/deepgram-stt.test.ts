import { inspect } from "node:util";
import type { AudioFrame, SttOptions, TranscriptPart } from "@roomkit/core";
import { type DeepgramListenOptions, deepgramListenV1, StandIn } from "@roomkit/provider-standins";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { deepgramStt } from "./deepgram-stt.ts";
import type { DeepgramSttOptions } from "./options.ts";

const KEY = "deepgram-test-key-0123456789";
let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function hear(
  frames: readonly AudioFrame[],
  options: Partial<DeepgramSttOptions> = {},
  protocol: DeepgramListenOptions = {},
  call: Partial<SttOptions> = {},
): Promise<TranscriptPart[]> {
  standIn ??= await StandIn.start(deepgramListenV1(protocol));
  const provider = deepgramStt({ apiKey: KEY, baseURL: standIn.url, retry: { retries: 0 }, ...options });
  const parts: TranscriptPart[] = [];
  const { signal } = new AbortController();
  for await (const part of provider.transcribe(streamed(frames), { signal, ...call })) parts.push(part);
  return parts;
}

const finals = (parts: readonly TranscriptPart[]): string[] =>
  parts.flatMap((part) => (part.type === "final" ? [part.text] : []));
const upgrades = (): { url: string; headers: Record<string, string> }[] =>
  (standIn?.log ?? []).flatMap(({ dir, frame }) => (dir === "upgrade" ? [frame as never] : []));
const query = (): URLSearchParams => new URL(upgrades()[0]?.url ?? "", "ws://a").searchParams;
const controls = (): unknown[] => (standIn?.received() ?? []).filter((frame) => "type" in (frame as object));

describe("a stream", () => {
  it("has one final for each stretch of speech, with the times of its words", async () => {
    const parts = await hear(speech(["I want two tickets", 400, "to Ulm"]));
    await standIn?.expectClean();
    expect(finals(parts)).toEqual(["I want two tickets", "to Ulm"]);
    expect(parts.filter(({ type }) => type === "partial").length).toBeGreaterThan(3);
    const last = parts.at(-1);
    // 18 characters of 20 ms, 400 ms of silence.
    expect(last).toMatchObject({
      words: [
        { text: "to", startMs: 760, endMs: 800 },
        { text: "Ulm", startMs: 820, endMs: 880 },
      ],
    });
    expect(controls()).toEqual([{ type: "Finalize" }, { type: "CloseStream" }]);
  });

  it("ends a stretch by UtteranceEnd where endpointing is off", async () => {
    const parts = await hear(speech(["one two", 1_100, "three"]), { endpointingMs: false });
    await standIn?.expectClean();
    expect(finals(parts)).toEqual(["one two", "three"]);
  });

  it.each([
    ["answers Finalize", {}],
    ["does not answer Finalize, which happens", { answersFinalize: false }],
    ["closes without a code", { closeCode: 1005, answersFinalize: false }],
  ] as const)("is whole when the vendor %s", async (_name, protocol) => {
    const parts = await hear(speech(["over and out", 500]), {}, protocol);
    await standIn?.expectClean();
    expect(finals(parts)).toEqual(["over and out"]);
    expect(upgrades()).toHaveLength(1);
  });

  it("announces the rate and channels of its first frame, and sends bytes as they are", async () => {
    const frames = speech(["hello"], 8_000);
    const empty = { ...(frames[0] as AudioFrame), samples: new Int16Array(0) };
    expect(finals(await hear([empty, ...frames.slice(0, 2), empty, ...frames.slice(2)]))).toEqual(["hello"]);
    expect(query().get("sample_rate")).toBe("8000");
    expect(query().get("channels")).toBe("1");
    expect(query().get("encoding")).toBe("linear16");
    // An empty message would have ended the stream.
    expect(standIn?.received()).not.toContainEqual({ bytes: 0 });
  });

  it("fails when the format of its frames changes, and leaves nothing open", async () => {
    const mixed = [...speech(["hello"], 8_000), ...speech(["there"], 16_000)];
    await expect(hear(mixed)).rejects.toMatchObject({ code: "unsupported_format" });
    await standIn?.expectClean();
  });

  it("says nothing and asks for nothing where there is no audio", async () => {
    expect(await hear([])).toEqual([]);
    expect(upgrades()).toEqual([]);
  });

  it("stays open while nobody speaks, by a KeepAlive every 4 s", async () => {
    const clock = new VirtualClock();
    standIn = await StandIn.start(deepgramListenV1({ clock }));
    const provider = deepgramStt({ apiKey: KEY, baseURL: standIn.url, clock });
    let go = (): void => {};
    const silence = new Promise<void>((resolve) => {
      go = resolve;
    });
    const audio = (async function* () {
      yield* speech(["hello"]);
      await silence;
      yield* speech([400, "again"]);
    })();
    const parts: TranscriptPart[] = [];
    const done = (async () => {
      for await (const part of provider.transcribe(audio, { signal: new AbortController().signal })) parts.push(part);
    })();
    await standIn.waitFor(({ dir, frame }) => dir === "in" && "bytes" in (frame as object));
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      await settle(10);
    }
    expect(controls().filter((frame) => (frame as { type: string }).type === "KeepAlive")).toHaveLength(15);
    go();
    await done;
    await standIn.expectClean();
    expect(finals(parts).join(" ")).toBe("hello again");
    for (let i = 0; i < 100 && clock.pendingTimers > 0; i++) await settle(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails when audio flows and nothing is said of it", async () => {
    const clock = new VirtualClock();
    standIn = await StandIn.start(deepgramListenV1({ clock }));
    standIn.fault({ kind: "stall", after: 0 });
    const provider = deepgramStt({ apiKey: KEY, baseURL: standIn.url, clock, stallMs: 5_000 });
    const audio = (async function* () {
      for (const frame of speech(["on and on and on and on and on and on ".repeat(20)])) {
        yield frame;
        await clock.sleep(20);
      }
    })();
    const reading = provider.transcribe(audio, { signal: new AbortController().signal })[Symbol.asyncIterator]().next();
    let error: unknown;
    reading.catch((thrown: unknown) => {
      error = thrown;
    });
    await standIn.waitFor(({ dir }) => dir === "in");
    while (error === undefined && clock.now() < 20_000) await clock.advance(100);
    expect(error).toMatchObject({ kind: "timeout" });
    expect(clock.now()).toBeLessThan(7_000);
    await standIn.expectClean();
  });

  it("fails as the vendor says when it was forgotten: NET-0001 is a timeout", async () => {
    standIn = await StandIn.start(deepgramListenV1());
    standIn.fault({
      kind: "close",
      after: 1,
      code: 1011,
      reason: "Deepgram did not receive audio data. See https://dpgr.am/net0001",
    });
    await expect(hear(speech(["one two three"]))).rejects.toMatchObject({ kind: "timeout", retryable: true });
    // The SDK would have connected again by now, and again.
    expect(upgrades()).toHaveLength(1);
  });

  it("tells what the header of a refusal says when its body says nothing", async () => {
    standIn = await StandIn.start(deepgramListenV1());
    const headers = { "dg-error": "Invalid credentials.", "dg-request-id": "req-1" };
    standIn.fault({ kind: "status", status: 401, headers, body: "" });
    await expect(hear(speech(["hi"]))).rejects.toMatchObject({
      kind: "auth",
      status: 401,
      requestId: "req-1",
      message: expect.stringContaining("Invalid credentials."),
    });
  });
});

describe("the query", () => {
  it("has every option under the vendor's name, flags as words", async () => {
    await hear(
      speech(["hi"]),
      {
        model: "nova-3-medical",
        version: "latest",
        language: "de",
        keyterms: ["Ulm", "Aalen"],
        punctuate: false,
        smartFormat: true,
        numerals: true,
        dictation: false,
        profanityFilter: true,
        redact: ["pci", "ssn"],
        replace: { cat: "dog" },
        tags: ["a", "b"],
        extra: { call: "7" },
        mipOptOut: true,
        endpointingMs: 500,
        utteranceEndMs: 1_500,
        parameters: { filler_words: "true" },
      },
      {},
      { keywords: ["Köln", "Ulm"], language: "de-CH" },
    );
    await standIn?.expectClean();
    const all = Object.fromEntries([...new Set(query().keys())].map((name) => [name, query().getAll(name).join("|")]));
    expect(all).toEqual({
      model: "nova-3-medical",
      version: "latest",
      language: "de-CH",
      keyterm: "Ulm|Aalen|Köln",
      punctuate: "false",
      smart_format: "true",
      numerals: "true",
      dictation: "false",
      profanity_filter: "true",
      redact: "pci|ssn",
      replace: "cat:dog",
      tag: "a|b",
      extra: "call:7",
      mip_opt_out: "true",
      endpointing: "500",
      utterance_end_ms: "1500",
      interim_results: "true",
      filler_words: "true",
      encoding: "linear16",
      sample_rate: "16000",
      channels: "1",
    });
  });

  it("has what is needed by default, and keywords for models that know them so", async () => {
    await hear(speech(["hi"]), { model: "nova-2", interimResults: false }, {}, { keywords: ["Ulm"] });
    await standIn?.expectClean();
    expect(Object.fromEntries(query())).toEqual({
      model: "nova-2",
      keywords: "Ulm",
      punctuate: "true",
      interim_results: "false",
      endpointing: "300",
      encoding: "linear16",
      sample_rate: "16000",
      channels: "1",
    });
  });
});

describe("the key", () => {
  it("stands in a header and nowhere else: not in the URL, the log, errors, or what is inspected", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(...line);
    const logger = { debug: note, info: note, warn: note, error: note };
    const printed = (["log", "info", "warn", "error", "debug"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(note),
    );
    standIn = await StandIn.start(deepgramListenV1());
    standIn
      .fault({ kind: "status", status: 503, body: { err_msg: `no capacity for ${KEY}` } })
      .fault({ kind: "malformed", after: 0, bytes: "{nonsense" });
    const retry = { retries: 1, baseMs: 1, maxMs: 1 };
    const provider = deepgramStt({ apiKey: KEY, baseURL: standIn.url, retry, logger });
    const error = await hear(speech(["hi"]), { retry, logger }).catch((thrown: unknown) => thrown);
    for (const spy of printed) spy.mockRestore();
    expect(error).toMatchObject({ kind: "protocol" });
    expect(lines).toContainEqual(expect.objectContaining({ code: "provider_overloaded" }));
    const deep = { depth: 20, showHidden: true } as const;
    const shown = [
      inspect(provider, deep),
      JSON.stringify(provider),
      inspect(error, deep),
      inspect(lines, deep),
    ].join();
    expect(shown).not.toContain(KEY);
    expect(upgrades().every(({ url }) => !url.includes(KEY))).toBe(true);
    expect(upgrades()[0]?.headers.authorization).toBe(`Token ${KEY}`);
  });

  it("comes from DEEPGRAM_API_KEY where none is given", () => {
    vi.stubEnv("DEEPGRAM_API_KEY", "");
    expect(() => deepgramStt()).toThrow(/DEEPGRAM_API_KEY/);
    vi.stubEnv("DEEPGRAM_API_KEY", KEY);
    expect(deepgramStt().name).toBe("deepgram");
    vi.unstubAllEnvs();
  });
});

it.each([
  { model: "" },
  { model: "flux-general-en" },
  { language: "" },
  { baseURL: "api.deepgram.com" },
  { endpointingMs: -1 },
  { endpointingMs: 1.5 },
  { utteranceEndMs: 500 },
  { utteranceEndMs: 1_000, interimResults: false },
  { connectTimeoutMs: 0 },
  { stallMs: Number.NaN },
  { tags: [""] },
  { extra: { "a:b": "c" } },
  { retry: { retries: -1 } },
])("refuses %j", (bad) => {
  expect(() => deepgramStt({ apiKey: "k", ...(bad as DeepgramSttOptions) })).toThrow(
    expect.objectContaining({ code: "invalid_option" }),
  );
});
