import { describe, expect, it } from "vitest";
import { asUnit, cosine } from "./embeddings.ts";
import { EnrolledVoices } from "./enrolled-voices.ts";
import { KnownVoices } from "./known-voices.ts";

const of = (...values: number[]): Float32Array => Float32Array.from(values);
const settings = { threshold: 0.8, enrolledThreshold: 0.8, maxSpeakers: 8 };

describe("embeddings", () => {
  it("have a direction, or none", () => {
    expect([...(asUnit(of(3, 4)) ?? [])].map((x) => Math.round(100 * x))).toEqual([60, 80]);
    for (const none of [of(0, 0), of(Number.NaN, 1), of(Number.POSITIVE_INFINITY, 1), of()])
      expect(asUnit(none)).toBeUndefined();
    expect(cosine(of(1, 0), of(5, 5))).toBeCloseTo(Math.SQRT1_2);
    expect(cosine(of(0, 0), of(1, 0))).toBe(0);
  });
});

describe("KnownVoices", () => {
  it("gives each voice one label, for as long as the stream lasts", () => {
    const voices = new KnownVoices(settings, new EnrolledVoices(1));
    const labels = [
      [1, 0],
      [0.9, 0.1],
      [0, 1],
      [20, 1],
      [0.1, 0.9],
      [-1, 0],
    ].map(([a = 0, b = 0]) => voices.recognise(of(a, b))?.speaker);
    expect(labels).toEqual(["speaker-1", "speaker-1", "speaker-2", "speaker-1", "speaker-2", "speaker-3"]);
    voices.clear();
    expect(voices.recognise(of(0, 1))?.speaker).toBe("speaker-1");
  });

  it("never knows more than it may, nor anything of nothing", () => {
    const voices = new KnownVoices({ ...settings, threshold: 0.9, maxSpeakers: 2 }, new EnrolledVoices(1));
    expect(voices.recognise(of(0, 0))).toBeUndefined();
    expect(voices.recognise(of(Number.NaN, 1))).toBeUndefined();
    voices.recognise(of(1, 0, 0));
    voices.recognise(of(0, 1, 0));
    const third = voices.recognise(of(0.1, 0.3, 1));
    expect(third).toMatchObject({ speaker: "speaker-2" });
    expect(third?.likeness).toBeLessThan(0.9);
  });

  it("learns nobody from little speech, and knows them by it", () => {
    const voices = new KnownVoices(settings, new EnrolledVoices(1));
    expect(voices.recognise(of(1, 0), true)).toBeUndefined();
    voices.recognise(of(1, 0));
    expect(voices.recognise(of(1, 0.2), true)?.speaker).toBe("speaker-1");
    expect(voices.recognise(of(0, 1), true)).toBeUndefined();
    // What it heard of it did not count.
    expect(voices.recognise(of(1, 0))?.likeness).toBeCloseTo(1);
  });
});

describe("voices that are enrolled", () => {
  it("have their names, from the moment they are", () => {
    const enrolled = new EnrolledVoices(2);
    const voices = new KnownVoices(settings, enrolled);
    expect(voices.recognise(of(1, 0))).toEqual({ speaker: "speaker-1", likeness: 1 });
    expect(voices.recognise(of(0, 1))?.speaker).toBe("speaker-2");
    enrolled.set("Anna", of(2, 0.1));
    expect(voices.recognise(of(0, 1))).toMatchObject({ speaker: "speaker-2" });
    expect(voices.recognise(of(1, 0))).toEqual({
      speaker: "Anna",
      likeness: expect.closeTo(1, 2),
      renames: "speaker-1",
    });
    expect(voices.recognise(of(1, 0.1))).toEqual({ speaker: "Anna", likeness: expect.closeTo(1, 2) });
    // Labels are not given twice.
    expect(voices.recognise(of(-1, 0))?.speaker).toBe("speaker-3");
    enrolled.delete("Anna");
    expect(voices.recognise(of(1, 0))?.speaker).toBe("speaker-4");
  });

  it("need their own likeness, and the nearest counts", () => {
    const enrolled = new EnrolledVoices(2);
    enrolled.set("Anna", of(1, 0.5));
    enrolled.set("Ben", of(1, 0));
    const strict = new KnownVoices({ ...settings, enrolledThreshold: 0.99 }, enrolled);
    expect(strict.recognise(of(1, 0.25))?.speaker).toBe("speaker-1");
    const lax = new KnownVoices({ ...settings, enrolledThreshold: 0.5 }, enrolled);
    expect(lax.recognise(of(1, 0.1))?.speaker).toBe("Ben");
    expect(lax.recognise(of(1, 0.4), true)?.speaker).toBe("Anna");
  });

  it("do not take over a speaker who is only near by way of another", () => {
    const enrolled = new EnrolledVoices(2);
    const voices = new KnownVoices({ ...settings, enrolledThreshold: 0.85 }, enrolled);
    voices.recognise(of(1, 0));
    enrolled.set("Anna", of(0.7, 0.714));
    expect(voices.recognise(of(0.85, 0.53))).toMatchObject({ speaker: "Anna" });
    expect(voices.recognise(of(1, 0))?.speaker).toBe("speaker-1");
  });

  it("are as many as may be, of one model, under names that can be", () => {
    const enrolled = new EnrolledVoices(1);
    const given = enrolled.set("Anna", of(3, 4));
    expect(Math.hypot(...given)).toBeCloseTo(1);
    expect(() => enrolled.set("Ben", of(1, 0))).toThrow(expect.objectContaining({ code: "too_many_voices" }));
    given.fill(0);
    expect(enrolled.nearest(of(3, 4))).toEqual({ name: "Anna", likeness: expect.closeTo(1, 5) });
    enrolled.set("Anna", of(0, 1));
    expect(enrolled.names).toEqual(["Anna"]);
    expect(enrolled.nearest(of(0, 1, 0))).toBeUndefined();
    for (const bad of [of(1, 0, 0), of(0, 0)])
      expect(() => enrolled.set("Anna", bad)).toThrow(expect.objectContaining({ code: "invalid_audio" }));
    for (const name of ["", " Anna", "n".repeat(65), "speaker-7", 5 as unknown as string])
      expect(() => enrolled.assertName(name)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    enrolled.assertName("speaker-seven");
    expect([enrolled.delete("Anna"), enrolled.delete("Anna"), enrolled.names]).toEqual([true, false, []]);
  });
});
