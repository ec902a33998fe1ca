import { seededRandom } from "@roomkit/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TrackLedger, type TrackPlayed, type TrackReport } from "./track-ledger.ts";

const SSRC = 77;
const TICKS = 960;
const SAMPLES = 480;

/** A track whose first frame has timestamp `start`. */
function track(start = 1_000) {
  const ledger = new TrackLedger(SAMPLES);
  let timestamp = start;
  let frame = 0;
  let following: number | undefined;
  return {
    ledger,
    /** Sends so many frames of an utterance, from `offset` samples on. */
    send(number: number, frames: number, offset = 0): void {
      for (let i = 0; i < frames; i++) {
        const wrapped = timestamp >>> 0;
        if (wrapped !== following) ledger.placed({ ssrc: SSRC, frame, timestamp: wrapped, ticks: TICKS });
        ledger.sent(number, offset + i * SAMPLES);
        timestamp += TICKS;
        following = timestamp >>> 0;
        frame++;
      }
    },
    /** Nothing is sent for so long. */
    pause(ms: number): void {
      timestamp += (ms * TICKS) / 20;
    },
    /** The client has played so much since the track began. */
    at(ms: number, how: Partial<TrackReport> = {}): readonly TrackPlayed[] | undefined {
      const rtpTimestamp = (start + Math.floor(ms / 20) * TICKS) >>> 0;
      return ledger.read({ ssrc: SSRC, rtpTimestamp, playedMs: ms % 20, ...how });
    },
  };
}

describe("a track's RTP time as positions in utterances", () => {
  it.each([
    ["at the start", 0],
    ["past the wrap-around of timestamps", 0xffff_ffff - 10 * TICKS],
    ["past the middle of the circle", 0x7fff_ffff - 10 * TICKS],
  ])("is exact %s", (_, start) => {
    const { send, at } = track(start);
    send(1, 25);
    send(2, 25);
    expect(at(0)).toEqual([]);
    expect(at(130)).toEqual([{ number: 1, samples: 3_120 }]);
    expect(at(500)).toEqual([{ number: 1, samples: 12_000 }]);
    expect(at(505)).toEqual([{ number: 2, samples: 120 }]);
    expect(at(1_000)).toEqual([{ number: 2, samples: 12_000 }]);
  });

  it("tells the utterances that were passed since the last report, in order", () => {
    const { send, at } = track();
    for (const number of [1, 2, 3]) send(number, 5);
    expect(at(250)).toEqual([
      { number: 1, samples: 2_400 },
      { number: 2, samples: 2_400 },
      { number: 3, samples: 1_200 },
    ]);
  });

  it("counts nothing of a pause, nor of the silence that ends a stretch", () => {
    const { send, pause, at } = track();
    send(1, 10);
    expect(at(290)).toEqual([{ number: 1, samples: 4_800 }]);
    pause(3_000);
    send(1, 10, 4_800);
    expect(at(400)).toEqual([]);
    expect(at(3_200)).toEqual([]);
    expect(at(3_220)).toEqual([{ number: 1, samples: 5_280 }]);
  });

  it("counts a short frame as long as it was, though it was filled up", () => {
    const { send, at } = track();
    send(1, 3);
    send(1, 3, 2 * SAMPLES + 100);
    expect(at(55)).toEqual([{ number: 1, samples: 2 * SAMPLES + 100 }]);
    expect(at(70)).toEqual([{ number: 1, samples: 2 * SAMPLES + 100 + 240 }]);
  });

  it.each<[string, number, readonly (readonly [number, Partial<TrackReport>?])[], unknown]>([
    ["before anything was sent", 0, [[0]], undefined],
    ["of another stream", 50, [[100, { ssrc: 5 }]], undefined],
    ["of what was not sent", 50, [[1_300]], undefined],
    ["a little past what was sent", 50, [[1_150]], [{ number: 1, samples: 24_000 }]],
    ["of before the first frame", 50, [[0, { playedMs: -90 }]], []],
    ["of long before the first frame", 50, [[0, { rtpTimestamp: 0xf000_0000 }]], undefined],
    ["a second time", 50, [[400], [400]], []],
    ["out of order", 50, [[400], [260]], []],
    ["that falls", 50, [[800], [100]], undefined],
  ])("takes a report %s as it is", (_, frames, reports, expected) => {
    const { send, at } = track();
    send(1, frames);
    expect(reports.map(([ms, how]) => at(ms, how)).at(-1)).toEqual(expected);
  });

  it("holds little, whether the client reports or not", () => {
    for (const reports of [true, false]) {
      const { ledger, send, pause, at } = track();
      for (let i = 0; i < 500; i++) {
        send(i, 3);
        pause(140);
        if (reports) expect(at(i * 200 + 30)?.at(-1)).toEqual({ number: i, samples: 720 });
        expect(ledger.size).toBeLessThanOrEqual(reports ? 8 : 128);
      }
    }
  });

  it("never counts more than was sent, nor twice, whatever is reported", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat({ max: 5_000 }), { maxLength: 30 }), (seed, reports) => {
        const random = seededRandom(seed);
        const { send, pause, at } = track(0xffff_0000);
        const sent = new Map<number, number>();
        const heard = new Map<number, number>();
        for (const ms of reports) {
          const number = sent.size + (random() < 0.5 ? 1 : 0) || 1;
          const before = sent.get(number) ?? 0;
          const frames = 1 + Math.floor(random() * 20);
          send(number, frames, before);
          sent.set(number, before + frames * SAMPLES);
          if (random() < 0.3) pause(Math.floor(random() * 50) * 20);
          for (const played of at(ms) ?? []) {
            expect(played.samples).toBeGreaterThan(heard.get(played.number) ?? 0);
            expect(played.samples).toBeLessThanOrEqual(sent.get(played.number) ?? 0);
            heard.set(played.number, played.samples);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
