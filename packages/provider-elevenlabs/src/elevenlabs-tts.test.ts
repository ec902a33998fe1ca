import { inspect } from "node:util";
import type { SpeechPart, TtsOptions } from "@roomkit/core";
import { elevenlabsStreamInput, StandIn } from "@roomkit/provider-standins";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { elevenlabsTts } from "./elevenlabs-tts.ts";
import type { ElevenLabsTtsOptions } from "./options.ts";
import { Pieces } from "./speech/pieces.ts";
import { spokenText, textOf, wordsOf } from "./text.fixture.ts";

const KEY = "elevenlabs-test-key-0123456789";
let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function speak(
  text: AsyncIterable<string>,
  options: Partial<ElevenLabsTtsOptions> = {},
  call: Partial<TtsOptions> = {},
): Promise<SpeechPart[]> {
  standIn ??= await StandIn.start(elevenlabsStreamInput());
  const provider = elevenlabsTts({
    voice: "voice1",
    apiKey: KEY,
    baseURL: standIn.url,
    retry: { retries: 0 },
    ...options,
  });
  const parts: SpeechPart[] = [];
  const { signal } = new AbortController();
  for await (const part of provider.synthesize(text, { signal, ...call })) parts.push(part);
  return parts;
}

const upgrades = (): { url: string; headers: Record<string, string> }[] =>
  (standIn?.log ?? []).flatMap(({ dir, frame }) => (dir === "upgrade" ? [frame as never] : []));
const sent = (): unknown[] => [...(standIn?.received() ?? [])];

describe("an utterance", () => {
  it("says every piece as it comes, and when each word is spoken", async () => {
    const parts = await speak(textOf("Yes, of course. ", "…", "Platform nine."));
    await standIn?.expectClean();
    expect(spokenText(parts)).toBe("Yes, of course. Platform nine.");
    // 20 ms for each character.
    expect(wordsOf(parts).map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ["Yes,", 0, 80],
      ["of", 100, 140],
      ["course.", 160, 300],
      ["Platform", 320, 480],
      ["nine.", 500, 600],
    ]);
    expect(sent()).toEqual([
      { text: " " },
      { text: "Yes, of course. ", flush: true },
      { text: "Platform nine. ", flush: true },
      { text: "" },
    ]);
  });

  it("keeps its text only until it is heard", async () => {
    const commit = vi.spyOn(Pieces.prototype, "commit");
    standIn = await StandIn.start(elevenlabsStreamInput());
    standIn.fault({ kind: "status", status: 401 });
    await expect(speak(textOf("hi"))).rejects.toMatchObject({ kind: "auth" });
    expect(commit).not.toHaveBeenCalled();
    await speak(textOf("hi"));
    expect(commit).toHaveBeenCalled();
    commit.mockRestore();
  });

  it("tells the vendor how to speak: the call's wishes before the provider's", async () => {
    await speak(
      textOf("hi"),
      {
        model: "eleven_turbo_v2_5",
        language: "en",
        sampleRate: 16_000,
        voiceSettings: { stability: 0.4, similarityBoost: 0.8, style: 0, useSpeakerBoost: false },
        textNormalization: "off",
        enableLogging: false,
        autoMode: true,
        pronunciationDictionaries: [{ id: "d", versionId: "v" }],
        headers: { "x-tenant": "t" },
      },
      { voice: "voice2", language: "de-AT", speed: 2 },
    );
    await standIn?.expectClean();
    const url = new URL(upgrades()[0]?.url ?? "", "ws://a");
    expect(url.pathname).toBe("/v1/text-to-speech/voice2/stream-input");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      model_id: "eleven_turbo_v2_5",
      output_format: "pcm_16000",
      language_code: "de",
      sync_alignment: "true",
      inactivity_timeout: "180",
      apply_text_normalization: "off",
      enable_logging: "false",
      auto_mode: "true",
    });
    expect(sent()[0]).toEqual({
      text: " ",
      // 2 is faster than the vendor's voices can speak.
      voice_settings: { stability: 0.4, similarity_boost: 0.8, style: 0, use_speaker_boost: false, speed: 1.2 },
      pronunciation_dictionary_locators: [{ pronunciation_dictionary_id: "d", version_id: "v" }],
    });
    expect(upgrades()[0]?.headers).toMatchObject({ "x-tenant": "t", "xi-api-key": KEY });
  });

  it("does not name a language to models that take none", async () => {
    await speak(textOf("hallo"), { model: "eleven_multilingual_v2", language: "de" });
    expect(upgrades()[0]?.url).not.toContain("language_code");
  });

  it("is said again from its beginning when the connection is lost before it was heard", async () => {
    standIn = await StandIn.start(elevenlabsStreamInput());
    standIn.fault({ kind: "cut", after: 0 });
    const clock = new VirtualClock();
    let go = (): void => {};
    const later = new Promise<void>((resolve) => {
      go = resolve;
    });
    const text = (async function* () {
      yield "one";
      await later;
      yield "two";
      yield "three";
    })();
    const retry = { retries: 1, baseMs: 10, maxMs: 10 };
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    const speaking = speak(text, { clock, retry, logger });
    await standIn.waitFor(({ dir }) => dir === "close");
    while (upgrades().length < 2) await clock.advance(10);
    await standIn.waitFor(({ dir, exchange }) => dir === "out" && exchange === 2);
    await settle(20);
    go();
    expect(spokenText(await speaking)).toBe("one two three");
    await standIn.expectClean();
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { provider: "elevenlabs", attempt: 1, waitMs: expect.any(Number), code: "provider_network" },
      expect.any(String),
    );
  });

  it("keeps its connection while the text is slow, and only so long as needed", async () => {
    const clock = new VirtualClock();
    standIn = await StandIn.start(elevenlabsStreamInput({ clock }));
    let go = (): void => {};
    const later = new Promise<void>((resolve) => {
      go = resolve;
    });
    const text = (async function* () {
      yield "well";
      await later;
      yield "yes";
    })();
    const speaking = speak(text, { clock });
    speaking.catch(() => {});
    await standIn.waitFor(({ dir }) => dir === "out");
    for (let second = 0; second < 400; second += 5) {
      await clock.advance(5_000);
      await settle(10);
    }
    go();
    expect(spokenText(await speaking)).toBe("well yes");
    await standIn.expectClean();
    expect(sent().filter((message) => (message as { text: string }).text === " ").length).toBeGreaterThan(30);
    for (let i = 0; i < 100 && clock.pendingTimers > 0; i++) await settle(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails as the vendor's message says, which comes before its close", async () => {
    standIn = await StandIn.start(elevenlabsStreamInput());
    const frame = { message: "You have no credits left", error: "quota_exceeded", code: 1008 };
    standIn.fault({ kind: "inband-error", after: 0, frame });
    await expect(speak(textOf("hi"))).rejects.toMatchObject({ kind: "quota", vendorCode: "quota_exceeded" });
    standIn.fault({
      kind: "status",
      status: 401,
      body: { detail: { status: "quota_exceeded", message: "none left" } },
    });
    await expect(speak(textOf("hi"))).rejects.toMatchObject({ kind: "quota", status: 401 });
  });

  it("connects before the text is there, and asks for nothing more when there is none", async () => {
    const text = (async function* () {
      await standIn?.waitFor(({ dir }) => dir === "upgrade");
    })() as AsyncGenerator<string>;
    expect(await speak(text)).toEqual([]);
    await standIn?.expectClean();
    expect(sent().filter((message) => (message as { text: string }).text !== " ")).toEqual([]);
  });

  it("refuses what is no voice", async () => {
    await expect(speak(textOf("hi"), {}, { voice: "../admin" })).rejects.toMatchObject({ code: "unknown_voice" });
    expect(upgrades()).toEqual([]);
  });
});

describe("the key", () => {
  it("stands in a header and nowhere else: not in the URL, messages, the log, errors, or what is inspected", async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]): void => void lines.push(...line);
    const logger = { debug: note, info: note, warn: note, error: note };
    standIn = await StandIn.start(elevenlabsStreamInput());
    standIn
      .fault({ kind: "status", status: 503, body: { detail: { message: `no capacity for ${KEY}` } } })
      .fault({ kind: "close", after: 0, code: 1008, reason: `not for ${KEY}` });
    const error = await speak(textOf("hi"), { retry: { retries: 1, baseMs: 1, maxMs: 1 }, logger }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ kind: "invalid_request" });
    expect(lines).toContainEqual(expect.objectContaining({ code: "provider_overloaded" }));
    const deep = { depth: 20, showHidden: true } as const;
    const providers = (["websocket", "http"] as const).map((transport) =>
      elevenlabsTts({ voice: "v", apiKey: KEY, transport }),
    );
    const shown = [inspect(providers, deep), JSON.stringify(providers), inspect(error, deep), inspect(lines, deep)];
    expect(shown.join()).not.toContain(KEY);
    expect(inspect([sent(), upgrades().map(({ url }) => url)])).not.toContain(KEY);
  });

  it("comes from ELEVENLABS_API_KEY where none is given", () => {
    vi.stubEnv("ELEVENLABS_API_KEY", "");
    expect(() => elevenlabsTts({ voice: "v" })).toThrow(/ELEVENLABS_API_KEY/);
    vi.stubEnv("ELEVENLABS_API_KEY", KEY);
    expect(elevenlabsTts({ voice: "v" }).name).toBe("elevenlabs");
    vi.unstubAllEnvs();
  });
});

it.each([
  { voice: "" },
  { model: "" },
  { language: "" },
  { sampleRate: 11_025 },
  { voiceSettings: { stability: 2 } },
  { transport: "carrier-pigeon" },
  { transport: "http", multi: true },
  { transport: "http", autoMode: true },
  { idleMs: 200_000 },
  { firstByteMs: 0 },
  { stallMs: -1 },
  { baseURL: "api.elevenlabs.io" },
  { pronunciationDictionaries: [1, 2, 3, 4].map((id) => ({ id: String(id), versionId: "v" })) },
  { retry: { retries: 99 } },
])("refuses %j", (bad) => {
  expect(() => elevenlabsTts({ voice: "v", apiKey: "k", ...(bad as Partial<ElevenLabsTtsOptions>) })).toThrow(
    expect.objectContaining({ code: "invalid_option" }),
  );
});
