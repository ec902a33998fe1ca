import { RoomKitError, rms } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { evanEncoder } from "./evan.ts";
import { type OpusOptions, opus } from "./opus.ts";

/** A voiced, slowly moving sound: harmonics of 120 to 180 Hz, so that prediction and concealment have something to hold on to. */
function voice(sampleRate: number, ms: number): Int16Array {
  const out = new Int16Array((sampleRate * ms) / 1000);
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / sampleRate;
    phase += (2 * Math.PI * (150 + 30 * Math.sin(2 * Math.PI * 2 * t))) / sampleRate;
    let s = 0;
    for (let h = 1; h <= 4; h++) s += Math.sin(h * phase) / h;
    out[i] = 5000 * s * (0.75 + 0.25 * Math.sin(2 * Math.PI * 3 * t));
  }
  return out;
}

/** Ratio of signal to (signal - decoded) in dB at the delay that fits best, up to 20 ms. */
function snrDb(clean: Int16Array, decoded: Int16Array, sampleRate: number): number {
  let best = Number.NEGATIVE_INFINITY;
  const from = sampleRate / 5;
  const length = Math.min(clean.length, decoded.length) - from - sampleRate / 50;
  for (let delay = 0; delay <= sampleRate / 50; delay++) {
    let signal = 0;
    let noise = 0;
    for (let i = from; i < from + length; i++) {
      const a = clean[i] as number;
      const d = a - (decoded[i + delay] as number);
      signal += a * a;
      noise += d * d;
    }
    best = Math.max(best, 10 * Math.log10(signal / noise));
  }
  return best;
}

/** Whether a mono packet of one frame of 20 ms carries in-band FEC: the flag behind that of voice. */
function hasCopy(packet: Uint8Array): boolean {
  expect((packet[0] as number) >> 3).toBeLessThan(16); // SILK or hybrid
  return ((packet[1] as number) & 0x40) !== 0;
}

function concat(parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function packets(
  sampleRate: 16_000 | 24_000 | 48_000,
  audio: Int16Array,
  options: OpusOptions = {},
): Promise<Uint8Array[]> {
  const encoder = await opus(options).createEncoder({ sampleRate });
  const out: Uint8Array[] = [];
  for (let at = 0; at + encoder.frameSamples <= audio.length; at += encoder.frameSamples) {
    const packet = encoder.encode(audio.subarray(at, at + encoder.frameSamples));
    if (packet) out.push(packet);
  }
  encoder.close();
  return out;
}

describe.each(["wasm", "@evan/opus"] as const)("opus, encoded by %s", (binding) => {
  it.each([16_000, 24_000, 48_000] as const)("keeps speech through a round trip at %i Hz", async (sampleRate) => {
    const clean = voice(sampleRate, 1000);
    const run = async (bitrate: number): Promise<{ snr: number; bits: number }> => {
      const decoder = await opus().createDecoder({ sampleRate });
      const coded = await packets(sampleRate, clean, { bitrate, binding });
      const decoded = concat(coded.map((p) => decoder.decode(p)));
      decoder.close();
      expect(decoded.length).toBe(clean.length);
      return { snr: snrDb(clean, decoded, sampleRate), bits: coded.reduce((n, p) => n + p.length * 8, 0) };
    };
    // The encoder's own high-pass turns the phase of the lowest harmonics, which bounds this measure near 7 dB at any bitrate.
    const usual = await run(28_000);
    const generous = await run(96_000);
    expect(usual.snr).toBeGreaterThan(5);
    expect(generous.bits).toBeGreaterThan(2 * usual.bits);
    expect(usual.bits).toBeGreaterThan(15_000);
    expect(usual.bits).toBeLessThan(45_000);
  });

  it("decodes 48 kHz packets straight to 16 kHz", async () => {
    const decoder = await opus().createDecoder({ sampleRate: 16_000 });
    const decoded = concat((await packets(48_000, voice(48_000, 1000), { binding })).map((p) => decoder.decode(p)));
    expect(decoded.length).toBe(16_000);
    expect(snrDb(voice(16_000, 1000), decoded, 16_000)).toBeGreaterThan(4);
    decoder.close();
  });

  it("recovers a lost packet from the one after it, and better than by concealing", async () => {
    // Syllables of 80 ms between silences; the packet that is lost is the middle of one, which nothing before it tells of.
    const clean = voice(16_000, 1000).map((s, i) => (i % 1600 < 320 ? 0 : s));
    const coded = await packets(16_000, clean, { expectedLossPercent: 30, binding });
    const run = async (makeUp: "recover" | "conceal"): Promise<number> => {
      const decoder = await opus().createDecoder({ sampleRate: 16_000 });
      const parts: Int16Array[] = [];
      for (let i = 0; i < coded.length; i++) {
        if (i % 5 === 1) continue;
        const packet = coded[i] as Uint8Array;
        if (i % 5 === 2) parts.push(makeUp === "recover" ? decoder.recover(packet, 20) : decoder.conceal(20));
        parts.push(decoder.decode(packet));
      }
      decoder.close();
      const decoded = concat(parts);
      expect(decoded.length).toBe(clean.length);
      return snrDb(clean, decoded, 16_000);
    };
    const recovered = await run("recover");
    const concealed = await run("conceal");
    expect(recovered).toBeGreaterThan(concealed + 0.5);
  });

  it("carries the coarser copy while loss is expected, and not when none is", async () => {
    const encoder = await opus({ binding }).createEncoder({ sampleRate: 24_000 });
    const speech = voice(24_000, 1000);
    /** How many of a second's packets, but for its beginning, carry a copy of the one before (RFC 6716, 4.2.4). */
    const copies = (): number => {
      const coded = Array.from({ length: 50 }, (_, i) => encoder.encode(speech.subarray(i * 480, (i + 1) * 480)));
      return coded.slice(10).filter((packet) => packet && hasCopy(packet)).length;
    };
    const told = [undefined, 0, 10, 0, 1, 30].map((percent) => {
      if (percent !== undefined) encoder.expectLoss?.(percent);
      return [percent, copies() > 0];
    });
    expect(told).toEqual([undefined, 0, 10, 0, 1, 30].map((percent) => [percent, percent !== 0]));
    for (const percent of [-1, 101, 2.5, Number.NaN])
      expect(() => encoder.expectLoss?.(percent), String(percent)).toThrowError(/percent/);
    encoder.close();
    expect(() => encoder.expectLoss?.(5)).toThrowError(/closed/);
  });

  it("carries no copy at all without inbandFec, whatever is lost", async () => {
    const encoder = await opus({ binding, inbandFec: false }).createEncoder({ sampleRate: 24_000 });
    const speech = voice(24_000, 400);
    encoder.expectLoss?.(30);
    const coded = Array.from({ length: 20 }, (_, i) => encoder.encode(speech.subarray(i * 480, (i + 1) * 480)));
    expect(coded.filter((packet) => packet && hasCopy(packet))).toEqual([]);
    encoder.close();
  });

  it("conceals with the sound that was there, fading out", async () => {
    const decoder = await opus().createDecoder({ sampleRate: 16_000 });
    for (const packet of await packets(16_000, voice(16_000, 400), { binding })) decoder.decode(packet);
    const first = rms(decoder.conceal(20));
    for (let i = 0; i < 20; i++) decoder.conceal(20);
    expect(first).toBeGreaterThan(1000);
    expect(rms(decoder.conceal(20))).toBeLessThan(first / 10);
    expect(decoder.conceal(120).length).toBe(1920);
    decoder.close();
  });

  it("leaves silence out with dtx", async () => {
    const silent = new Int16Array(16_000 * 2);
    expect((await packets(16_000, silent, { binding })).length).toBe(100);
    expect((await packets(16_000, silent, { dtx: true, binding })).length).toBeLessThan(60);
  });

  it("refuses what it cannot do, with a code", async () => {
    const codec = opus({ binding });
    expect(() => opus({ bitrate: 1 })).toThrowError(/bitrate/);
    await expect(codec.createDecoder({ sampleRate: 44_100 as never })).rejects.toSatisfy((e) =>
      RoomKitError.is(e, "invalid_option"),
    );
    const decoder = await codec.createDecoder({ sampleRate: 16_000 });
    const code = (run: () => unknown): string | undefined => {
      try {
        run();
      } catch (error) {
        return RoomKitError.is(error) ? error.code : String(error);
      }
      return undefined;
    };
    expect(code(() => decoder.decode(new Uint8Array(0)))).toBe("invalid_audio");
    expect(code(() => decoder.decode(Uint8Array.of(0xff, 0xff, 0xff)))).toBe("invalid_audio");
    expect(code(() => decoder.conceal(7))).toBe("invalid_audio");
    expect(code(() => decoder.conceal(200))).toBe("invalid_audio");
    expect(decoder.conceal(20).length).toBe(320);
    decoder.close();
    decoder.close();
    expect(code(() => decoder.conceal(20))).toBe("closed");
    const encoder = await codec.createEncoder({ sampleRate: 24_000 });
    expect(encoder.frameSamples).toBe(480);
    expect(code(() => encoder.encode(new Int16Array(481)))).toBe("invalid_audio");
    encoder.close();
    expect(code(() => encoder.encode(new Int16Array(480)))).toBe("closed");
  });

  it("survives packets of random bytes", async () => {
    const decoder = await opus().createDecoder({ sampleRate: 16_000 });
    let seed = 1;
    for (let n = 0; n < 500; n++) {
      const packet = new Uint8Array(1 + (n % 80)).map(() => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
        return seed >> 16;
      });
      try {
        expect(decoder.decode(packet).length).toBeLessThanOrEqual(1920);
      } catch (error) {
        expect(RoomKitError.is(error, "invalid_audio")).toBe(true);
      }
    }
    decoder.close();
  });

  it("gives its memory back: 1,000 pairs made and closed", async () => {
    const codec = opus({ binding });
    const frame = voice(16_000, 20);
    for (let i = 0; i < 1000; i++) {
      const encoder = await codec.createEncoder({ sampleRate: 16_000 });
      const decoder = await codec.createDecoder({ sampleRate: 16_000 });
      decoder.decode(encoder.encode(frame) as Uint8Array);
      encoder.close();
      decoder.close();
    }
    // A heap that kept them (about 80 KB a pair) would be 80 MB larger and fail to grow in the end.
    const open = await Promise.all(Array.from({ length: 50 }, () => codec.createEncoder({ sampleRate: 48_000 })));
    expect(open.every((e) => e.encode(new Int16Array(960)) !== undefined)).toBe(true);
    for (const e of open) e.close();
  });
});

describe("opus, by a binding", () => {
  it("is as good as the other, and as large", async () => {
    const clean = voice(24_000, 2000);
    const of = async (binding: "wasm" | "@evan/opus"): Promise<{ snr: number; bytes: number }> => {
      const coded = await packets(24_000, clean, { binding });
      const decoder = await opus().createDecoder({ sampleRate: 24_000 });
      const decoded = concat(coded.map((packet) => decoder.decode(packet)));
      decoder.close();
      return { snr: snrDb(clean, decoded, 24_000), bytes: coded.reduce((sum, packet) => sum + packet.length, 0) };
    };
    const [wasm, native] = [await of("wasm"), await of("@evan/opus")];
    expect(Math.abs(native.snr - wasm.snr)).toBeLessThan(1);
    expect(Math.abs(native.bytes / wasm.bytes - 1)).toBeLessThan(0.1);
  });

  it("says that it is not installed, or does not load", async () => {
    const settings = {
      sampleRate: 24_000,
      bitrate: 28_000,
      complexity: 5,
      fec: true,
      dtx: false,
      packetLossPercent: 10,
    } as const;
    const code = (error: unknown): Promise<unknown> =>
      evanEncoder(settings, () => Promise.reject(error)).catch((thrown) => RoomKitError.is(thrown) && thrown.code);
    expect(await code(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }))).toBe("missing_dependency");
    expect(await code(new Error("no build"))).toBe("engine_failed");
    expect(() => opus({ binding: "native" as never })).toThrow("binding");
  });
});
