import { AIChannel } from "@roomkit/channel-ai";
import { ChannelCategory, eventText, RoomKit, sequentialIds, silence } from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  VirtualClock,
} from "@roomkit/testing";
import { expect, it } from "vitest";
import { VoiceChannel } from "./voice-channel.ts";

/** How often each part was closed. */
const closes: Record<string, number> = {};

function counted<P extends object>(name: string, part: P): P & { close(): Promise<void> } {
  closes[name] = 0;
  return Object.assign(part, {
    async close() {
      closes[name] = (closes[name] ?? 0) + 1;
    },
  });
}

it("providers and a backend that two channels and two kits share work until the application closes them", async () => {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const backend = counted("backend", new FakeBackend(ids));
  const heard = ["one", "two", "three"].map((text) => ({ finals: [text] }));
  const stt = counted("stt", new ScriptedStt(clock, heard));
  const tts = counted("tts", new ScriptedTts(clock));
  const model = counted("model", new ScriptedAI(clock, ["First.", "Second.", "Third."]));
  const pipeline = new FakePipeline();
  const shared = { backend, stt, tts, pipeline };

  const open = async (kit: RoomKit, id: string) => {
    const channel = new VoiceChannel(id, shared);
    const ai = new AIChannel(`ai of ${id}`, { provider: model });
    for (const each of [channel, ai]) kit.registerChannel(each);
    const room = await kit.createRoom();
    await kit.attachChannel(room.id, id);
    await kit.attachChannel(room.id, ai.id, { category: ChannelCategory.INTELLIGENCE });
    const session = await backend.connect(room.id, `caller of ${id}`, id);
    await kit.join(room.id, id, { session });
    const connection = new FakeConnection({ clock, id: `client of ${id}` });
    backend.bind(session, connection);
    const stream = pipeline.streams.at(-1);
    /** The caller speaks, and is answered. */
    const talk = async (): Promise<string[]> => {
      let position = 0;
      const microphone = async (ms: number): Promise<void> => {
        for (const end = position + ms; position < end; position += 20) {
          connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, position));
          await clock.advance(20);
        }
      };
      await microphone(60);
      stream?.speechStart(60);
      await microphone(1_100);
      stream?.speechEnd(500);
      await clock.advance(8_000);
      return (await kit.timeline(room.id)).map(eventText).filter((text) => text !== "");
    };
    return { channel, ai, connection, talk };
  };
  const end = async (closing: Promise<unknown>): Promise<void> => {
    await clock.advance(20_000);
    await closing;
  };

  const kit = new RoomKit({ clock, ids });
  const first = await open(kit, "one");
  const second = await open(kit, "two");
  expect(await first.talk()).toEqual(["one", "First."]);
  await end(Promise.all([first.channel.close(), first.channel.close(), first.ai.close(), first.ai.close()]));
  expect([first.connection.closed, second.connection.closed]).toEqual([true, false]);
  expect(await second.talk()).toEqual(["two", "Second."]);

  await end(Promise.all([kit.close(), kit.close()]));
  expect(second.connection.closed).toBe(true);
  const other = new RoomKit({ clock, ids });
  const third = await open(other, "three");
  expect(await third.talk()).toEqual(["three", "Third."]);
  await end(other.close());
  expect(closes).toEqual({ backend: 0, stt: 0, tts: 0, model: 0 });
  expect(clock.pendingTimers).toBe(0);
});
