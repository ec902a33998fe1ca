import { describe, expect, it } from "vitest";
import { schemaOfType } from "./generate.ts";
import { findSdk } from "./sdk.ts";
import { checkAgainst } from "./validator.ts";

const events = { sdk: "openai", file: "resources/audio/transcriptions.d.ts", type: "TranscriptionStreamEvent" };

describe("checkAgainst", () => {
  it("tries only the member a value claims to be, and says what is wrong with it", async () => {
    const check = checkAgainst(events, { by: "type" });
    expect(await check({ type: "transcript.text.delta", delta: "a" })).toBeUndefined();
    expect(await check({ type: "transcript.text.delta" })).toMatch(/TranscriptionTextDeltaEvent.*'delta'/);
    expect(await check({ type: "transcript.text.delta", delta: "a", more: 1 })).toMatch(/additional properties/);
    expect(await check({ type: "nonsense" })).toMatch(/no TranscriptionStreamEvent with type "nonsense"/);
    expect(await check("text")).toMatch(/no TranscriptionStreamEvent/);
  });

  it("takes null for absent only where it is told to", async () => {
    const value = { type: "transcript.text.delta", delta: "a", segment_id: null };
    expect(await checkAgainst(events, { by: "type" })(value)).toMatch(/segment_id/);
    expect(await checkAgainst(events, { by: "type", nullIsAbsent: true })(value)).toBeUndefined();
    const missing = { type: "transcript.text.delta", delta: null };
    expect(await checkAgainst(events, { by: "type", nullIsAbsent: true })(missing)).toMatch(/delta/);
  });
});

it("lets properties be absent that it is told of", async () => {
  const value = { type: "transcript.text.delta" };
  expect(await checkAgainst(events, { by: "type", mayLack: ["delta"] })(value)).toBeUndefined();
  expect(await checkAgainst(events, { by: "type", mayLack: ["text"] })(value)).toMatch(/delta/);
  const ofOne = (type: string) => checkAgainst(events, { by: "type", mayLack: [`${type}.delta`] })(value);
  expect(await ofOne("TranscriptionTextDeltaEvent")).toBeUndefined();
  expect(await ofOne("TranscriptionTextDoneEvent")).toMatch(/delta/);
});

describe("schemaOfType", () => {
  it("gives the same from its cache", async () => {
    expect(await schemaOfType(events)).toEqual(await schemaOfType(events));
  });

  it("refuses what is not there", async () => {
    expect(() => findSdk("no-such-sdk")).toThrow(expect.objectContaining({ code: "missing_dependency" }));
    await expect(schemaOfType({ ...events, type: "NoSuchType" })).rejects.toThrow();
  });
});
