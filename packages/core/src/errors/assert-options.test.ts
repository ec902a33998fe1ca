import { describe, expect, it } from "vitest";
import { assertOptions } from "./assert-options.ts";

interface Options {
  readonly model: string;
  readonly apiKey?: string | object;
  readonly tags?: readonly string[];
  readonly waitMs?: number | false;
  readonly speed?: number;
  readonly mode?: "soon" | "late" | false;
  readonly sentences?:
    | { readonly maxChars: number; readonly inner?: { readonly deep?: boolean } }
    | { readonly cut: "words" };
}

const check = (options: unknown): void =>
  assertOptions("thing", options as Options, {
    required: ["model"],
    string: ["model", "apiKey"],
    object: ["apiKey"],
    strings: ["tags"],
    number: ["waitMs"],
    within: { speed: [0.5, 2] },
    oneOf: { waitMs: [false], mode: ["soon", "late", false] },
    members: {
      sentences: {
        number: ["maxChars"],
        oneOf: { cut: ["words"] },
        members: { inner: { required: ["deep"], boolean: ["deep"] } },
      },
    },
  });

describe("assertOptions", () => {
  it.each([
    [undefined, "thing takes an object of options, not undefined"],
    [null, "thing takes an object of options, not null"],
    ["sk-secret", "thing takes an object of options, not a string"],
    [{}, "thing: model must be a string, not undefined"],
    [[], "thing takes an object of options, not an array"],
    [{ model: null }, "thing: model must be a string, not null"],
    [{ model: "m", apiKey: 5 }, "thing: apiKey must be a string or an object, not a number"],
    [{ model: "m", apiKey: ["sk-secret"] }, "thing: apiKey must be a string or an object, not an array"],
    [{ model: "m", tags: "one" }, "thing: tags must be an array of strings, not a string"],
    [{ model: "m", tags: ["one", 2] }, "thing: tags must be an array of strings, not an array"],
    [{ model: "m", waitMs: Symbol("x") }, "thing: waitMs must be a number from 0 or false, not a symbol"],
    [{ model: "m", waitMs: Number.NaN }, "thing: waitMs must be a number from 0 or false, not NaN"],
    [{ model: "m", waitMs: -1 }, "thing: waitMs must be a number from 0 or false, not -1"],
    [{ model: "m", waitMs: true }, "thing: waitMs must be a number from 0 or false, not a boolean"],
    [{ model: "m", speed: 2.1 }, "thing: speed must be a number from 0.5 to 2, not 2.1"],
    [{ model: "m", mode: "sk-secret" }, 'thing: mode must be "soon" or "late" or false, not another string'],
    [{ model: "m", mode: 1 }, 'thing: mode must be "soon" or "late" or false, not a number'],
    [{ model: "m", sentences: "long" }, "thing: sentences must be an object, not a string"],
    [{ model: "m", sentences: { maxChars: "9" } }, "thing: sentences.maxChars must be a number from 0, not a string"],
    [{ model: "m", sentences: { cut: "bits" } }, 'thing: sentences.cut must be "words", not another string'],
    [{ model: "m", sentences: { inner: {} } }, "thing: sentences.inner.deep must be a boolean, not undefined"],
  ])("refuses %o", (options, message) => {
    expect(() => check(options)).toThrowError(expect.objectContaining({ code: "invalid_option", message }));
  });

  it.each([
    { model: "m" },
    { model: "", apiKey: undefined, tags: [], waitMs: false, more: 1 },
    {
      model: "m",
      tags: ["one"],
      waitMs: 0,
      speed: 0.5,
      mode: "late",
      sentences: { maxChars: 9, inner: { deep: false } },
    },
  ])("takes %o", (options) => {
    check(options);
  });
});
