import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAudioFrame, encodeAudioFrame } from "./audio-frame.ts";
import { defaultLimits } from "./limits.ts";

const uint32 = fc.integer({ min: 0, max: 0xff_ff_ff_ff });

describe("binary audio frames", () => {
  it("have the documented bytes", () => {
    const bytes = encodeAudioFrame({
      utterance: 0x01_02_03_04,
      offset: 0xff_00_00_10,
      end: true,
      audio: Uint8Array.of(7, 8),
    });
    expect([...bytes]).toEqual([1, 1, 4, 3, 2, 1, 0x10, 0, 0, 0xff, 7, 8]);
  });

  it("read back what was written", () => {
    fc.assert(
      fc.property(
        fc.record({ utterance: uint32, offset: uint32, end: fc.boolean(), audio: fc.uint8Array() }),
        (frame) => {
          const result = decodeAudioFrame(encodeAudioFrame(frame), defaultLimits);
          expect(result).toEqual({ ok: true, frame });
        },
      ),
    );
  });

  it("never throw on other bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeAudioFrame(bytes, defaultLimits).ok).toBe(bytes.length >= 10 && bytes[0] === 1);
      }),
    );
  });

  it("ignore flags of the future", () => {
    const bytes = encodeAudioFrame({ utterance: 1, offset: 0, end: false, audio: new Uint8Array(2) });
    bytes[1] = 0xfe;
    expect(decodeAudioFrame(bytes, defaultLimits)).toMatchObject({ ok: true, frame: { end: false } });
  });

  it("are bounded", () => {
    expect(decodeAudioFrame(new Uint8Array(11), { maxMessageBytes: 10 })).toMatchObject({ code: "message_too_large" });
  });

  it("refuse numbers that do not fit", () => {
    const audio = new Uint8Array(0);
    expect(() => encodeAudioFrame({ utterance: -1, offset: 0, end: false, audio })).toThrow(RangeError);
    expect(() => encodeAudioFrame({ utterance: 1, offset: 2 ** 32, end: false, audio })).toThrow(RangeError);
  });
});
