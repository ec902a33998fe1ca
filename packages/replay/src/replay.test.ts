import { RoomKitError } from "@roomkit/core";
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
import { describe, expect, it } from "vitest";
import { recordedLabCall } from "./lab-call.fixture.ts";
import { recordCall } from "./record.ts";
import { replayCall } from "./replay.ts";
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

  it.each(Array.from({ length: 16 }, (_, i) => i + 1))("decides the same, in any order (seed %d)", async (seed) => {
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
  });

  it("decides the same where answers were made ahead, used or not", async () => {
    const ahead = { ...options, minEndpointMs: 1_200, preemptive: { mode: "text" } } as const;
    const { file } = await recordedLabCall((lab) => eventful(lab), { options: ahead });
    expect(file).toContain('"preemptive":{"mode":"text"}');
    const replay = await replayCall(file);
    expect(replay.recorded.length).toBeGreaterThan(3);
    expect(replay.differences).toEqual([]);
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
    expect(file).not.toMatch(/capital|Berlin|Hello|4711|pear|number/);
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
  ])("%s", (_, wrong) => {
    expect(() => recordCall(parts, wrong as never)).toThrow(RoomKitError);
  });
});
