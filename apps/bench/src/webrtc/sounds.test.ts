import { opus } from "@roomkit/codec-opus";
import { describe, expect, it } from "vitest";
import { RATE } from "./echo-server.ts";
import { Ears, PACKET_MS, PERIOD, PITCHES, packetSamples, pitchAt, SOUND } from "./sounds.ts";

/** Hears two rounds of sounds through the codec, `lateMs` after they were sent. */
async function heard(lateMs: number, lose: (index: number) => boolean): Promise<number[]> {
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const decoder = await opus().createDecoder({ sampleRate: RATE });
  const ears = new Ears();
  const sent = [];
  for (let i = 0; i < 2 * PERIOD * PITCHES; i++) {
    const at = i * PACKET_MS;
    if (i % PERIOD === 0) sent.push({ at, pitch: pitchAt(i) });
    const packet = encoder.encode(packetSamples(i));
    const samples = packet && !lose(i) ? decoder.decode(packet) : decoder.conceal(PACKET_MS);
    ears.hear("caller", samples, RATE, at + lateMs);
  }
  encoder.close();
  decoder.close();
  return ears.heardOf({ caller: sent, other: sent }).map(({ oneWayMs }) => oneWayMs);
}

describe("sounds", () => {
  it("are known again after the codec, also when several are on their way at once", async () => {
    for (const lateMs of [0, 30, 1_000, 6_000])
      expect(await heard(lateMs, () => false)).toEqual(new Array(2 * PITCHES).fill(lateMs));
  });

  it("are known when packets of them are lost; one whose first packet is, later", async () => {
    expect(await heard(30, (i) => i % PERIOD === SOUND / 2)).toEqual(new Array(2 * PITCHES).fill(30));
    // After a loss the decoder fades in.
    for (const ms of await heard(30, (i) => i % PERIOD === 0)) expect([50, 70]).toContain(ms);
  });

  it("are told with the moment they were there", () => {
    const ears = new Ears();
    for (let i = 0; i < PERIOD; i++) ears.hear("caller", packetSamples(i), 48_000, i * PACKET_MS);
    const sound = { at: -5, pitch: 0 };
    expect(ears.heardOf({ caller: [sound] })).toEqual([{ sound, at: 0, oneWayMs: 5 }]);
  });
});
