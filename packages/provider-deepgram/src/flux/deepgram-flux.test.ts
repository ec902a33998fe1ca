import type { AudioFrame, TranscriptPart } from "@roomkit/core";
import { deepgramListenV2, StandIn } from "@roomkit/provider-standins";
import { afterEach, describe, expect, it } from "vitest";
import { speech, streamed } from "../speech.fixture.ts";
import { deepgramFlux } from "./deepgram-flux.ts";
import type { DeepgramFluxOptions } from "./options.ts";

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function hear(
  frames: readonly AudioFrame[],
  options: Partial<DeepgramFluxOptions> = {},
  call: { language?: string; keywords?: readonly string[] } = {},
): Promise<TranscriptPart[]> {
  standIn ??= await StandIn.start(deepgramListenV2());
  const provider = deepgramFlux({ apiKey: "flux-test-key", baseURL: standIn.url, ...options });
  const parts: TranscriptPart[] = [];
  const { signal } = new AbortController();
  for await (const part of provider.transcribe(streamed(frames), { signal, ...call })) parts.push(part);
  await standIn.expectClean();
  return parts;
}

const told = (parts: readonly TranscriptPart[]): string[] =>
  parts.flatMap((part) => {
    if (part.type === "partial") return [];
    if (part.type === "final") return [part.text];
    return [part.type === "turn-end" && part.eager ? "turn-end:eager" : part.type];
  });
const query = (): Record<string, string> => {
  const { url } = (standIn?.log.find(({ dir }) => dir === "upgrade")?.frame ?? { url: "" }) as { url: string };
  const { searchParams } = new URL(url, "ws://a");
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name).join("|")]));
};

describe("deepgramFlux", () => {
  it("hears turns, and what was said of one that the end of the audio cut off", async () => {
    const parts = await hear(speech(["I want tea", 500, "and a biscuit"]));
    expect(told(parts)).toEqual(["turn-start", "I want tea", "turn-end", "turn-start", "and a biscuit"]);
    expect(parts.filter(({ type }) => type === "partial").length).toBeGreaterThan(1);
  });

  it("says early that a turn may have ended, where it is asked to", async () => {
    const parts = await hear(speech(["well", 200, "maybe", 500]), { eagerThreshold: 0.4 });
    expect(told(parts)).toEqual([
      "turn-start",
      "turn-end:eager",
      "turn-resumed",
      "turn-end:eager",
      "well maybe",
      "turn-end",
    ]);
  });

  it("sends audio and CloseStream, and no KeepAlive", async () => {
    await hear(speech(["hello"]));
    expect(standIn?.received().filter((frame) => "type" in (frame as object))).toEqual([{ type: "CloseStream" }]);
  });

  it("fails when the vendor ends it, however politely, while audio flows", async () => {
    standIn = await StandIn.start(deepgramListenV2());
    standIn.fault({ kind: "close", after: 2, code: 1000 });
    const provider = deepgramFlux({ apiKey: "flux-test-key", baseURL: standIn.url });
    const audio = (async function* () {
      yield* speech(["hello there you too"]);
      await new Promise(() => {});
    })();
    const parts: TranscriptPart[] = [];
    const done = (async () => {
      for await (const part of provider.transcribe(audio, { signal: new AbortController().signal })) parts.push(part);
    })();
    await expect(done).rejects.toMatchObject({ kind: "protocol", retryable: true });
    expect(told(parts)).toEqual(["turn-start"]);
    await standIn.expectClean();
  });

  it("puts every option into the query under the vendor's name", async () => {
    const options: DeepgramFluxOptions = {
      model: "flux-general-multi",
      languageHints: ["es", "de"],
      endOfTurnThreshold: 0.8,
      eagerThreshold: 0.5,
      endOfTurnTimeoutMs: 3_000,
      keyterms: ["Ulm"],
      numerals: true,
      profanityFilter: false,
      redact: "numbers",
      tags: ["t"],
      mipOptOut: true,
    };
    const parts = await hear(speech(["hola", 500]), options, { language: "de-CH", keywords: ["Aalen"] });
    expect(parts).toContainEqual(expect.objectContaining({ type: "final", language: "de" }));
    expect(query()).toEqual({
      model: "flux-general-multi",
      language_hint: "de|es",
      eot_threshold: "0.8",
      eager_eot_threshold: "0.5",
      eot_timeout_ms: "3000",
      keyterm: "Ulm|Aalen",
      numerals: "true",
      profanity_filter: "false",
      redact: "numbers",
      tag: "t",
      mip_opt_out: "true",
      encoding: "linear16",
      sample_rate: "16000",
    });
  });

  it("refuses what the model cannot hear", async () => {
    await expect(hear(speech(["salut"]), {}, { language: "fr" })).rejects.toMatchObject({
      code: "unsupported_language",
    });
    const stereo = speech(["hello"]).map((frame) => ({ ...frame, channels: 2 as const }));
    await expect(hear(stereo)).rejects.toMatchObject({ code: "unsupported_format" });
    expect(deepgramFlux({ apiKey: "k" }).capabilities.languages).toEqual(["en"]);
    expect(deepgramFlux({ apiKey: "k", model: "flux-general-multi" }).capabilities.languages).toBeUndefined();
  });

  it.each([
    { model: "nova-3" },
    { languageHints: ["de"] },
    { model: "flux-general-multi", languageHints: ["German"] },
    { endOfTurnThreshold: 0.4 },
    { eagerThreshold: 0.95 },
    { eagerThreshold: 0.8, endOfTurnThreshold: 0.6 },
    { endOfTurnTimeoutMs: 100 },
    { tags: [""] },
    { stallMs: -1 },
  ])("refuses %j", (bad) => {
    expect(() => deepgramFlux({ apiKey: "k", ...(bad as DeepgramFluxOptions) })).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
