import { describe, expect, it } from "vitest";
import { COMFORT_NOISE, DTX, dtx, line, type Sent, talk } from "./line.fixture.ts";

it.each([
  ["one frame of 20 ms and a byte", 1, [0x78, 0]],
  ["two frames of 20 ms", 2, [0x79]],
  ["two frames of 20 ms, told apart", 2, [0x7a, 0]],
  ["three frames of 20 ms", 3, [0x7b, 3]],
  ["one frame of 60 ms", 3, [0x38]],
  ["six frames of 20 ms", 6, [0x7b, 6]],
])(
  "silence in packets of %s is silence: nothing of it is decoded, and it is over at once",
  async (_what, each, bytes) => {
    const { pass, ms, work, loud, receiver } = await line();
    const silence = (at: number) => ((at - 40) % each === 0 ? { payload: Uint8Array.from(bytes) } : undefined);
    pass(0, 40, talk);
    pass(40, 100, silence);
    expect(ms()).toBe(2_000);
    pass(100, 106, () => undefined);
    expect(ms()).toBeGreaterThanOrEqual(2_120 - 80);
    pass(106, 140, talk);
    expect(work).toEqual({ decoded: 74, madeUp: 0 });
    expect(loud(820, 2_100)).toBe(0);
    expect(ms()).toBe(2_800);
    receiver.close();
  },
);

it.each([
  ["two frames of one byte", [0x79, 0]],
  ["no count", [0x7b]],
  ["a count of none", [0x7b, 0]],
  ["a count of more than 120 ms", [0x7b, 7]],
  ["a count, and padding that is not there", [0x7b, 0x43]],
])("a packet of %s is no silence but rubbish", async (_what, bytes) => {
  const { pass, drops, receiver } = await line();
  pass(0, 10, talk);
  pass(10, 11, () => ({ payload: Uint8Array.from(bytes) }));
  expect(drops).toEqual(["audio_malformed"]);
  receiver.close();
});

describe("silence at the beginning and between two sources", () => {
  const nothing = (): undefined => undefined;
  const noise = () => ({ payload: Buffer.of(60), payloadType: COMFORT_NOISE });
  const of = (ssrc: number, what: (at: number) => Omit<Sent, "at"> | undefined) => (at: number) => {
    const made = what(at);
    return made && { ...made, ssrc };
  };
  type Part = readonly [frames: number, what: (at: number) => Omit<Sent, "at"> | undefined, lost?: readonly number[]];
  const every20ms = () => ({ payload: DTX });

  /** Each ends in 400 ms of words. Ms that are heard, and of them, from when on, words. */
  it.each<[string, Part[], number, number]>([
    ["silence, words", [[40, dtx]], 1_200, 800],
    ["silence all the time, words", [[40, every20ms]], 1_200, 800],
    ["comfort noise, words", [[20, noise]], 400, 0],
    [
      "nothing, silence, words",
      [
        [20, nothing],
        [20, dtx],
      ],
      800,
      400,
    ],
    [
      "words, silence, another source's silence, its words",
      [
        [20, talk],
        [20, dtx],
        [20, of(2, dtx)],
      ],
      1_600,
      1_200,
    ],
    [
      "words, silence, comfort noise of another source, its words",
      [
        [20, talk],
        [20, dtx],
        [20, of(2, noise)],
      ],
      1_600,
      1_200,
    ],
    [
      "words, silence, another source's first words lost",
      [
        [20, talk],
        [20, dtx],
        [5, of(2, talk), [40, 41, 42, 43, 44]],
      ],
      1_300,
      900,
    ],
    [
      "words, silence, another source's silence lost",
      [
        [20, talk],
        [20, dtx],
        [20, of(2, dtx), [40]],
      ],
      1_600,
      1_200,
    ],
    [
      "words, another source's words, its silence",
      [
        [20, talk],
        [20, of(2, talk)],
        [20, of(2, dtx)],
      ],
      1_600,
      1_200,
    ],
  ])("%s", async (name, parts, length, wordsFrom) => {
    const { pass, ms, loud, unbroken, work, receiver } = await line();
    let at = 0;
    for (const [frames, what, lost] of parts) {
      pass(at, at + frames, what, lost);
      at += frames;
    }
    pass(at, at + 20, name.includes("another") ? of(2, talk) : talk);
    expect(ms()).toBeCloseTo(length, -2);
    expect(work.madeUp).toBe(0);
    expect(unbroken()).toBe(true);
    const from = ms() - (length - wordsFrom);
    expect(loud(from + 20, ms())).toBeGreaterThan(300);
    if (from > 300) expect(loud(from - 200, from - 5)).toBe(0);
    receiver.close();
  });
});

describe("comfort noise that comes at another time than its own", () => {
  const noise = { payload: Buffer.of(60), payloadType: COMFORT_NOISE };

  it("before the last words: they are heard, and then it is silent as fast as ever", async () => {
    const { pass, packet, ms, loud, receiver } = await line();
    pass(0, 39, talk);
    const word = packet({ at: 39, ...talk(39) });
    receiver.receive(packet({ at: 40, ...noise }), 39 * 20);
    receiver.receive(word, 39 * 20 + 5);
    pass(40, 60, () => undefined);
    expect(ms()).toBeGreaterThanOrEqual(1_200 - 80);
    expect(loud(780, 800)).toBeGreaterThan(100);
    receiver.close();
  });

  it.each([
    ["late", 5],
    ["twice", 4],
  ])("%s, when somebody speaks again: words that are late are waited for, and lost ones made up", async (_when, at) => {
    const { pass, packet, ms, work, receiver } = await line();
    pass(0, 4, talk);
    const late = packet({ at: 4, ...noise });
    if (at === 4) receiver.receive(late, 80);
    pass(at, 40, talk);
    receiver.receive(late, 800);
    // The network holds 200 ms of words up.
    pass(40, 50, () => undefined);
    expect(ms()).toBe(800);
    for (let i = 40; i < 50; i++) receiver.receive(packet({ at: i, ...talk(i) }), 1_000);
    expect(ms()).toBe(1_000);
    receiver.receive(late, 1_001);
    pass(50, 60, talk, [50]);
    expect(work.madeUp).toBeGreaterThan(0);
    receiver.close();
  });
});
