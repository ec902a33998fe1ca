import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";

describe("base64", () => {
  it("agrees with the platform in both directions", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(text, 3_000)).toEqual(bytes);
      }),
    );
  });

  it("encodes views, not the memory behind them", () => {
    expect(encodeBase64(Uint8Array.of(9, 255, 9).subarray(1, 2))).toBe("/w==");
  });

  it("accepts exactly the canonical texts", () => {
    const near = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."AQgw+/=- \n_~é\u0100\u0141"), maxLength: 12 }),
      fc.base64String(),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    fc.assert(
      fc.property(near, (text) => {
        const canonical = Buffer.from(text, "base64").toString("base64") === text;
        expect(decodeBase64(text, 1_000) !== undefined).toBe(canonical);
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses by length before it decodes", () => {
    expect(decodeBase64("AAAA", 3)).toHaveLength(3);
    expect(decodeBase64("AAAA", 2)).toBeUndefined();
    expect(decodeBase64("AAA=", 2)).toHaveLength(2);
    expect(decodeBase64("", 0)).toHaveLength(0);
  });
});
