import { expect, it } from "vitest";
import { optionsWithin } from "./options.ts";

interface Options {
  readonly silenceMs?: number;
  readonly adaptive?: boolean;
}

const resolve = (given: { silenceMs?: unknown; adaptive?: boolean | undefined }): Required<Options> =>
  optionsWithin<Options>(given as Options, { silenceMs: 500, adaptive: true }, { silenceMs: [20, 60_000] });

it("fills in what is not given", () => {
  expect(resolve({})).toEqual({ silenceMs: 500, adaptive: true });
  expect(resolve({ silenceMs: 20, adaptive: false })).toEqual({ silenceMs: 20, adaptive: false });
  expect(resolve({ silenceMs: undefined, adaptive: undefined })).toEqual({ silenceMs: 500, adaptive: true });
});

it("refuses numbers out of range, and what is no number", () => {
  for (const silenceMs of [19.9, 60_001, Number.NaN, Number.POSITIVE_INFINITY, "500", null]) {
    expect(() => resolve({ silenceMs })).toThrowError(
      expect.objectContaining({ code: "invalid_option", message: `silenceMs must be 20 to 60000, not ${silenceMs}` }),
    );
  }
});
