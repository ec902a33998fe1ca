import {
  type AudioFrame,
  type HookPayloads,
  type SttOptions,
  type SttProvider,
  silence,
  silentLogger,
  type TranscriptPart,
  type Vad,
  type VadFactory,
} from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

const mono = { sampleRate: 16_000, channels: 1 } as const;
/** A word is a level: the n-th is n times as loud as the first. */
const LOUD = 100;
const wordIn = ({ samples }: AudioFrame): number => Math.round((samples[0] ?? 0) / LOUD);
/** Silence after which speech is over, ms. */
const HANGOVER_MS = 300;

/** Says which words it has heard when it has heard silence after them, or the end. */
class LevelStt implements SttProvider {
  readonly name = "levels";
  readonly capabilities = { streaming: true, turnDetection: false, wordTimings: false } as const;

  async *transcribe(audio: AsyncIterable<AudioFrame>, _: SttOptions): AsyncGenerator<TranscriptPart> {
    let words: number[] = [];
    let quietMs = 0;
    const text = (): string => words.map((word) => `word${word}`).join(" ");
    for await (const frame of audio) {
      const word = wordIn(frame);
      quietMs = word === 0 ? quietMs + 20 : 0;
      if (word !== 0 && words.at(-1) !== word) {
        words.push(word);
        yield { type: "partial", text: text() };
      }
      if (quietMs < HANGOVER_MS || words.length === 0) continue;
      yield { type: "final", text: text() };
      words = [];
    }
    if (words.length > 0) yield { type: "final", text: text() };
  }
}

/** Finds speech where it is not silent, 40 ms after it begins and when it has been silent for a while; may be told to fail. */
function levelVad() {
  let broken = false;
  const factory: VadFactory = {
    name: "levels",
    speechPadMs: 100,
    open(): Vad {
      let [from, loudMs, quietMs] = [0, 0, 0];
      let speaking = false;
      return {
        probability: 0,
        process(frame) {
          if (broken) throw new Error("made to fail");
          const loud = wordIn(frame) !== 0;
          if (loud && loudMs === 0) from = frame.timestamp;
          loudMs = loud ? loudMs + 20 : 0;
          quietMs = loud ? 0 : quietMs + 20;
          if (!speaking && loudMs >= 40) {
            speaking = true;
            return { type: "speech-start", timestamp: from };
          }
          if (!speaking || quietMs < HANGOVER_MS) return undefined;
          speaking = false;
          const timestamp = frame.timestamp + 20 - quietMs;
          return { type: "speech-end", timestamp, durationMs: timestamp - from };
        },
        reset() {},
        close() {},
      };
    },
  };
  return { factory, breakDown: () => (broken = true), repair: () => (broken = false) };
}

async function heardCall() {
  const vad = levelVad();
  const pipeline = audioPipeline({ vad: vad.factory, maxStageFailures: 5 });
  const c = await call({ pipeline, recogniser: () => new LevelStt(), logger: silentLogger });
  let position = 0;
  let said = 0;
  const frames = async (count: number, level: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      c.connection.hear({ ...silence(mono, 20, position), samples: new Int16Array(320).fill(level) });
      position += 20;
      await c.clock.advance(20);
    }
  };
  const say = async (turn: { readonly at: number; readonly act: () => void } | undefined): Promise<string> => {
    const word = ++said;
    for (let i = 0; i < 25; i++) {
      if (i === turn?.at) turn.act();
      await frames(1, word * LOUD);
    }
    return `word${word}`;
  };
  const pause = (ms: number): Promise<void> => frames(Math.round(ms / 20), 0);
  /** How often each word is in the room. */
  const told = async (word: string): Promise<number> => {
    const words = (await c.log()).flatMap((line) => line.split(/[: ]+/));
    return words.filter((each) => each === word).length;
  };
  return { ...c, vad, say, pause, told };
}

describe("the stages of a call", () => {
  it("can be switched, which the kit tells", async () => {
    const c = await heardCall();
    const changes: unknown[] = [];
    c.kit.on("audio_stage_changed", ({ session, role, state }) => changes.push([session.id, role, state]));
    const stages = c.voice.stages(c.session.id);
    expect(stages?.list()).toMatchObject([{ role: "vad", name: "levels", state: "on" }]);
    stages?.set("vad", false);
    expect(changes).toEqual([[c.session.id, "vad", "off"]]);
    expect(c.voice.stages("nobody")).toBeUndefined();
  });

  it("are heard of in the level hook: what they made of the audio, and how likely it is speech", async () => {
    const c = await heardCall();
    const levels: HookPayloads["ON_INPUT_AUDIO_LEVEL"][] = [];
    c.kit.hook("ON_INPUT_AUDIO_LEVEL", (payload) => void levels.push(payload));
    await c.say(undefined);
    expect(levels.at(-1)).toMatchObject({ db: levels.at(-1)?.processedDb, speechProbability: 0 });
    c.voice.stages(c.session.id)?.set("vad", false);
    await c.pause(500);
    expect(levels.at(-1)).toMatchObject({ speechProbability: undefined });
  });

  it("do not leave the caller unheard when the VAD fails for good", async () => {
    const c = await heardCall();
    const before = await c.say(undefined);
    await c.pause(2_000);
    c.vad.breakDown();
    const after = await c.say(undefined);
    await c.pause(2_000);
    expect(c.voice.stages(c.session.id)?.list()).toMatchObject([{ state: "failed" }]);
    const next = await c.say(undefined);
    await c.pause(2_000);
    expect([await c.told(before), await c.told(after), await c.told(next)]).toEqual([1, 1, 1]);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "lose no word, whenever the VAD comes and goes (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const c = await heardCall();
      const stages = c.voice.stages(c.session.id);
      const acts = [
        () => stages?.set("vad", false),
        () => {
          c.vad.repair();
          stages?.set("vad", true);
        },
        () => stages?.set("vad", c.vad.factory),
        () => c.vad.breakDown(),
      ];
      const act = (): void => acts[Math.floor(random() * acts.length)]?.();
      const words: { word: string; whole: boolean }[] = [];
      for (let i = 0; i < 8; i++) {
        const within = random() < 0.5;
        const word = await c.say(within ? { at: Math.floor(random() * 25), act } : undefined);
        const early = random() < 0.3;
        words.push({ word, whole: !within && !early });
        if (early) {
          await c.pause(Math.floor(random() * 10) * 20);
          act();
        }
        await c.pause(2_500);
      }
      for (const [i, { word, whole }] of words.entries()) {
        const times = await c.told(word);
        expect(times, `${word} (${i})`).toBeGreaterThan(0);
        if (whole && words[i - 1]?.whole !== false) expect(times, word).toBe(1);
        expect(times).toBeLessThan(3);
      }
      expect((await c.kit.timeline(c.room.id)).length).toBeGreaterThan(7);
    },
  );
});
