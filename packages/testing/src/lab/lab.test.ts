import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AudioFrame, type ConnectionInput, type PlaybackProgress, RoomKitError, rms } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { tone } from "../signals.ts";
import { CallerLab, type CallerLabOptions } from "./lab.ts";
import { labMatchers } from "./matchers.ts";
import { answers, bargeIns, percentileOf } from "./measures.ts";
import { pictureOf } from "./picture.ts";
import { withPicture } from "./save.ts";
import { allQuiet, assistantSpeaks, heardWords } from "./script.ts";
import { resampled, soundOf } from "./sound.ts";
import { spoken } from "./spoken.ts";
import type { LabView } from "./view.ts";

const never = new AbortController().signal;

/** A lab with a server by hand: what came in, and what it says. */
async function open(options: CallerLabOptions = {}) {
  const lab = new CallerLab(options);
  const session = await lab.backend.connect("room", "caller", "voice");
  const [frames, inputs, reports]: [AudioFrame[], ConnectionInput[], PlaybackProgress[]] = [[], [], []];
  lab.line.onAudio((frame) => frames.push(frame));
  lab.line.onInput((input) => inputs.push(input));
  lab.line.onPlayback((progress) => reports.push(progress));
  lab.pickUp(session);
  const voice = lab.voice();
  /** The assistant says a text. */
  const say = async (utterance: string, text: string): Promise<void> => {
    for await (const part of voice.synthesize(once(text), { signal: never }))
      if (part.type === "audio") lab.line.play(utterance, part.frame);
    lab.line.endUtterance(utterance);
  };
  const samples = (): number[] => frames.flatMap((frame) => [...frame.samples]);
  return { lab, frames, inputs, reports, say, samples };
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

describe("the microphone", () => {
  it("has sounds where the script says, to the sample, also those of others at the same time", async () => {
    const beep = { samples: tone(16_000, 33, 1_000, 5_000), sampleRate: 16_000 };
    const { lab, samples } = await open({ noise: { kind: "white", snrDb: 90 } });
    lab.caller.pauses(50.5).sounds(beep).pauses(7).sounds(beep);
    lab.beside("radio").at(60).sounds(beep);
    await lab.run();
    await lab.wait(100);
    const wanted = new Int16Array(samples().length);
    for (const at of [808, 960, 808 + 528 + 112])
      for (const [i, x] of beep.samples.entries()) wanted[at + i] = (wanted[at + i] as number) + x;
    expect(Math.max(...wanted.map((x, i) => Math.abs(x - (samples()[i] as number))))).toBeLessThan(3);
    await lab.close();
  });

  it.each([8_000, 16_000] as const)("gives frames of 20 ms at %d Hz, as late as the network is", async (sampleRate) => {
    const network = { delayMs: 30, jitterMs: 50, stalls: [{ atMs: 300, ms: 200 }] };
    const { lab, frames } = await open({ sampleRate, network });
    await lab.wait(299);
    const before = frames.length;
    expect(before).toBeLessThan(14);
    await lab.wait(190);
    expect(frames.length).toBe(before);
    await lab.wait(511);
    expect(frames.map(({ timestamp }) => timestamp)).toEqual(frames.map((_, i) => i * 20));
    expect(frames.every(({ samples }) => samples.length === sampleRate / 50)).toBe(true);
    expect(frames.length).toBeGreaterThan(44);
    await lab.close();
  });

  it("hears the assistant as echo, so much quieter and later, and nothing while it is muted", async () => {
    const { lab, frames, say } = await open({ echo: { levelDb: -20, delayMs: 100, reverberationMs: 20 } });
    await say("u", "A word or two of the assistant, and one more.");
    await lab.wait(1_500);
    const begin = lab.ear.spans[0]?.fromMs ?? Number.NaN;
    const loud = frames.filter(({ samples }) => rms(samples) > 60).map(({ timestamp }) => timestamp);
    expect((loud[0] ?? 0) - begin).toBeGreaterThanOrEqual(80);
    expect((loud[0] ?? 0) - begin).toBeLessThanOrEqual(140);
    const [played, echoed] = [lab.lanes.assistant, lab.lanes.echo].map((lane) => Math.max(...lane)) as [number, number];
    expect(20 * Math.log10(echoed / played)).toBeCloseTo(-20, -1);
    lab.caller.mutes().pauses(200);
    const count = frames.length;
    await lab.run();
    expect(frames.slice(count + 2).every(({ samples }) => samples.every((x) => x === 0))).toBe(true);
    await lab.close();
  });

  it("tells keys, mute, text, stop and data as the client's messages, in order", async () => {
    const { lab, inputs } = await open();
    lab.caller.presses("1", "both").mutes().unmutes().writes("hello").stops().sends("cart", { items: 2 });
    await lab.run();
    await lab.wait(50);
    expect(inputs).toEqual([
      { type: "dtmf", digit: "1" },
      { type: "mute", muted: true },
      { type: "mute", muted: false },
      { type: "text", text: "hello" },
      { type: "interrupt" },
      { type: "data", name: "cart", payload: { items: 2 } },
    ]);
    await lab.close();
  });
});

describe("the ear", () => {
  it("knows which words were rendered when it is cut off, and reports how far it was", async () => {
    const { lab, say, reports } = await open();
    await say("u", "one two three four five six seven eight");
    await lab.until(heardWords(3));
    lab.line.clear();
    await lab.wait(200);
    expect(lab.ear.heard("u")).toMatch(/^one two three( four)?$/);
    expect(lab.ear.spans).toMatchObject([{ utterance: "u", cleared: true }]);
    const span = lab.ear.spans[0] as { fromMs: number; toMs: number };
    expect(reports.at(-1)).toEqual({
      utterance: "u",
      playedMs: span.toMs - span.fromMs,
      confidence: "reported",
      done: true,
    });
    await lab.close();
  });

  it("plays all there is otherwise, after a buffer that a slow network has to fill again", async () => {
    const { lab, say, reports } = await open({ network: { delayMs: 10, stalls: [{ atMs: 400, ms: 600 }] } });
    await say("u", "one two three four five six");
    await lab.until(allQuietEar);
    expect(lab.ear.heard()).toBe("one two three four five six");
    expect(lab.ear.spans.length).toBe(2);
    await lab.wait(100);
    expect(reports.at(-1)?.done).toBe(true);
    await lab.close();
  });

  it("is estimated by the server where the client says nothing", async () => {
    const { lab, say, reports } = await open({ playback: "estimated" });
    await say("u", "one two three four");
    await lab.until(heardWords(2));
    const { utterances } = lab.line.clear();
    expect(utterances).toMatchObject([{ utterance: "u", confidence: "estimated", done: true }]);
    const { fromMs } = lab.ear.spans[0] as { fromMs: number };
    // Ahead of the ear by the way there and the buffer.
    expect(Math.abs((utterances[0]?.playedMs ?? 0) - (lab.now - fromMs))).toBeLessThanOrEqual(100);
    expect(reports.every(({ confidence }) => confidence === "estimated")).toBe(true);
    await lab.close();
  });

  const allQuietEar = ({ ear }: LabView): boolean => ear.words.length === 6 && !ear.playing;
});

describe("the line", () => {
  it("ends by the caller, or some time after the client has vanished, and leaves nothing", async () => {
    for (const [how, code] of [
      ["hangsUp", "client_closed"],
      ["vanishes", "client_lost"],
    ] as const) {
      const { lab, say } = await open({ lostAfterMs: 2_000 });
      await say("u", "one two three four five six seven eight nine ten");
      lab.caller.until(heardWords(2))[how]();
      await lab.until(({ line }) => line.closed);
      expect(lab.line.closeReason?.code).toBe(code);
      expect(lab.ear.playing).toBe(false);
      await expect(lab.line.writable(0, never)).resolves.toBeUndefined();
      await lab.close();
      await lab.close();
      expect(lab.clock.pendingTimers).toBe(0);
      expect(lab.backend.bound).toBe(0);
    }
  });

  it("holds the server back, keeps what nobody listens to yet, and drops the oldest past its bound", async () => {
    const lab = new CallerLab();
    lab.pickUp(await lab.backend.connect("room", "caller", "voice"));
    lab.caller.writes("early");
    await lab.wait(500);
    const texts: ConnectionInput[] = [];
    lab.line.onInput((input) => texts.push(input));
    expect(texts).toEqual([{ type: "text", text: "early" }]);
    const second = { samples: new Int16Array(16_000), sampleRate: 16_000, channels: 1, timestamp: 0 } as const;
    for (let i = 0; i < 40; i++) lab.line.play("first", second);
    const aborted = new AbortController();
    const waits = lab.line.writable(1_000, aborted.signal);
    aborted.abort();
    await expect(waits).rejects.toMatchObject({ code: "aborted" });
    for (let i = 0; i < 40; i++) lab.line.play("second", second);
    expect(lab.line.queuedMs).toBeLessThanOrEqual(60_000);
    await lab.close();
  });
});

describe("the matchers", () => {
  /** The caller asks, the assistant answers so late and is interrupted; it goes on for so long. */
  async function asked(answerMs: number, yieldMs: number): Promise<CallerLab> {
    const { lab, say } = await open({ network: { delayMs: 0 } });
    lab.caller.pauses(100).says("A question?").until(assistantSpeaks).pauses(500).says("No, stop.");
    await lab.until(({ said, now }) => said.length === 1 && now >= (said[0]?.toMs ?? 0) + answerMs);
    await say("u", "one two three four five six seven eight nine ten");
    await lab.until(({ said, now }) => said.length === 2 && now >= (said[1]?.fromMs ?? 0) + yieldMs);
    lab.line.clear();
    lab.line.send({ type: "transcript", id: "t", role: "user", text: "A question?", final: true, revision: 0 });
    await lab.run();
    await lab.wait(100);
    await lab.close();
    return lab;
  }

  it("say how long it took, what was heard and how many turns there were", async () => {
    const [fast, slow] = [await asked(200, 100), await asked(900, 400)];
    const said = (name: keyof typeof labMatchers, ...args: unknown[]): string => {
      const matcher = labMatchers[name] as (...all: unknown[]) => { pass: boolean; message: () => string };
      const { pass, message } = matcher(...args);
      return `${pass ? "yes" : "no"}: ${message()}`;
    };
    expect(said("toYieldWithin", fast, 150)).toBe(
      "yes: all of 1 barge-ins had not to be silent within 150 ms: it was 120 ms",
    );
    expect(said("toYieldWithin", [fast, slow], 150)).toMatch(
      /^no: all of 2 barge-ins had to be silent within 150 ms: it was 4\d\d ms$/,
    );
    expect(said("toYieldWithin", [fast, slow], 150, { percentile: 0.5 })).toMatch(/^yes/);
    expect(said("answeredWithin", fast, 300)).toMatch(/^yes/);
    expect(said("answeredWithin", slow, 300)).toMatch(/^no: .* it was 9\d\d ms$/);
    expect(said("toHaveHeard", fast, "One, two")).toMatch(/^yes/);
    expect(said("toHaveHeard", fast, "nine ten")).toMatch(/^no: the caller was to hear "nine ten", and heard "one two/);
    expect(said("toBeOneTurn", fast, "a question")).toMatch(/^yes/);
    expect(said("toBeOneTurn", fast, "another")).toBe('no: expected one turn of "another", got ["A question?"]');
    expect(said("neverTalkedOver", fast)).toMatch(/^yes/);
    expect(() => said("toBeOneTurn", "no lab")).toThrow(RoomKitError);
    expect([bargeIns(fast).length, answers(fast).length, percentileOf([], 0.5)]).toEqual([1, 1, Number.NaN]);
  });

  it("find an assistant that begins over the caller, and take nothing for a proof", async () => {
    const { lab, say } = await open();
    lab.caller.says("A long sentence that goes on for quite a while, and then some more.");
    await lab.wait(1_200);
    await say("u", "one two three");
    await lab.run();
    expect(labMatchers.neverTalkedOver(lab).pass).toBe(false);
    expect(labMatchers.toYieldWithin(lab, 1_000).message()).toContain("there were none");
    await lab.close();
  });
});

describe("the trace and the picture", () => {
  async function call(): Promise<CallerLab> {
    const { lab, say } = await open({ seed: 4, echo: { levelDb: -30 }, noise: { kind: "babble", snrDb: 20 } });
    lab.line.send({ type: "state", state: "listening" });
    lab.caller.says("Who are <you> & why?").coughs().knocks(2).slamsDoor().types(400).presses("5");
    await lab.run();
    await say("u", "Nobody in particular.");
    await lab.wait(2_000);
    await lab.close();
    return lab;
  }

  it("are the same bytes for the same call", async () => {
    const [one, other] = [await call(), await call()];
    expect(one.trace.toString()).toBe(other.trace.toString());
    expect(pictureOf(one)).toBe(pictureOf(other));
    const picture = pictureOf(one, "<title>");
    expect(picture).toContain("&#60;you&#62; &#38; why?");
    expect(picture).not.toMatch(/NaN|undefined|<title>/);
    expect(picture.match(/<svg|<\/svg>/g)).toHaveLength(2);
    for (const what of ["coughs", "knocks", "Nobody", "8 s", "prefers-color-scheme:dark"])
      expect(picture).toContain(what);
  });

  it("are written when a test fails, which says where", async () => {
    const lab = await call();
    const folder = mkdtempSync(join(tmpdir(), "roomkit-lab-"));
    try {
      const where = { folder, name: "a call / with a name" };
      expect(await withPicture(lab, where, () => 5)).toBe(5);
      const failed = withPicture(lab, where, () => {
        throw new Error("not so");
      });
      await expect(failed).rejects.toThrow(`not so\nthe call: ${join(folder, "a-call-with-a-name.svg")}`);
      expect(readFileSync(join(folder, "a-call-with-a-name.jsonl"), "utf8")).toBe(lab.trace.toString());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("sounds", () => {
  it("speak as long as people do, at the level asked for, with a place for each word", () => {
    const { samples, words } = spoken("What is the capital of Germany?", 16_000, 3);
    expect(words.map(({ text }) => text)).toEqual(["What", "is", "the", "capital", "of", "Germany?"]);
    expect(words.every(({ startMs, endMs }, i) => startMs < endMs && startMs >= (words[i - 1]?.endMs ?? 0))).toBe(true);
    expect(samples.length / 16).toBeGreaterThan(1_000);
    expect(samples.length / 16).toBeLessThan(3_000);
    expect(20 * Math.log10(rms(samples) / 32_768)).toBeCloseTo(-24, 0);
    expect(spoken("What is the capital of Germany?", 16_000, 3).samples).toEqual(samples);
  });

  it("are brought to the line's rate, and their words spread over what can be heard", () => {
    const at = resampled(tone(44_100, 500, 440, 8_000), 44_100, 16_000);
    const wanted = tone(16_000, 500, 440, 8_000);
    expect(at.length).toBe(wanted.length);
    expect(Math.max(...at.subarray(200, 7_800).map((x, i) => Math.abs(x - (wanted[i + 200] as number))))).toBeLessThan(
      250,
    );
    const { words } = soundOf({ samples: at, sampleRate: 16_000 }, 16_000, "two words");
    expect(words).toMatchObject([
      { text: "two", startMs: 0 },
      { text: "words", endMs: 500 },
    ]);
  });
});

describe("what makes no sense is refused", () => {
  it.each([
    ["another rate", () => new CallerLab({ sampleRate: 44_100 as 8_000 })],
    ["a way back in time", () => new CallerLab({ network: { delayMs: -1 } })],
    ["an echo out of range", () => new CallerLab({ echo: { levelDb: 90 } })],
    ["no key", () => new CallerLab().caller.presses("x")],
    ["a pause of no length", () => new CallerLab().caller.pauses(Number.NaN)],
    ["a voice that waits a word", () => new CallerLab().voice({ delayMs: "long" as unknown as number })],
  ])("%s", (_, make) => {
    expect(make).toThrow(RoomKitError);
    expect(make).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("no sound, a second call, and a wait in vain", async () => {
    const { lab } = await open();
    expect(() => soundOf(new Uint8Array(3), 16_000)).toThrow(expect.objectContaining({ code: "invalid_audio" }));
    expect(() => lab.dial()).toThrow(expect.objectContaining({ code: "invalid_option" }));
    lab.caller.until(() => false, 100);
    await expect(lab.run()).rejects.toMatchObject({ code: "timeout" });
    expect(allQuiet()(lab)).toBe(false);
    await lab.close();
  });
});
