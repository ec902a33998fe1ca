import { type AudioFormat, assertOptions, RoomKitError, type Vad, type VadEvent, type VadFactory } from "@roomkit/core";
import { inFrames, inSequence, quiet, speechLike, tone, whiteNoise } from "../signals.ts";
import { type ConformanceCase, check } from "./case.ts";

export interface VadConformanceOptions<V extends Vad = Vad> {
  readonly factory: Omit<VadFactory, "open"> & { open(format: AudioFormat): V };
  /** The mono format to test in. */
  readonly format: AudioFormat;
  /** Something the detector takes for speech, 1 to 5 s of it, without much silence around. Default: a buzz in syllables. */
  readonly speech?: Int16Array | undefined;
  /** For a detector that computes in the background: resolves when it has judged all it was given. */
  readonly settle?: ((vad: V) => Promise<void>) | undefined;
  /** Silence by which every end must have come, in ms. Default 3,000. */
  readonly patienceMs?: number | undefined;
}

/** How much two runs over the same audio may differ, in ms. */
const SAME_MS = 0.5;

/** What every {@link Vad} must do, as one case per requirement. */
export function vadConformance<V extends Vad>(options: VadConformanceOptions<V>): ConformanceCase[] {
  assertOptions("vadConformance", options, {
    required: ["factory", "format"],
    object: ["factory", "format", "speech"],
    function: ["settle"],
    number: ["patienceMs"],
  });
  const { factory, format, patienceMs = 3_000 } = options;
  const rate = format.sampleRate;
  const speech = options.speech ?? speechLike(rate, 2_000, 3_000);
  const lead = quiet(rate, 800);
  const tail = quiet(rate, patienceMs);
  const speechMs = (speech.length / rate) * 1000;
  const once = inSequence(lead, speech, tail);
  const twice = inSequence(lead, speech, tail, speech, tail);
  /** Everything that may confuse a detector, speech in between. */
  const turmoil = inSequence(
    whiteNoise(rate, 15, 20_000),
    quiet(rate, 300),
    speech,
    whiteNoise(rate, 900, 800, 2),
    tone(rate, 2_500, 440, 6_000),
    quiet(rate, 130),
    speech.subarray(0, Math.round(rate * 0.25)),
    quiet(rate, 700),
    speech.slice().fill(-32_768),
    whiteNoise(rate, 400, 25_000, 3),
    tail,
    speech,
    tail,
  );

  const feed = async (
    vad: V,
    samples: Int16Array,
    how: { length?: number | number[] | undefined; begin?: number | undefined } = {},
    watch: (event: VadEvent | undefined, now: number) => void = () => {},
  ): Promise<VadEvent[]> => {
    const events: VadEvent[] = [];
    for (const frame of inFrames(samples, format, how.length, how.begin)) {
      const event = vad.process(frame);
      if (event) events.push(event);
      watch(event, frame.timestamp + (frame.samples.length / rate) * 1000);
      await options.settle?.(vad);
    }
    return events;
  };

  const cases: ConformanceCase[] = [];
  const add = (name: string, body: (open: () => V) => void | Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const opened: V[] = [];
        try {
          await body(() => {
            const vad = factory.open(format);
            opened.push(vad);
            return vad;
          });
        } finally {
          for (const vad of opened) vad.close();
        }
      },
    });
  };

  add("says what it is and how much pre-roll it needs", () => {
    check(factory.name !== "", "the name is empty");
    check(factory.speechPadMs >= 0 && factory.speechPadMs <= 5_000, `speechPadMs is ${factory.speechPadMs}`);
  });

  add("opens a format it cannot work on with `unsupported_format`, or works on it", () => {
    for (const other of [8_000, 16_000, 48_000]) {
      if (other === rate) continue;
      try {
        factory.open({ sampleRate: other, channels: 1 }).close();
      } catch (error) {
        check(RoomKitError.is(error, "unsupported_format"), `opening at ${other} Hz failed with ${String(error)}`);
      }
    }
  });

  add("hears nothing in silence", async (open) => {
    const events = await feed(open(), inSequence(tail, tail));
    check(events.length === 0, `silence gave ${describe(events)}`);
  });

  add("starts and ends where speech does", async (open) => {
    const events = await feed(open(), twice);
    checkPairs(events);
    const second = 800 + speechMs + patienceMs;
    for (const begin of [800, second]) {
      const within = events.filter(
        (event) => event.timestamp >= begin - 200 && event.timestamp < begin + speechMs + 200,
      );
      const [first, last] = [within[0], within.at(-1)];
      check(first?.type === "speech-start", `no start for the speech at ${begin} ms: ${describe(events)}`);
      check(first.timestamp < begin + speechMs / 2, `the start came at ${first.timestamp} for speech at ${begin} ms`);
      check(last?.type === "speech-end", `no end for the speech at ${begin} ms: ${describe(events)}`);
      check(last.timestamp > begin + speechMs / 2, `the end came at ${last.timestamp} for speech from ${begin} ms on`);
    }
  });

  add("ends every start once, and ends nothing that did not start", async (open) => {
    checkPairs(await feed(open(), turmoil));
  });

  add("speaks of the past only, in order, on the capture clock", async (open) => {
    for (const begin of [0, 3_600_000]) {
      let last = begin;
      await feed(open(), turmoil, { begin }, (event, now) => {
        if (!event) return;
        check(event.timestamp >= last, `${event.type} at ${event.timestamp} ms follows something at ${last} ms`);
        const known = `${event.type} at ${event.timestamp} ms was known at ${now} ms`;
        check(event.timestamp <= now + SAME_MS, known);
        const { lagMs = Number.POSITIVE_INFINITY } = factory;
        check(event.type === "speech-end" || now - event.timestamp <= lagMs + SAME_MS, `${known}, after ${lagMs} ms`);
        last = event.timestamp;
      });
    }
  });

  add("decides the same however the audio is cut into frames", async (open) => {
    const expected = await feed(open(), twice);
    for (const length of [rate / 100, 4_096, 512, [1, 7, 333, 2], Math.round(rate * 0.03)]) {
      const events = await feed(open(), twice, { length });
      check(same(events, expected), `frames of ${length} samples: ${describe(events)}, not ${describe(expected)}`);
    }
  });

  add("decides the same again after reset, and forgets what it was about to say", async (open) => {
    const expected = await feed(open(), once);
    const vad = open();
    let speaking = false;
    const begun = await feed(vad, inSequence(lead, speech), {}, (event) => {
      speaking ||= event?.type === "speech-start";
    });
    check(speaking, `the speech did not start: ${describe(begun)}`);
    vad.reset();
    const silent = await feed(vad, tail, { begin: 60_000 });
    check(silent.length === 0, `after reset, silence gave ${describe(silent)}`);
    vad.reset();
    const again = await feed(vad, once);
    check(same(again, expected), `after reset ${describe(again)}, before ${describe(expected)}`);
  });

  add("keeps streams apart", async (open) => {
    const [expectedA, expectedB] = [await feed(open(), once), await feed(open(), turmoil)];
    const [a, b] = [open(), open()];
    const [eventsA, eventsB]: [VadEvent[], VadEvent[]] = [[], []];
    const [framesA, framesB] = [inFrames(once, format), inFrames(turmoil, format)];
    for (let i = 0; i < Math.max(framesA.length, framesB.length); i++) {
      for (const [vad, frame, events] of [
        [a, framesA[i], eventsA],
        [b, framesB[i], eventsB],
      ] as const) {
        const event = frame && vad.process(frame);
        if (event) events.push(event);
      }
      await Promise.all([options.settle?.(a), options.settle?.(b)]);
    }
    check(same(eventsA, expectedA), `beside another stream ${describe(eventsA)}, alone ${describe(expectedA)}`);
    check(same(eventsB, expectedB), `beside another stream ${describe(eventsB)}, alone ${describe(expectedB)}`);
  });

  add("gives a probability between 0 and 1, high in speech and low in silence", async (open) => {
    const vad = open();
    let [highest, lowest] = [0, 1];
    const look = (): void => {
      const { probability } = vad;
      check(probability >= 0 && probability <= 1, `the probability is ${probability}`);
      highest = Math.max(highest, probability);
      lowest = Math.min(lowest, probability);
    };
    await feed(vad, turmoil, {}, look);
    check(highest > 0.5 && lowest < 0.5, `the probability was between ${lowest} and ${highest} throughout`);
  });

  add("counts speech, where it counts, and not the silence that it waits out", async (open) => {
    const vad = open();
    if (vad.speechMs === undefined) return;
    let [last, atEnd, ended] = [0, 0, false];
    await feed(vad, once, {}, (event) => {
      const { speechMs = Number.NaN } = vad;
      check(speechMs >= last || event?.type === "speech-start", `speechMs went from ${last} to ${speechMs}`);
      if (event?.type === "speech-end" && !ended) {
        ended = true;
        atEnd = event.durationMs;
      }
      last = speechMs;
    });
    check(ended, "no speech ended");
    check(last > 0 && last <= speechMs + patienceMs, `speechMs is ${last} for speech of ${speechMs} ms`);
    check(last <= atEnd + 40, `speechMs is ${last}, though the speech lasted ${atEnd} ms`);
  });

  add("leaves frames as they were", async (open) => {
    const vad = open();
    const samples = speech.slice();
    vad.process({ samples, sampleRate: rate, channels: 1, timestamp: 0 });
    await options.settle?.(vad);
    check(
      samples.every((sample, i) => sample === speech[i]),
      "it wrote to the samples of a frame",
    );
  });

  add("closes as often as it is told to, and hears nothing afterwards", async (open) => {
    const vad = open();
    await feed(vad, inSequence(lead, speech));
    vad.close();
    vad.close();
    const events = await feed(vad, twice, { begin: 60_000 });
    vad.reset();
    vad.close();
    check(events.length === 0, `after close there was ${describe(events)}`);
  });

  return cases;
}

function checkPairs(events: readonly VadEvent[]): void {
  let start: number | undefined;
  for (const event of events) {
    if (event.type === "speech-start") {
      check(start === undefined, `a second start without an end: ${describe(events)}`);
      start = event.timestamp;
    } else {
      check(start !== undefined, `an end without a start: ${describe(events)}`);
      const length = event.timestamp - start;
      check(length >= 0, `speech ended before it began: ${describe(events)}`);
      check(Math.abs(event.durationMs - length) <= SAME_MS, `${event.durationMs} ms is not the time from start to end`);
      start = undefined;
    }
  }
  check(start === undefined, `a start without an end: ${describe(events)}`);
}

function same(a: readonly VadEvent[], b: readonly VadEvent[]): boolean {
  return (
    a.length === b.length &&
    a.every((event, i) => {
      const other = b[i] as VadEvent;
      return event.type === other.type && Math.abs(event.timestamp - other.timestamp) <= SAME_MS;
    })
  );
}

function describe(events: readonly VadEvent[]): string {
  return events.length === 0 ? "nothing" : events.map((e) => `${e.type} ${e.timestamp.toFixed(1)}`).join(", ");
}
