import { describe, expect, it } from "vitest";
import { assertOptions } from "./assert-options.ts";

interface Options {
  readonly model: string;
  readonly apiKey?: string | object;
  readonly tags?: readonly string[];
  readonly waitMs?: number | false;
}

const check = (options: unknown): void =>
  assertOptions(
    "thing",
    options as Options,
    { string: ["model", "apiKey"], object: ["apiKey"], array: ["tags"], number: ["waitMs"], boolean: ["waitMs"] },
    ["model"],
  );

describe("assertOptions", () => {
  it.each([
    [undefined, "thing takes an object of options, not undefined"],
    [null, "thing takes an object of options, not null"],
    ["sk-secret", "thing takes an object of options, not a string"],
    [{}, "thing: model must be a string, not undefined"],
    [{ model: null }, "thing: model must be a string, not null"],
    [{ model: "m", apiKey: 5 }, "thing: apiKey must be a string or an object, not a number"],
    [{ model: "m", apiKey: ["sk-secret"] }, "thing: apiKey must be a string or an object, not an array"],
    [{ model: "m", tags: "one" }, "thing: tags must be an array, not a string"],
    [{ model: "m", waitMs: Symbol("x") }, "thing: waitMs must be a number or a boolean, not a symbol"],
  ])("refuses %o", (options, message) => {
    expect(() => check(options)).toThrowError(expect.objectContaining({ code: "invalid_option", message }));
  });

  it.each([{ model: "m" }, { model: "", apiKey: undefined, tags: [], waitMs: false, more: 1 }])(
    "takes %o",
    (options) => {
      check(options);
    },
  );
});
