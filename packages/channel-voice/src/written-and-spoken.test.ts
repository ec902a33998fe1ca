import { AIChannel } from "@roomkit/channel-ai";
import { ChannelCategory, eventText, RoomKit, sequentialIds } from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  VirtualClock,
} from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { VoiceChannelOptions } from "./options.ts";
import { VoiceChannel } from "./voice-channel.ts";

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** One caller who types; a model that answers with `answers`. */
async function typed(answers: readonly string[], options: Partial<VoiceChannelOptions> = {}) {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const backend = new FakeBackend(ids);
  const tts = new ScriptedTts(clock);
  const model = new ScriptedAI(clock, answers);
  kit.registerChannel(
    new VoiceChannel("voice", {
      backend,
      stt: new ScriptedStt(clock, []),
      tts,
      pipeline: new FakePipeline(),
      ...options,
    }),
  );
  kit.registerChannel(new AIChannel("ai", { provider: model }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new FakeConnection({ clock, playback: "reported" });
  backend.bind(session, connection);
  running.push(async () => {
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
  });
  const say = async (text: string, ms = 15_000): Promise<void> => {
    connection.input({ type: "text", text });
    await clock.advance(ms);
  };
  const log = async (): Promise<string[]> =>
    (await kit.timeline(room.id)).filter((e) => e.source.role === "assistant").map((e) => eventText(e));
  const shown = (): string[] =>
    connection
      .messages("transcript")
      .filter((m) => m.role === "assistant" && m.final)
      .map((m) => m.text);
  return { kit, clock, room, tts, model, connection, say, log, shown };
}

const sequel = (text: string): string => text.replaceAll("SQL", "sequel");

describe("what was written is what is read", () => {
  it.each([
    ["a hook", "hook"],
    ["a filter", "filter"],
  ])("when %s says it otherwise", async (_, by) => {
    const c = await typed(["Use SQL. It is fine.", "Yes."], by === "filter" ? { speechFilter: sequel } : {});
    if (by === "hook") c.kit.hook("BEFORE_TTS", ({ text }) => ({ action: "modify", payload: { text: sequel(text) } }));
    await c.say("what now");
    await c.say("sure");
    expect(c.tts.spoken.slice(0, 2)).toEqual(["Use sequel.", "It is fine."]);
    expect((await c.log())[0]).toBe("Use SQL. It is fine.");
    expect(c.shown()[0]).toBe("Use SQL. It is fine.");
    const asked = JSON.stringify(c.model.requests[1]?.messages);
    expect(asked).toContain("Use SQL. It is fine.");
    expect(asked).not.toContain("sequel");
  });

  it("with its Markdown, addresses, code and paragraphs", async () => {
    const text = "**Read this. It matters.**\n\nSee https://a.b/c, or:\n\n```sh\nrm -rf x\n```\n\nDone 😀";
    const c = await typed([text]);
    await c.say("what now");
    expect(c.tts.spoken).toEqual(["Read this.", "It matters.", "See a link, or:", "Done"]);
    expect(await c.log()).toEqual([text]);
    expect(c.shown()).toEqual([text]);
  });

  it("without spaces that were not written", async () => {
    const c = await typed(["你好。今天天气很好！我们走吧。"]);
    await c.say("嗨");
    expect(c.tts.spoken).toHaveLength(3);
    expect(await c.log()).toEqual(["你好。今天天气很好！我们走吧。"]);
    expect(c.shown()).toEqual(["你好。今天天气很好！我们走吧。"]);
  });

  it("as far as it was heard, and never half of what was said in other words", async () => {
    const text = "The address is https://example.com/a/very/long/path and that is all there is.";
    for (let ms = 200; ms < 3_000; ms += 300) {
      const c = await typed([text, "Ok."]);
      await c.say("what now", 0);
      await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
      await c.clock.advance(ms);
      await c.say("stop", 5_000);
      const [heard = ""] = await c.log();
      expect(text.startsWith(heard)).toBe(true);
      expect(heard).not.toMatch(/https:(?!\/\/example\.com\/a\/very\/long\/path)/);
    }
  });

  it("unless a hook asks otherwise", async () => {
    const c = await typed(["Your pin 1234 is safe.\n\n```\n1234\n```", "Ok."]);
    const redact = (text: string) => text.replaceAll("1234", "[pin]");
    c.kit.hook("BEFORE_TTS", ({ text, written }) => ({
      action: "modify",
      payload: { text: redact(text), written: redact(written) },
    }));
    await c.say("what now");
    await c.say("sure");
    expect(c.tts.spoken[0]).toBe("Your pin [pin] is safe.");
    expect(await c.log()).toEqual(["Your pin [pin] is safe.\n\n```\n[pin]\n```", "Ok."]);
    expect(JSON.stringify([c.connection.sent, c.model.requests])).not.toMatch(/(?<![\da-f-])1234/);
  });

  it("also when there is nothing to say of it: nothing hangs", async () => {
    const c = await typed(["👍🏽", "Yes."]);
    await c.say("great");
    expect(c.tts.spoken).toEqual([]);
    expect(await c.log()).toEqual(["👍🏽"]);
    expect(c.shown()).toEqual(["👍🏽"]);
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
    await c.say("more");
    expect(await c.log()).toEqual(["👍🏽", "Yes."]);
  });
});
