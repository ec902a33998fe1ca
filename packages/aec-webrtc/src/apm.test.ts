import { describe, expect, it } from "vitest";
import { Apm, type Features, type Ffi, loadFfi } from "./apm.ts";

const ffi = loadFfi();
const features: Features = { echoCancellation: true, noiseSuppression: false, autoGainControl: false, highPass: false };

/** The library, but what is asked of an instance fails. */
const failing = {
  ...ffi,
  livekitFfiRequest(coded: Uint8Array) {
    const { case: what = "" } = ffi.FfiRequest.fromBinary(coded).message;
    if (what === "newApm") return ffi.livekitFfiRequest(coded);
    const value = { error: "it is broken" };
    return ffi.FfiResponse.fromJson({ [what]: value }).toBinary();
  },
} as Ffi;

describe("the native library", () => {
  it("works on what stands in `near`", () => {
    const apm = new Apm(ffi, features, 16_000);
    expect([apm.near.length, apm.far.length]).toEqual([160, 160]);
    for (let block = 0; block < 20; block++) {
      apm.far.fill(0);
      apm.analyzeFar();
      apm.near.fill(block % 2 === 0 ? 2_000 : -2_000);
      apm.processNear();
    }
    expect(apm.near.some((x) => Math.abs(x) > 500 && Math.abs(x) !== 2_000)).toBe(true);
    apm.close();
    expect(() => apm.processNear()).toThrow();
  });

  it("fails with a code, and says why", () => {
    const apm = new Apm(failing, features, 16_000);
    const why = { code: "engine_failed", details: { error: "it is broken" } };
    expect(() => apm.analyzeFar()).toThrow(expect.objectContaining(why));
    expect(() => apm.processNear()).toThrow(expect.objectContaining(why));
    apm.close();
  });
});
