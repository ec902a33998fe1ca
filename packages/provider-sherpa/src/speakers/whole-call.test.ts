import { existsSync, readFileSync } from "node:fs";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, eventText, RoomKit, sequentialIds } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import {
  FakeBackend,
  FakeConnection,
  inFrames,
  inSequence,
  quiet,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  samplesOfWav,
  VirtualClock,
} from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { beforeAll, describe, expect, it } from "vitest";
import { spokenBy } from "../models.fixture.ts";
import type { AudioJob } from "../native/engine.ts";
import { FakePool } from "../native/fake-pool.fixture.ts";
import { settingsOf, speakersOn } from "./sherpa-speaker-embedding.ts";
import { spectralVoice } from "./spectral-voice.fixture.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;

/** A call with a real audio path, room and model channel; only whose voice is whose is computed by something simpler than a network. */
async function call(texts: readonly string[]) {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const backend = new FakeBackend(ids);
  const model = new ScriptedAI(
    clock,
    texts.map((_, i) => `Answer ${i}.`),
  );
  const pool = new FakePool<AudioJob, Float32Array>(({ samples }) => spectralVoice(samples));
  const diarization = speakersOn(pool, settingsOf({ threshold: 0.45, minLevel: 300 }));
  const stt = new ScriptedStt(
    clock,
    texts.map((text) => ({ finals: [text], delayMs: 100 })),
  );
  const pipeline = audioPipeline({ vad: energyVad(), diarization });
  const voice = new VoiceChannel("voice", { backend, stt, tts: new ScriptedTts(clock), pipeline });
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: model }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new FakeConnection({ clock });
  backend.bind(session, connection);
  const changes: string[] = [];
  kit.hook("ON_SPEAKER_CHANGE", ({ speaker }) => void changes.push(speaker));
  let position = 0;
  return {
    kit,
    clock,
    pool,
    diarization,
    changes,
    /** Somebody says something, and is answered. */
    async hears(samples: Int16Array): Promise<void> {
      for (const frame of inFrames(
        inSequence(quiet(16_000, 300), samples, quiet(16_000, 4_000)),
        format,
        320,
        position,
      )) {
        connection.hear(frame);
        position = frame.timestamp + 20;
        await clock.advance(20);
      }
    },
    async said(): Promise<string[]> {
      const events = await kit.timeline(room.id);
      const users = events.filter(({ source }) => source.role === "user");
      return users.map((event) => `${String(event.metadata?.speaker)}: ${eventText(event)}`);
    },
    read: () => model.requests.at(-1)?.messages.map(({ content }) => content) ?? [],
    async end(): Promise<void> {
      const closing = kit.close();
      await clock.advance(20_000);
      await closing;
      await diarization.close();
      expect([pool.running, clock.pendingTimers]).toEqual([0, 0]);
    },
  };
}

describe("a call of three people", () => {
  const sentences = [
    "I would like to book a table for four people tomorrow evening at eight o'clock.",
    "Could we have one by the window, please? My mother likes to look outside while she eats.",
    "And tell them that the two of us do not eat any meat, or fish, or anything like that.",
  ];
  let voices: Record<"slt" | "rms" | "awb", Int16Array[]>;
  beforeAll(async () => {
    const [slt = [], rms = [], awb = []] = await Promise.all(
      ["slt", "rms", "awb"].map((voice) => spokenBy(voice, sentences)),
    );
    voices = { slt, rms, awb };
  }, 120_000);

  it("is told apart by their voices, one at a time", { timeout: 60_000 }, async () => {
    const c = await call(["one", "two", "three", "four", "five"]);
    const { slt, rms, awb } = voices;
    for (const samples of [slt[0], rms[0], awb[1], rms[2], slt[1]]) await c.hears(samples as Int16Array);
    expect(await c.said()).toEqual([
      "speaker-1: one",
      "speaker-2: two",
      "speaker-3: three",
      "speaker-2: four",
      "speaker-1: five",
    ]);
    expect(c.changes).toEqual(["speaker-1", "speaker-2", "speaker-3", "speaker-2", "speaker-1"]);
    expect(c.read().at(0)).toBe("(speaker-1 says:) one");
    expect(c.read().at(-1)).toBe("(speaker-1 says:) five");
    await c.end();
  });

  it("knows those who were enrolled, also in the middle of it", { timeout: 60_000 }, async () => {
    const c = await call(["one", "two", "three", "four", "five"]);
    const { slt, rms, awb } = voices;
    await c.diarization.enroll("Anna", { samples: slt[2] as Int16Array, ...format, timestamp: 0 });
    await c.hears(slt[0] as Int16Array);
    await c.hears(rms[0] as Int16Array);
    const kept = await c.diarization.enroll("Ben", inFrames(inSequence(...rms.slice(1)), format));
    await c.hears(rms[0] as Int16Array);
    await c.hears(awb[0] as Int16Array);
    c.diarization.remove("Ben");
    await c.diarization.enroll("Benjamin", kept);
    await c.hears(rms[1] as Int16Array);
    expect(await c.said()).toEqual(["Anna: one", "speaker-1: two", "Ben: three", "speaker-2: four", "Benjamin: five"]);
    await c.end();
  });

  it("counts who says most of what is said together", { timeout: 60_000 }, async () => {
    const c = await call(["one", "two", "three"]);
    const { slt, rms } = voices;
    await c.diarization.enroll("Anna", { samples: slt[2] as Int16Array, ...format, timestamp: 0 });
    await c.diarization.enroll("Ben", { samples: rms[2] as Int16Array, ...format, timestamp: 0 });
    const [anna, ben] = [slt[0] as Int16Array, rms[0] as Int16Array];
    await c.hears(inSequence(anna, ben.subarray(0, 1.7 * 16_000)));
    await c.hears(inSequence(anna.subarray(0, 1.7 * 16_000), ben));
    expect(await c.said()).toEqual(["Anna: one", "Ben: two"]);
    await c.end();
  });
});

const librivox = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb";
describe.skipIf(!existsSync(`${librivox}-0870.wav`))("people (skipped without pocketsphinx-testdata)", () => {
  it("are known again by what was heard of them before", { timeout: 60_000 }, async () => {
    const read = (number: string): Int16Array => samplesOfWav(readFileSync(`${librivox}-${number}.wav`)).samples;
    const c = await call(["one", "two", "three"]);
    await c.diarization.enroll("Reader", { samples: read("0870"), ...format, timestamp: 0 });
    await c.hears(read("0890"));
    const [stranger] = await spokenBy("slt", [
      "This is a voice that nobody here has ever heard before, and a very different one.",
    ]);
    await c.hears(stranger as Int16Array);
    await c.hears(read("0920"));
    expect(await c.said()).toEqual(["Reader: one", "speaker-1: two", "Reader: three"]);
    await c.end();
  });
});
