import { describe, expect, it } from "vitest";
import { rmsDb, sinePcm, toneDb } from "../audio.fixture.ts";
import { type PlaybackReport, Player, type PlayerOptions } from "./player.ts";

const SOURCE = 24_000;
const CONTEXT = 48_000;

function make(options: Partial<PlayerOptions> = {}): Player {
  return new Player({ contextRate: CONTEXT, sourceRate: SOURCE, ...options });
}

/** Renders `ms` in the browser's blocks of 128. */
function render(player: Player, ms: number, rate = CONTEXT): Float32Array {
  const output = new Float32Array(Math.ceil((ms * rate) / 1000 / 128) * 128);
  for (let at = 0; at < output.length; at += 128) player.render(output.subarray(at, at + 128));
  return output;
}

/** Sends `ms` of a tone as packets of 20 ms, from `offset` on. */
function speak(player: Player, utterance: number, ms: number, offset = 0): void {
  const length = (ms * SOURCE) / 1000;
  const tone = sinePcm(440, SOURCE, offset + length);
  for (let at = offset; at < tone.length; at += 480) player.push(utterance, at, tone.slice(at, at + 480));
}

/** The largest step between neighbouring samples: a 440 Hz tone at 0.5 has at most 0.029. */
function worstStep(samples: Float32Array): number {
  let worst = 0;
  for (let i = 1; i < samples.length; i++) {
    worst = Math.max(worst, Math.abs((samples[i] as number) - (samples[i - 1] as number)));
  }
  return worst;
}

function firstSound(samples: Float32Array): number {
  return samples.findIndex((value) => Math.abs(value) > 0.01);
}

describe("Player", () => {
  it("renders what was sent, at its level and pitch", () => {
    const player = make();
    speak(player, 1, 500);
    player.end(1);
    const output = render(player, 600);
    const middle = output.subarray(4_800, 19_200);
    expect(toneDb(middle, 440, CONTEXT)).toBeCloseTo(-6, 0);
    expect(worstStep(output)).toBeLessThan(0.05);
    expect(rmsDb(output.subarray(24_400))).toBeLessThan(-90);
  });

  it.each([8_000, 16_000, 24_000, 48_000])("accounts for every sample of a %d Hz stream", (sourceRate) => {
    for (const contextRate of [44_100, 48_000]) {
      const player = new Player({ contextRate, sourceRate });
      player.push(1, 0, sinePcm(440, sourceRate, sourceRate / 2 + 7));
      player.end(1);
      const output = render(player, 700, contextRate);
      const reports = player.takeReports();
      expect(reports.at(-1)).toEqual({
        utterance: 1,
        playedSamples: sourceRate / 2 + 7,
        done: true,
        cleared: false,
      } satisfies PlaybackReport);
      for (let i = 1; i < reports.length; i++) {
        expect(reports[i]?.playedSamples).toBeGreaterThan(reports[i - 1]?.playedSamples as number);
      }
      const sound = output.findLastIndex((value) => Math.abs(value) > 0.001);
      expect(Math.abs(sound - contextRate / 2)).toBeLessThan(contextRate / 200);
    }
  });

  it("reports at the first sample, a few times a second, and at the end", () => {
    const player = make({ reportEveryMs: 200 });
    speak(player, 1, 1_000);
    player.end(1);
    render(player, 10);
    expect(player.takeReports()).toMatchObject([{ utterance: 1, done: false }]);
    render(player, 1_100);
    const later = player.takeReports();
    expect(later).toHaveLength(5);
    expect(later.at(-1)).toMatchObject({ playedSamples: 24_000, done: true });
  });

  it("is silent within 10 ms of clear, without a click, and says exactly what was heard", () => {
    const player = make();
    speak(player, 1, 1_000);
    speak(player, 2, 1_000);
    const before = render(player, 300);
    player.takeReports();
    player.clear();
    const after = render(player, 100);
    const sound = after.findLastIndex((value) => value !== 0);
    expect(sound).toBeLessThan(CONTEXT / 100);
    const whole = new Float32Array([...before, ...after]);
    expect(worstStep(whole)).toBeLessThan(0.05);
    // 300 ms are 113 blocks of 128, plus 5 ms of fade, at half the rate.
    expect(player.takeReports()).toEqual([
      { utterance: 1, playedSamples: (113 * 128 + 240) / 2, done: true, cleared: true },
      { utterance: 2, playedSamples: 0, done: true, cleared: true },
    ]);
    speak(player, 1, 500, 24_000);
    expect(rmsDb(render(player, 200))).toBeLessThan(-90);
  });

  it("plays the next utterance after a clear from its very beginning", () => {
    const player = make();
    speak(player, 1, 500);
    render(player, 200);
    player.clear();
    speak(player, 2, 500);
    const output = render(player, 100);
    // The fade of the first takes 5 ms; a sine starts at zero, so the threshold adds a fraction of a ms.
    expect(firstSound(output.subarray(240))).toBeLessThan(20);
    expect(player.takeReports().at(-1)).toMatchObject({ utterance: 2, done: false });
  });

  it("leaves a playing utterance alone when only earlier ones are cleared", () => {
    const player = make();
    speak(player, 3, 500);
    speak(player, 2, 500);
    const before = render(player, 100);
    player.takeReports();
    player.clear(2);
    const after = render(player, 100);
    expect(worstStep(new Float32Array([...before, ...after]))).toBeLessThan(0.05);
    expect(rmsDb(after)).toBeGreaterThan(-12);
    expect(player.takeReports()[0]).toEqual({ utterance: 2, playedSamples: 0, done: true, cleared: true });
  });

  it("does not harm the utterance after a cleared one that had all but ended", () => {
    const player = make();
    speak(player, 1, 100);
    player.end(1);
    speak(player, 2, 100);
    player.end(2);
    render(player, 98);
    player.takeReports();
    player.clear(1);
    const output = render(player, 200);
    expect(player.takeReports().filter(({ done }) => done)).toEqual([
      { utterance: 1, playedSamples: 2_400, done: true, cleared: false },
      { utterance: 2, playedSamples: 2_400, done: true, cleared: false },
    ]);
    const end = output.findLastIndex((value) => Math.abs(value) > 0.01);
    expect(end / 48).toBeGreaterThan(100);
    expect(end / 48).toBeLessThan(103);
  });

  it("does nothing on clear when nothing is queued", () => {
    const player = make();
    player.clear();
    expect(player.takeReports()).toEqual([]);
    expect(rmsDb(render(player, 20))).toBeLessThan(-90);
  });

  it("goes silent softly when audio runs out, and comes back softly with the cushion refilled", () => {
    const player = make({ jitter: { startMs: 80, growMs: 40 } });
    speak(player, 1, 203);
    const first = render(player, 300);
    expect(player.jitter.underruns).toBe(1);
    speak(player, 1, 110, 4_872);
    const waiting = render(player, 100);
    expect(rmsDb(waiting)).toBeLessThan(-90);
    speak(player, 1, 200, 4_872 + 2_640);
    const back = render(player, 200);
    expect(rmsDb(back.subarray(1_000, 8_000))).toBeGreaterThan(-12);
    expect(worstStep(new Float32Array([...first, ...waiting, ...back]))).toBeLessThan(0.06);
  });

  it("replaces a short lost piece by silence and skips a long one, and counts both as passed", () => {
    const player = make();
    speak(player, 1, 100);
    speak(player, 1, 100, 2_400 + 480);
    speak(player, 1, 100, 2_400 + 480 + 2_400 + 48_000);
    player.end(1);
    const output = render(player, 500);
    expect(player.concealed).toBe(480 + 48_000);
    expect(player.takeReports().at(-1)).toMatchObject({ playedSamples: 7_200 + 480 + 48_000, done: true });
    expect(worstStep(output)).toBeLessThan(0.06);
    // 300 ms of tone, 20 ms and 60 ms of silence.
    const end = output.findLastIndex((value) => Math.abs(value) > 0.01);
    expect(end / 48).toBeGreaterThan(375);
    expect(end / 48).toBeLessThan(385);
  });

  it("joins in where a resumed call goes on", () => {
    const player = make();
    speak(player, 5, 200, 48_000);
    player.end(5);
    const output = render(player, 50);
    expect(firstSound(output) / 48).toBeLessThan(3);
    expect(player.takeReports()[0]?.playedSamples).toBeGreaterThanOrEqual(48_000);
    render(player, 300);
    expect(player.takeReports().at(-1)).toMatchObject({ playedSamples: 48_000 + 4_800, done: true });
  });

  it("plays utterances back to back without a pause", () => {
    const player = make();
    for (const id of [1, 2, 3]) {
      speak(player, id, 100);
      player.end(id);
    }
    const output = render(player, 400);
    const end = output.findLastIndex((value) => Math.abs(value) > 0.01);
    expect(end / 48).toBeGreaterThan(298);
    expect(end / 48).toBeLessThan(302);
    expect(player.takeReports().filter(({ done }) => done)).toMatchObject([
      { utterance: 1, playedSamples: 2_400 },
      { utterance: 2, playedSamples: 2_400 },
      { utterance: 3, playedSamples: 2_400 },
    ]);
  });

  it("reports an utterance that ended without audio", () => {
    const player = make();
    player.end(4);
    render(player, 10);
    expect(player.takeReports()).toEqual([{ utterance: 4, playedSamples: 0, done: true, cleared: false }]);
  });

  it("hears every sample once under any jitter, loss of order and duplication", () => {
    let state = 99;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state / 0x80000000;
    };
    for (let round = 0; round < 20; round++) {
      const player = make({ jitter: { startMs: 60 } });
      const total = 50 + Math.floor(random() * 50);
      const packets = Array.from({ length: total }, (_, i) => ({ i, at: i * 20 + random() * 50 }));
      for (const packet of [...packets]) if (random() < 0.1) packets.push({ ...packet, at: packet.at + 30 });
      packets.sort((a, b) => a.at - b.at);
      const last = packets.at(-1)?.at as number;
      let ended = false;
      for (let now = 0; now < last + 3_000; now += 128 / 48) {
        while (packets[0] && packets[0].at <= now) {
          const { i } = packets.shift() as { i: number };
          player.push(1, i * 480, new Int16Array(480).fill(8_000));
        }
        if (packets.length === 0 && !ended) player.end(1);
        ended = packets.length === 0;
        player.render(new Float32Array(128));
      }
      expect(player.takeReports().at(-1)).toMatchObject({ playedSamples: total * 480, done: true });
    }
  });
});
