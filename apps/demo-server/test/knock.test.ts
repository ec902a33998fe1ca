import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, eventText, RoomKit, sequentialIds } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import {
  FakeBackend,
  FakeConnection,
  inSequence,
  quiet,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  speechLike,
  tone,
  VirtualClock,
} from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { describe, expect, it } from "vitest";

const RATE = 16_000;
const mono = { sampleRate: RATE, channels: 1 } as const;
const answer = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";

/** A whole call with the real audio path: a question, and then `sound` over the answer. */
async function over(sound: Int16Array, minSpeechMs?: number, words: string[] = []) {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const backend = new FakeBackend(ids);
  const interruption = minSpeechMs === undefined ? {} : { interruption: { minSpeechMs } };
  const voice = new VoiceChannel("voice", {
    backend,
    stt: new ScriptedStt(clock, [{ finals: ["count"] }, { finals: words }]),
    tts: new ScriptedTts(clock),
    pipeline: audioPipeline({ vad: energyVad() }),
    ...interruption,
  });
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: new ScriptedAI(clock, [answer, "Okay."]) }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new FakeConnection({ clock });
  backend.bind(session, connection);
  let position = 0;
  const hear = async (samples: Int16Array): Promise<void> => {
    for (let at = 0; at < samples.length; at += 320, position += 20) {
      connection.hear({ ...mono, samples: samples.slice(at, at + 320), timestamp: position });
      await clock.advance(20);
    }
  };
  await hear(inSequence(quiet(RATE, 500), speechLike(RATE, 1_000, 4_000), quiet(RATE, 1_200)));
  expect(connection.messages("utterance")).toHaveLength(1);
  await hear(inSequence(sound, quiet(RATE, 7_000)));
  const texts = (await kit.timeline(room.id)).filter((event) => event.content.type === "text");
  const log = texts.map((event) => `${event.source.role}: ${eventText(event)}`);
  const { clears } = connection;
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  return { clears, log };
}

const knock = tone(RATE, 80, 440, 8_000);

describe("a sound over an answer, with the energy VAD as it comes", () => {
  it.each([undefined, 100, 200, 400, 500, 800])(
    "an 80 ms tone does not clear it (minSpeechMs %s)",
    async (minSpeechMs) => {
      const { clears, log } = await over(knock, minSpeechMs);
      expect(clears).toBe(0);
      expect(log).toEqual(["user: count", `assistant: ${answer}`]);
    },
  );

  it("nor do three of them in a row", async () => {
    const { clears } = await over(inSequence(knock, quiet(RATE, 250), knock, quiet(RATE, 250), knock));
    expect(clears).toBe(0);
  });

  it("speech does, as soon as there was enough of it", async () => {
    const { clears, log } = await over(speechLike(RATE, 900, 4_000), undefined, ["stop"]);
    expect(clears).toBe(1);
    expect(log.slice(2)).toEqual(["user: stop", "assistant: Okay."]);
  });

  it("and what was no speech after all leaves nobody in silence", async () => {
    const { clears, log } = await over(speechLike(RATE, 900, 4_000));
    expect(clears).toBe(1);
    expect(
      log
        .slice(1)
        .map((line) => line.replace("assistant: ", ""))
        .join(" "),
    ).toBe(answer);
  });
});
