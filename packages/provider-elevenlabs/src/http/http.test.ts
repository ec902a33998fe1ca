import type { SpeechPart } from "@roomkit/core";
import { elevenlabsStream, type Operation, providerFaultMatrix, StandIn } from "@roomkit/provider-standins";
import { ttsConformance, VirtualClock } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { elevenlabsTts } from "../elevenlabs-tts.ts";
import { spokenText, textOf } from "../text.fixture.ts";

// The only file that loads the SDK: that takes seconds.

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(elevenlabsStream());
  await elevenlabsTts({ voice: "voice1", apiKey: "k", transport: "http" }).warmUp?.();
}, 60_000);
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

describe("elevenlabsTts over requests", () => {
  const cases = ttsConformance({
    create: () =>
      elevenlabsTts({ voice: "voice1", apiKey: "conformance-key", baseURL: standIn.url, transport: "http" }),
    open: () => standIn.openExchanges,
  });
  for (const { name, run } of cases) it(name, run);
});

describe("elevenlabsTts over requests and a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [elevenlabsStream()],
    operate: ({ standIn: { url }, key, signal, variant, ...limits }: Operation) =>
      elevenlabsTts({ voice: "voice1", apiKey: key, baseURL: url, transport: "http", ...limits }).synthesize(
        textOf(`number ${variant}`),
        { signal },
      ),
    complete: (items, variant) => spokenText(items as SpeechPart[]) === `number ${variant}`,
    frames: 4,
    eofDetectable: false,
  });
  for (const { name, run } of cases) it(name, run);
});

describe("requests", () => {
  it("say how to speak, and what came before, and what is missing is asked for while one is heard", async () => {
    const before = standIn.received().length;
    const provider = elevenlabsTts({
      voice: "voice1",
      apiKey: "request-test-key",
      baseURL: standIn.url,
      transport: "http",
      model: "eleven_turbo_v2_5",
      language: "de",
      sampleRate: 16_000,
      voiceSettings: { stability: 0.4, useSpeakerBoost: true },
      textNormalization: "on",
      enableLogging: false,
      pronunciationDictionaries: [{ id: "d", versionId: "v" }],
    });
    const { signal } = new AbortController();
    const stream = provider.synthesize(textOf("Eins.", "Zwei."), { signal, speed: 0.5 })[Symbol.asyncIterator]();
    const parts: SpeechPart[] = [];
    for (let next = await stream.next(); !next.done; next = await stream.next()) {
      parts.push(next.value);
      if (parts.length === 1) await standIn.waitFor(({ dir, frame }) => dir === "in" && isFor(frame, "Zwei."));
    }
    expect(
      spokenText(
        parts.filter(({ type }) => type === "audio"),
        16_000,
      ),
    ).toBe("Eins.Zwei.");
    expect(parts.flatMap((part) => (part.type === "segment" ? [part.text] : []))).toEqual(["Eins.", "Zwei."]);
    const common = {
      model_id: "eleven_turbo_v2_5",
      language_code: "de",
      voice_settings: { stability: 0.4, use_speaker_boost: true, speed: 0.7 },
      apply_text_normalization: "on",
      pronunciation_dictionary_locators: [{ pronunciation_dictionary_id: "d", version_id: "v" }],
    };
    // Two requests at once, on sockets of their own: which of them is read first is nobody's promise.
    const asked = standIn.received().slice(before) as { readonly text: string }[];
    expect([...asked].sort((a, b) => a.text.localeCompare(b.text))).toEqual([
      { text: "Eins.", ...common },
      { text: "Zwei.", previous_text: "Eins.", ...common },
    ]);
  });
});

function isFor(frame: unknown, text: string): boolean {
  return (frame as { text?: string }).text === text;
}
