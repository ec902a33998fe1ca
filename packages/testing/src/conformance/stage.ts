import {
  type AudioFormat,
  type AudioFrame,
  assertOptions,
  frameDurationMs,
  RoomKitError,
  type Stage,
  type StageFactory,
} from "@roomkit/core";
import { inFrames, inSequence } from "../signals.ts";
import { type ConformanceCase, check } from "./case.ts";
import { heldMb } from "./held-memory.ts";
import {
  checkEvent,
  checkFrame,
  checkSame,
  energy,
  type Output,
  SAME_MS,
  sameSamples,
  shifted,
  where,
} from "./stage-checks.ts";
import { call, extremes, type StageSignal } from "./stage-signals.ts";

/** A stage of the inbound path: one that changes audio, cancels echo, or tells of what it hears. */
export interface InboundStage extends Stage {
  process(frame: AudioFrame): unknown;
  /** An echo canceller's: what is played. */
  reference?(frame: AudioFrame): void;
}

export interface StageConformanceOptions<S extends InboundStage> {
  readonly factory: StageFactory<S>;
  /** The mono format to test in. */
  readonly format: AudioFormat;
  /** What `process` gives: audio frames, or now and then something it has heard. */
  readonly gives: "audio" | "events";
  /** Audio that makes the stage do what it is for, 1 to 10 s; what it tells of must be told by the end. Default: somebody speaks, some noise. */
  readonly input?: Int16Array | undefined;
  /** How much audio the stage may hold back at most, ms. Default 0: as much comes out of each `process` as went in. */
  readonly heldBackMs?: number | undefined;
  /** For a stage that computes in the background: resolves when it has judged all it was given. */
  readonly settle?: ((stage: S) => Promise<void>) | undefined;
  /** Length of the long run, minutes of audio. Default 10. */
  readonly minutes?: number | undefined;
  /** Memory that the long run may leave behind, MB; one that keeps 16 kHz frames leaves 19. Default 2. */
  readonly growthMb?: number | undefined;
}

/** Between two samples of a slow wave of full scale: more is one that went over the top and came up at the bottom. */
const WRAPPED = 40_000;
/** Streams opened and closed one after the other. */
const STREAMS = 100;

/** What every stage of the inbound path must do, whatever it is for, as one case per requirement. */
export function stageConformance<S extends InboundStage>(options: StageConformanceOptions<S>): ConformanceCase[] {
  assertOptions("stageConformance", options, {
    required: ["factory", "format", "gives"],
    object: ["factory", "format", "input"],
    oneOf: { gives: ["audio", "events"] },
    function: ["settle"],
    number: ["heldBackMs", "minutes", "growthMb"],
  });
  const { factory, format, gives, heldBackMs = 0, minutes = 10, growthMb = 2 } = options;
  const rate = format.sampleRate;
  const first = call(rate, 1);
  const main: StageSignal = options.input ? { ...first, near: options.input } : first;
  const other = call(rate, 2);
  const held = Math.ceil((rate * heldBackMs) / 1000);

  /** One frame through the stage. */
  const step = (stage: S, near: AudioFrame, far: AudioFrame | undefined, output: (out: unknown) => void): void => {
    if (far) stage.reference?.(far);
    output(stage.process(near));
  };

  const feed = async (
    stages: readonly S[],
    signals: readonly StageSignal[],
    how: { readonly length?: number | readonly number[] | undefined; readonly begin?: number | undefined } = {},
  ): Promise<Output[]> => {
    const cut = (samples: Int16Array): AudioFrame[] => inFrames(samples, format, how.length, how.begin);
    const cuts = signals.map(({ near, far }) => ({ near: cut(near), far: cut(far) }));
    const outputs = stages.map(() => ({ frames: [] as AudioFrame[], events: [] as unknown[] }));
    const longest = Math.max(...cuts.map(({ near }) => near.length));
    for (let i = 0; i < longest; i++) {
      for (const [n, stage] of stages.entries()) {
        const { near, far } = cuts[n] as (typeof cuts)[number];
        const [frame, output] = [near[i], outputs[n] as (typeof outputs)[number]];
        if (!frame) continue;
        const end = frame.timestamp + frameDurationMs(frame);
        step(stage, frame, far[i], (out) => {
          if (gives === "audio") output.frames.push(checkFrame(out, format, end));
          else if (out !== undefined) output.events.push(checkEvent(out, end));
        });
        await options.settle?.(stage);
      }
    }
    return outputs.map((output) => ({
      ...output,
      samples: inSequence(...output.frames.map((frame) => frame.samples)),
    }));
  };

  const feedOne = async (stage: S, signal: StageSignal, how?: Parameters<typeof feed>[2]): Promise<Output> =>
    (await feed([stage], [signal], how))[0] as Output;

  const cases: ConformanceCase[] = [];
  const add = (name: string, body: (open: () => S) => void | Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const opened: S[] = [];
        try {
          await body(() => {
            const stage = factory.open(format, { sessionId: "conformance" });
            opened.push(stage);
            return stage;
          });
        } finally {
          for (const stage of opened) stage.close();
        }
      },
    });
  };

  add("says what it is and at which rate it works", () => {
    check(factory.name !== "", "the name is empty");
    const { sampleRate = rate } = factory;
    check(sampleRate === rate, `it works at ${sampleRate} Hz, and was to be tested at ${rate}`);
  });

  add("opens a format it cannot work on with `unsupported_format`, or works on it", () => {
    for (const sampleRate of [8_000, 16_000, 24_000, 44_100, 48_000]) {
      for (const channels of [1, 2] as const) {
        const such: AudioFormat = { sampleRate, channels };
        const what = `${sampleRate} Hz, ${channels} channels`;
        let stage: S;
        try {
          stage = factory.open(such);
        } catch (error) {
          check(RoomKitError.is(error, "unsupported_format"), `opening ${what} failed with ${String(error)}`);
          continue;
        }
        try {
          for (const frame of inFrames(new Int16Array(such.sampleRate * channels), such)) {
            step(stage, frame, frame, (out) => gives === "audio" && checkFrame(out, such, Number.POSITIVE_INFINITY));
          }
        } catch (error) {
          check(false, `it opened ${what}, and then: ${String(error)}`);
        } finally {
          stage.close();
        }
      }
    }
  });

  add("refuses frames of another format than it was opened for with `unsupported_format`", (open) => {
    const stage = open();
    for (const wrong of [
      { sampleRate: rate * 2, channels: 1 },
      { sampleRate: rate, channels: 2 },
    ] as const) {
      let thrown: unknown;
      try {
        stage.process({ samples: new Int16Array(320), ...wrong, timestamp: 0 });
      } catch (error) {
        thrown = error;
      }
      check(RoomKitError.is(thrown, "unsupported_format"), `${JSON.stringify(wrong)}: ${String(thrown)}`);
    }
  });

  add("leaves frames as they were", async (open) => {
    const stage = open();
    const [near, far] = [main.near.slice(), main.far.slice()];
    const [nearFrames, farFrames] = [inFrames(near, format), inFrames(far, format)];
    for (const [i, frame] of nearFrames.entries()) step(stage, frame, farFrames[i], () => {});
    await options.settle?.(stage);
    const same = (frames: AudioFrame[], was: Int16Array): boolean =>
      sameSamples(inSequence(...frames.map(({ samples }) => samples)), was);
    check(same(nearFrames, near), "it wrote to the samples of a frame");
    check(same(farFrames, far), "it wrote to the samples of a reference frame");
  });

  if (gives === "audio") {
    add("gives as much audio as it was given, but what it holds back, on the capture clock", async (open) => {
      for (const begin of [0, 3_600_000]) {
        const { samples, frames } = await feedOne(open(), main, { begin });
        const missing = main.near.length - samples.length;
        check(missing >= 0, `${-missing} samples more came out than went in`);
        check(missing <= held, `${missing} samples are missing, and at most ${held} may be held back`);
        const full = frames.filter((frame) => frame.samples.length > 0);
        const at = full[0]?.timestamp ?? Number.NaN;
        check(Math.abs(at - begin) <= 100, `the first audio is at ${at} ms, and it was said at ${begin}`);
        for (const [i, { timestamp }] of full.entries()) {
          const before = full[i - 1];
          const expected = before ? before.timestamp + frameDurationMs(before) : timestamp;
          check(Math.abs(timestamp - expected) <= SAME_MS, `a frame is at ${timestamp} ms, not at ${expected}`);
        }
      }
    });
  } else {
    add("tells of what it hears, on the capture clock", async (open) => {
      const told = [];
      for (const begin of [0, 3_600_000]) {
        const { events } = await feedOne(open(), main, { begin });
        check(events.length > 0, "it told of nothing");
        told.push(events.map((event) => shifted(event, -begin)));
      }
      checkSame(told[1] as unknown[], told[0] as unknown[], "an hour later");
    });
  }

  const checkOutput = (actual: Output, expected: Output, when: string): void => {
    if (gives === "events") checkSame(actual.events, expected.events, when);
    else
      check(sameSamples(actual.samples, expected.samples), `${when} it gives other samples ${where(actual, expected)}`);
  };

  add("does the same again after reset", async (open) => {
    const expected = await feedOne(open(), main);
    const stage = open();
    await feedOne(stage, { ...other, near: inSequence(other.near, main.near.subarray(0, main.near.length >> 1)) });
    stage.reset();
    checkOutput(await feedOne(stage, main), expected, "after reset");
  });

  add("keeps streams apart", async (open) => {
    const alone = [await feedOne(open(), main), await feedOne(open(), other)];
    const together = await feed([open(), open()], [main, other]);
    for (const [i, expected] of alone.entries()) checkOutput(together[i] as Output, expected, "beside another stream");
  });

  add("does the same however the audio is cut into frames", async (open) => {
    // Of what is played a canceller knows as much as it was told when a frame comes: that depends on how it is cut.
    if (open().reference) return;
    const expected = await feedOne(open(), main);
    for (const length of [rate / 100, Math.round(rate * 0.03), [1, 7, 333, 2]]) {
      const output = await feedOne(open(), main, { length });
      const common = Math.min(output.samples.length, expected.samples.length);
      const enough = gives === "events" || main.near.length - common <= held;
      check(enough, `frames of ${length} samples: more than ${held} samples are held back`);
      const upTo = ({ samples, ...rest }: Output): Output => ({ ...rest, samples: samples.subarray(0, common) });
      checkOutput(upTo(output), upTo(expected), `in frames of ${length} samples`);
    }
  });

  add("bears silence, full scale, constants and random samples, and then goes on", async (open) => {
    const expected = await feedOne(open(), main);
    for (const signal of extremes(rate)) {
      const stage = open();
      const { samples } = await feedOne(stage, signal);
      const steep = samples.findIndex((x, i) => i > 0 && Math.abs(x - (samples[i - 1] as number)) > WRAPPED);
      const slow = signal.near.every((x, i) => i === 0 || Math.abs(x - (signal.near[i - 1] as number)) < WRAPPED / 4);
      check(!slow || steep < 0, `${signal.name}: sample ${steep} went over the top`);
      const after = await feedOne(stage, { ...main, near: inSequence(main.near, main.near) }, { begin: 1_000 });
      if (gives === "events") check(after.events.length > 0, `after ${signal.name} it tells of nothing any more`);
      else {
        const [loud, usual] = [energy(after.samples.subarray(-main.near.length)), energy(expected.samples)];
        check(loud > usual / 100, `after ${signal.name} hardly anything comes out: ${loud}, usually ${usual}`);
      }
    }
  });

  add("closes as often as it is told to, and does no harm afterwards", async (open) => {
    const stage = open();
    await feedOne(stage, other);
    stage.close();
    stage.close();
    const { events } = await feedOne(stage, main, { begin: 60_000 });
    stage.reset();
    stage.close();
    check(events.length === 0, `after close it told of ${JSON.stringify(events)}`);
  });

  add(`keeps nothing of ${minutes} minutes of audio`, async (open) => {
    const stage = open();
    const [near, far] = [inFrames(main.near, format), inFrames(main.far, format)];
    const total = minutes * 60 * 50;
    let before = 0;
    for (let i = 0; i < total; i++) {
      // The first tenth is what it keeps for good, and what is compiled.
      if (i === Math.floor(total / 10)) before = await heldMb();
      const again = (frames: AudioFrame[]): AudioFrame => ({
        ...(frames[i % frames.length] as AudioFrame),
        timestamp: i * 20,
      });
      step(stage, again(near), again(far), () => {});
      await options.settle?.(stage);
    }
    const growth = (await heldMb()) - before;
    check(growth <= growthMb, `it holds ${growth.toFixed(1)} MB more than at the beginning`);
  });

  add(`keeps nothing of ${STREAMS} streams that were closed`, async () => {
    const piece = { ...main, near: main.near.subarray(0, rate / 5), far: main.far.subarray(0, rate / 5) };
    let before = 0;
    for (let i = 0; i < STREAMS; i++) {
      if (i === STREAMS / 10) before = await heldMb();
      const stage = factory.open(format);
      await feedOne(stage, piece);
      stage.close();
    }
    const growth = (await heldMb()) - before;
    check(growth <= growthMb, `${growth.toFixed(1)} MB are left of them`);
  });

  return cases;
}
