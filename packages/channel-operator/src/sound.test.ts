import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VoiceChannel } from "@roomkit/channel-voice";
import type { AudioFormat } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { inFrames, samplesOfWav, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { loudness, type Person, rig } from "./rig.fixture.ts";

const mono = (sampleRate: number): AudioFormat => ({ sampleRate, channels: 1 });
/** Everybody is a tone of their own, 2,000 RMS. */
const HZ = { caller: 440, ann: 700, bob: 1_100, assistant: 1_700 } as const;
type Who = keyof typeof HZ;
const RMS = 2_000;
const voiceOf = (who: Who, { connection }: Person, ms: number): Int16Array =>
  tone(connection.inbound.sampleRate, ms, HZ[who], RMS);

/** Whom one hears, each as a share of how loud they spoke, in the middle of what came out of their speaker since `from`. */
function hears({ speaker }: Person, from: number): Record<Who, number> {
  const all = speaker.since(from);
  const rate = speaker.format.sampleRate;
  // Whole periods of all tones: 100 ms.
  const samples = all.slice(rate * 0.3, rate * 0.3 + rate * 0.1 * 4);
  const share = (who: Who): number => Math.round((loudness(samples, rate, HZ[who]) / (RMS * Math.SQRT2)) * 100) / 100;
  return { caller: share("caller"), ann: share("ann"), bob: share("bob"), assistant: share("assistant") };
}

const all = (values: Partial<Record<Who, number>>) => {
  const wanted = { caller: 0, ann: 0, bob: 0, assistant: 0, ...values };
  return Object.fromEntries(Object.entries(wanted).map(([who, share]) => [who, expect.closeTo(share, 1)]));
};

async function conference(rates: { caller: number; ann: number; bob: number }, operator = {}) {
  const both = (rate: number) => ({ inbound: mono(rate), outbound: mono(rate) });
  const r = await rig({ pipeline: audioPipeline({}), caller: both(rates.caller), operator });
  const [ann, bob] = [await r.operator("ann", both(rates.ann)), await r.operator("bob", both(rates.bob))];
  const { caller } = r;
  const talk = async (ms = 1_000) => {
    const marks = [caller, ann, bob].map(({ speaker }) => speaker.length);
    await r.speak(ms, [
      [caller, voiceOf("caller", caller, ms)],
      [ann, voiceOf("ann", ann, ms)],
      [bob, voiceOf("bob", bob, ms)],
    ]);
    const [c = 0, a = 0, b = 0] = marks;
    return { caller: hears(caller, c), ann: hears(ann, a), bob: hears(bob, b) };
  };
  return { ...r, ann, bob, talk };
}

describe.each([
  { caller: 16_000, ann: 16_000, bob: 16_000 },
  { caller: 8_000, ann: 48_000, bob: 24_000 },
])("everybody hears all others and not themselves, at $caller, $ann and $bob Hz", (rates) => {
  it("who only listens is heard by nobody", async () => {
    const c = await conference(rates);
    const heard = await c.talk();
    expect(heard.ann).toEqual(all({ caller: 1 }));
    expect(heard.bob).toEqual(all({ caller: 1 }));
    expect(c.caller.speaker.length).toBe(0);
  });

  it("who has taken over is heard by the caller and by whoever listens", async () => {
    const c = await conference(rates);
    c.operators.setMode(c.ann.session.id, "talk");
    const heard = await c.talk();
    expect(heard.caller).toEqual(all({ ann: 1 }));
    expect(heard.ann).toEqual(all({ caller: 1 }));
    expect(heard.bob).toEqual(all({ caller: 1, ann: 1 }));
  });

  it("two who have taken over hear each other, and the caller both", async () => {
    const c = await conference(rates);
    c.operators.setMode(c.ann.session.id, "talk");
    c.operators.setMode(c.bob.session.id, "talk");
    const heard = await c.talk();
    expect(heard.caller).toEqual(all({ ann: 1, bob: 1 }));
    expect(heard.ann).toEqual(all({ caller: 1, bob: 1 }));
    expect(heard.bob).toEqual(all({ caller: 1, ann: 1 }));
  });

  it("the assistant is heard by those who listen, once, and after a take-over by nobody", async () => {
    const c = await conference(rates);
    const frames = inFrames(tone(24_000, 4_000, HZ.assistant, RMS), mono(24_000));
    async function* recorded() {
      yield* frames;
    }
    const said = (c.voice as VoiceChannel).play(c.caller.session.id, recorded(), "A tone.");
    await c.clock.advanceUntil(() => c.caller.speaker.length > 0);
    const before = await c.talk();
    expect([before.caller, before.ann, before.bob]).toEqual([
      all({ assistant: 1 }),
      all({ caller: 1, assistant: 1 }),
      all({ caller: 1, assistant: 1 }),
    ]);
    c.operators.setMode(c.bob.session.id, "talk");
    const after = await c.talk();
    expect([after.caller, after.ann, after.bob]).toEqual([
      all({ bob: 1 }),
      all({ caller: 1, bob: 1 }),
      all({ caller: 1 }),
    ]);
    expect((await said).heard).toMatchObject({ interrupted: true });
  });
});

it("what is too loud together is cut at full scale, and does not wrap", async () => {
  const c = await conference({ caller: 16_000, ann: 16_000, bob: 16_000 });
  for (const { session } of [c.ann, c.bob]) c.operators.setMode(session.id, "talk");
  const loud = tone(16_000, 600, 440, 20_000).map((sample) => Math.max(-32_000, Math.min(32_000, sample)));
  await c.speak(600, [
    [c.ann, loud],
    [c.bob, loud],
  ]);
  const heard = c.caller.speaker.since(0);
  expect(Math.max(...heard)).toBe(32_767);
  expect(Math.min(...heard)).toBe(-32_768);
  // A sum that wraps jumps from one end to the other.
  expect(heard.some((sample, i) => i > 0 && Math.abs(sample - (heard[i - 1] as number)) > 30_000)).toBe(false);
});

it("is in the call's recording, on the side of what the caller heard", async () => {
  const storage = await mkdtemp(join(tmpdir(), "operator-"));
  try {
    const pipeline = audioPipeline({ recorder: wavRecorder({ storage }) });
    const c = await rig({ pipeline, caller: { inbound: mono(16_000), outbound: mono(16_000) } });
    const ann = await c.operator("ann");
    let recorded = false;
    c.kit.hook("ON_RECORDING_STOPPED", () => {
      recorded = true;
    });
    c.operators.setMode(ann.session.id, "talk");
    await c.speak(1_000, [
      [c.caller, voiceOf("caller", c.caller, 1_000)],
      [ann, voiceOf("ann", ann, 1_000)],
    ]);
    await c.caller.connection.close();
    for (let i = 0; i < 2_000 && !recorded; i++) {
      await c.clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const [file] = (await readdir(storage)).filter((name) => name.endsWith(".wav"));
    const { samples, format } = samplesOfWav(await readFile(join(storage, file as string)));
    const side = (of: number): Int16Array =>
      samples.filter((_, i) => i % 2 === of).slice(format.sampleRate * 0.3, format.sampleRate * 0.7);
    const share = (of: number, hz: number): number => loudness(side(of), format.sampleRate, hz) / (RMS * Math.SQRT2);
    expect([share(0, HZ.caller), share(0, HZ.ann), share(1, HZ.caller), share(1, HZ.ann)]).toEqual(
      [1, 0, 0, 1].map((wanted) => expect.closeTo(wanted, 1)),
    );
  } finally {
    await rm(storage, { recursive: true });
  }
});

describe("how late a voice is", () => {
  /** When a click comes out of somebody's speaker, ms after it was spoken; what was waited for in between. */
  async function click(from: "caller" | "ann"): Promise<number> {
    const c = await conference({ caller: 16_000, ann: 16_000, bob: 16_000 });
    c.operators.setMode(c.ann.session.id, "talk");
    await c.talk(400);
    const [speaker, listener] = from === "caller" ? [c.caller, c.bob] : [c.ann, c.caller];
    let at: number | undefined;
    const spokenAt = c.clock.now();
    listener.connection.onPlayed(({ samples, sampleRate }, startedAt = 0) => {
      const first = samples.findIndex((sample) => sample > 8_000);
      if (first >= 0) at ??= startedAt + (first / sampleRate) * 1_000;
    });
    await c.speak(400, [[speaker, tone(16_000, 20, 1_000, 15_000)]]);
    return (at ?? Number.NaN) - spokenAt;
  }

  it.each(["caller", "ann"] as const)("of %s: less than 100 ms by the time it is played", async (from) => {
    expect(await click(from)).toBeLessThan(100);
  });

  it("after a burst of what had been held up it is caught up with in a second", async () => {
    const c = await conference({ caller: 16_000, ann: 16_000, bob: 16_000 });
    const silent = (ms: number) => c.speak(ms, [[c.caller, undefined]]);
    await silent(400);
    // 800 ms of the network's at once, then as ever.
    for (const frame of inFrames(new Int16Array(12_800), mono(16_000))) c.caller.connection.hear(frame);
    await silent(1_000);
    let at: number | undefined;
    const spokenAt = c.clock.now();
    c.ann.connection.onPlayed(({ samples, sampleRate }, startedAt = 0) => {
      const first = samples.findIndex((sample) => sample > 8_000);
      if (first >= 0) at ??= startedAt + (first / sampleRate) * 1_000;
    });
    await c.speak(600, [[c.caller, tone(16_000, 20, 1_000, 15_000)]]);
    expect((at ?? Number.NaN) - spokenAt).toBeLessThan(200);
  });
});
