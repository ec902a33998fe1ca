import { type AudioFrame, RoomKitError, type SttProvider, silentLogger, type TurnDetector } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import {
  allQuiet,
  type CallerLab,
  FakeBackend,
  FakePipeline,
  heardWords,
  ScriptedStt,
  ScriptedTts,
  seededRandom,
  VirtualClock,
} from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { describe, expect, it } from "vitest";
import { recordedLabCall } from "./lab-call.fixture.ts";
import { recordCall } from "./record.ts";
import { recordVoice } from "./record-voice.ts";
import { type Replay, replayCall } from "./replay.ts";
import { recordedWebSocketCalls } from "./websocket-call.fixture.ts";

const options = { greeting: "Hello, how can I help you today?", interruption: { minSpeechMs: 250 } };

/** Speaks over the greeting, coughs, breaks in, says mhm, writes. */
const eventful = ({ caller }: CallerLab): unknown =>
  caller
    .until(heardWords(2))
    .says("What is the capital of Germany?")
    .until(heardWords(9))
    .coughs()
    .until(heardWords(14))
    .says("No wait, I meant another one.")
    .until(heardWords(20))
    .mhm()
    .pauses(1_500)
    .writes("In France?")
    .until(allQuiet());

/** A pause inside of a sentence. */
const hesitant = ({ caller }: CallerLab): unknown =>
  caller
    .says("I would like to know and")
    .pauses(900)
    .says("the capital of Germany.")
    .until(heardWords(12))
    .says("Thank you, that is all.")
    .until(allQuiet());

/** Waits for more after "and", and takes its time. */
const doubtful = ({ clock }: CallerLab): TurnDetector => ({
  name: "doubtful",
  async evaluate({ transcript }, { signal }) {
    await clock.sleep(80, signal);
    const complete = !/and[.?]?$/.test(transcript);
    return { complete, confidence: 0.9, reason: "conjunction", ...(!complete && { waitMs: 2_000 }) };
  },
});

const changes = (replay: Replay): string[] =>
  String(replay)
    .split("\n")
    .filter((line) => /^[+-]/.test(line));

/** Anything in any order. */
function shuffled({ caller }: CallerLab, seed: number): void {
  const random = seededRandom(seed);
  const ms = (most: number): number => Math.floor(random() * most);
  const acts = [
    () => caller.says("Could you tell me about rivers?"),
    () => caller.says("Another thing, please."),
    () => caller.coughs(),
    () => caller.knocks(2),
    () => caller.mhm(),
    () => caller.writes("And in France?"),
    () => caller.stops(),
    () => caller.mutes().pauses(ms(800)).unmutes(),
    () => caller.presses("5", "both"),
  ];
  for (let i = 0; i < 10; i++) {
    (acts[ms(acts.length)] as () => unknown)();
    caller.pauses(ms(2_500));
  }
  if (random() < 0.5) caller.vanishes().pauses(11_000);
  else caller.hangsUp();
}

describe("a call that is run again", () => {
  it.each([
    ["reported", true],
    ["reported", false],
    ["estimated", true],
    ["estimated", false],
  ] as const)("decides the same (%s, transcripts %s)", async (playback, transcripts) => {
    const lab = { playback, network: { delayMs: 30, jitterMs: 20 } };
    const { file } = await recordedLabCall(eventful, { transcripts, options, lab });
    const replay = await replayCall(file);
    expect(replay.recorded.filter(({ type }) => type === "turn")).toHaveLength(3);
    expect(replay.recorded.filter((one) => one.type === "answer" && one.interrupted)).toHaveLength(3);
    expect(replay.differences).toEqual([]);
    expect(String(replay)).not.toMatch(/^[+-]/m);
  });

  it.each([...Array.from({ length: 16 }, (_, i) => i + 1), 48, 156])(
    "decides the same, in any order (seed %d)",
    async (seed) => {
      const lab = {
        seed,
        playback: seed % 2 ? "reported" : "estimated",
        network: { delayMs: 10 * (seed % 5), jitterMs: 15 },
      } as const;
      const { file } = await recordedLabCall((call) => shuffled(call, seed), { transcripts: seed % 3 > 0, lab });
      const replay = await replayCall(file);
      expect(replay.recorded.length).toBeGreaterThan(0);
      expect(
        String(replay)
          .split("\n")
          .filter((line) => /^[+-]/.test(line)),
      ).toEqual([]);
    },
  );

  it.each(["text", "speech"] as const)(
    "decides the same where answers were made ahead, used or not: %s",
    async (mode) => {
      const ahead = { ...options, minEndpointMs: 1_200, preemptive: { mode } };
      const { file } = await recordedLabCall((lab) => eventful(lab), { options: ahead });
      expect(file).toContain(`"preemptive":{"mode":"${mode}"}`);
      const replay = await replayCall(file);
      expect(replay.recorded.length).toBeGreaterThan(3);
      expect(changes(replay)).toEqual([]);
    },
  );

  it.each([true, false])("decides the same with a turn detector (transcripts %s)", async (transcripts) => {
    const { file } = await recordedLabCall(hesitant, { transcripts, turnDetector: doubtful, options });
    expect(file.match(/"k":"verdict"/g)?.length).toBeGreaterThanOrEqual(3);
    const replay = await replayCall(file);
    expect(replay.recorded.filter(({ type }) => type === "turn")).toHaveLength(2);
    expect(changes(replay)).toEqual([]);
    // What it said counts: without it the pause ends the turn.
    const without = file.replace(/^.*"k":"(ask|verdict)".*\n/gm, "");
    expect(changes(await replayCall(without))).not.toEqual([]);
    expect(changes(await replayCall(file, { options: { maxEndpointMs: 600 } }))).not.toEqual([]);
  });

  it.each([true, false])(
    "decides the same where the application speaks and interrupts (transcripts %s)",
    async (transcripts) => {
      const { file } = await recordedLabCall(
        (lab, voice, id) => {
          lab.clock.setTimeout(
            () => void voice.say(id, "Dinner is ready, everybody, please come.", { interruption: "disabled" }),
            6_000,
          );
          lab.clock.setTimeout(() => void voice.say(id, "One more thing before we begin."), 6_100);
          lab.clock.setTimeout(() => voice.interrupt(id), 8_000);
          lab.caller.says("What is the capital of Germany?").pauses(12_000).says("And of France?").until(allQuiet());
        },
        { transcripts, options },
      );
      const replay = await replayCall(file);
      expect(replay.recorded.length).toBeGreaterThanOrEqual(5);
      expect(changes(replay)).toEqual([]);
      const silent = file.replace(/^.*"k":"app".*\n/gm, "");
      expect(changes(await replayCall(silent))).not.toEqual([]);
    },
  );

  it("decides the same where the model found the words for a silence", async () => {
    const idle = { afterMs: 3_000, prompt: "Ask whether they are there.", times: 2 };
    const { file } = await recordedLabCall(({ caller }) => caller.says("Hello?").until(allQuiet()).pauses(30_000), {
      options: { idle },
    });
    const replay = await replayCall(file);
    expect(replay.recorded.filter(({ type }) => type === "answer")).toHaveLength(3);
    expect(changes(replay)).toEqual([]);
  });

  it("shows, turn by turn, what other options make of it", async () => {
    const { file } = await recordedLabCall(eventful, { options });
    const deaf = await replayCall(file, { options: { interruption: { strategy: "disabled" } } });
    const cut = deaf.replayed.filter((one) => one.type === "answer" && one.interrupted);
    // Only what was written still cuts an answer off.
    expect(cut.length).toBeLessThan(3);
    const [first] = deaf.differences;
    expect(first?.recorded).not.toEqual(first?.replayed);
    expect(String(deaf)).toMatch(/^- .* \| cut off before: /m);
    expect(String(deaf)).toMatch(/^\+ .* assistant: Hello, how can I help you today\?$/m);
  });

  it.each([60, 120, 240])(
    "decides the same where words took %i ms longer to be heard, as the process was busy",
    async (lateMs) => {
      const { file } = await recordedLabCall(eventful, { options });
      const late = file.replace(/^\{"t":([\d.]+),"k":"begin"/gm, (_, t) => `{"t":${Number(t) + lateMs},"k":"begin"`);
      expect(late).not.toBe(file);
      expect(changes(await replayCall(late))).toEqual([]);
    },
  );

  it("that took place over real sockets, beside others, has the same turns", { timeout: 60_000 }, async () => {
    const files = await recordedWebSocketCalls(2);
    expect(files).toHaveLength(2);
    for (const file of files) {
      const replay = await replayCall(file);
      // A turn may be told of before how far the answer it cut off was heard.
      expect(replay.recorded.map(({ type }) => type).sort()).toEqual(["answer", "answer", "turn", "turn"]);
      expect(replay.recorded.some((one) => one.type === "answer" && one.interrupted)).toBe(true);
      expect(
        String(replay)
          .split("\n")
          .filter((line) => /^[+-]/.test(line)),
      ).toEqual([]);
    }
  });
});

describe("a call with its audio", () => {
  const path = (silenceThresholdMs?: number) =>
    audioPipeline({ vad: energyVad({ silenceThresholdMs }), logger: silentLogger });

  it("is heard again by another pipeline: the same decides the same, one that waits longer hears one turn for two", async () => {
    const script = ({ caller }: CallerLab): unknown =>
      caller.says("Tell me about").pauses(2_500).says("rivers and lakes, please.").until(allQuiet());
    const { file } = await recordedLabCall(script, { audio: true, lab: { network: { delayMs: 20, jitterMs: 10 } } });
    expect((await replayCall(file, { pipeline: path() })).differences).toEqual([]);
    expect((await replayCall(file)).differences).toEqual([]);
    const recorded = (await replayCall(file)).recorded.filter(({ type }) => type === "turn");
    const longer = await replayCall(file, { pipeline: path(3_500) });
    const turns = longer.replayed.filter(({ type }) => type === "turn");
    expect([recorded.length, turns.length]).toEqual([2, 1]);
    expect(changes(longer)).not.toEqual([]);
  });

  it("is recognised again by another recogniser, also one that takes real time", async () => {
    const { file } = await recordedLabCall(({ caller }) => caller.says("What is the capital?").until(allQuiet()), {
      audio: true,
    });
    const stt: SttProvider = {
      name: "loudness",
      capabilities: { streaming: true, turnDetection: false, wordTimings: false },
      async *transcribe(audio: AsyncIterable<AudioFrame>) {
        let loudest = 0;
        for await (const { samples } of audio)
          loudest = samples.reduce((most, x) => Math.max(most, Math.abs(x)), loudest);
        await new Promise((resolve) => setTimeout(resolve, 100));
        yield { type: "final", text: loudest > 500 ? "It was loud." : "It was quiet." };
      },
    };
    const replay = await replayCall(file, { pipeline: path(), stt });
    expect(changes(replay).map((line) => line.replace(/ [\d.]+ s/, ""))).toEqual([
      "- caller: What is the capital?",
      "+ caller: It was loud.",
    ]);
  });

  it("is bounded, too", async () => {
    const { file } = await recordedLabCall(eventful, { audio: true, options, maxChars: 60_000 });
    expect(file.length).toBeLessThan(61_000);
    expect(file.trimEnd().split("\n").at(-1)).toMatch(/"k":"full"/);
    expect((await replayCall(file, { pipeline: path() })).replayed.length).toBeGreaterThan(0);
  });

  it("is not there unless it was asked for", async () => {
    const { file } = await recordedLabCall(eventful, { options });
    expect(file).not.toContain('"pcm"');
    await expect(replayCall(file, { pipeline: path() })).rejects.toMatchObject({ code: "no_audio" });
    const stt = new ScriptedStt(new VirtualClock(), []);
    await expect(replayCall(file, { stt })).rejects.toMatchObject({ code: "invalid_option" });
  });
});

it("a file of the version before is read", async () => {
  const { file } = await recordedLabCall(eventful, { options });
  expect(file).toContain('"version":2');
  const before = file.replace('"version":2', '"version":1').replace(',"audio":false,"detector":false', "");
  expect((await replayCall(before)).differences).toEqual([]);
  await expect(replayCall(file.replace('"version":2', '"version":3'))).rejects.toMatchObject({
    code: "invalid_recording",
  });
});

describe("the file", () => {
  it("has no word of anybody, no key and no data, unless asked for them", async () => {
    const script = ({ caller }: CallerLab): unknown =>
      caller
        .says("What is the capital?")
        .until(heardWords(3))
        .presses("7", "both")
        .sends("cart", { secret: "pear" })
        .writes("My number is 4711")
        .until(allQuiet());
    const { file } = await recordedLabCall(script, { transcripts: false, options });
    expect(file).not.toMatch(/capital|Berlin|Hello|\b4711\b|pear|number/);
    expect(file).toContain('{"type":"dtmf","digit":"0"}');
    const { file: whole } = await recordedLabCall(script, { transcripts: true, options });
    for (const word of ["capital", "Berlin", "Hello", "4711", '"digit":"7"']) expect(whole).toContain(word);
    expect(whole).not.toContain("pear");
  });

  it("is bounded, and what there was room for is run again", async () => {
    const { file } = await recordedLabCall(eventful, { options, maxChars: 20_000 });
    expect(file.length).toBeLessThan(21_000);
    expect(file.trimEnd().split("\n").at(-1)).toMatch(/"k":"full"/);
    expect((await replayCall(file)).replayed.length).toBeGreaterThan(0);
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "a call"],
    ["another file", '{"version":1}\n'],
    ["a line without time", '{"roomkit":"call","version":1,"inbound":{},"outbound":{}}\n{"k":"path"}\n'],
  ])("is refused when it is %s", async (_, file) => {
    await expect(replayCall(file)).rejects.toMatchObject({ code: "invalid_recording" });
  });
});

describe("what makes no sense is refused", () => {
  const clock = new VirtualClock();
  const parts = {
    backend: new FakeBackend(),
    pipeline: new FakePipeline(),
    stt: new ScriptedStt(clock, []),
    tts: new ScriptedTts(clock),
  };
  it.each([
    ["nobody to give the file to", {}],
    ["no room for anything", { onCall: () => {}, maxChars: 5 }],
    ["a word for a switch", { onCall: () => {}, transcripts: "yes" }],
    ["audio, and no words", { onCall: () => {}, audio: true, transcripts: false }],
  ])("%s", (_, wrong) => {
    expect(() => recordCall(parts, wrong as never)).toThrow(RoomKitError);
  });
});

it("a channel on another backend than the recorded one is not written down", () => {
  expect(() => recordVoice({} as never, { backend: new FakeBackend() })).toThrow(RoomKitError);
});
