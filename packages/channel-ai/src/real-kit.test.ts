import {
  type Channel,
  type ChannelHost,
  type DeliveryContext,
  type HookPayloads,
  type InboundResult,
  type RoomEvent,
  RoomKit,
  type StreamDelivery,
  type StreamedReply,
  sequentialIds,
  silentLogger,
} from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { AIChannel } from "./ai-channel.ts";
import { settle } from "./fake-room.fixture.ts";
import type { AIChannelOptions } from "./options.ts";
import { look, tool } from "./rig.fixture.ts";
import { callsDone, done, type Script, ScriptedModel, say } from "./scripted-model.fixture.ts";

/** A listener like a voice channel: hears a reply as it comes, and can cut it off. */
class Listener implements Channel {
  readonly id = "voice";
  readonly kind = "test";
  readonly category = "transport";
  /** What was heard, piece by piece. */
  readonly heard: string[] = [];
  /** Events delivered whole. */
  readonly delivered: RoomEvent[] = [];
  streams = true;

  register(_host: ChannelHost): void {}

  async onEvent(): Promise<undefined> {
    return undefined;
  }

  async deliver(event: RoomEvent): Promise<void> {
    this.delivered.push(event);
  }

  canStream(): boolean {
    return this.streams;
  }

  async deliverStream(reply: StreamedReply, { signal }: DeliveryContext): Promise<StreamDelivery> {
    let text = "";
    try {
      for await (const piece of reply.text) {
        this.heard.push(piece);
        text += piece;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return { text, heard: { interrupted: true, unheard: "", playedMs: 0, confidence: "estimated" } };
    }
    return { text };
  }

  async close(): Promise<void> {}
}

async function setUp(scripts: readonly Script[], options: Partial<AIChannelOptions> = {}) {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  const model = new ScriptedModel(clock, ...scripts);
  const ai = new AIChannel("ai", { provider: model, ...options });
  const voice = new Listener();
  kit.registerChannel(ai);
  kit.registerChannel(voice);
  const { id } = await kit.createRoom();
  await kit.attachChannel(id, "voice");
  await kit.attachChannel(id, "ai");
  const speak = (text: string, replySignal?: AbortSignal): Promise<InboundResult> =>
    kit.processInbound(
      { roomId: id, channelId: "voice", content: { type: "text", text }, correlationId: "turn" },
      replySignal ? { replySignal } : {},
    );
  const log = async (): Promise<string[]> =>
    (await kit.timeline(id)).flatMap(({ content, source, blockedBy }) =>
      content.type === "system"
        ? []
        : [
            `${source.channelId} ${content.type === "text" ? content.text : content.type}${blockedBy ? ` (${blockedBy})` : ""}`,
          ],
    );
  return { clock, kit, model, ai, voice, room: id, speak, log };
}

describe("in a real room", () => {
  it("answers, is heard while it speaks, and is logged once", async () => {
    const { voice, speak, log, model } = await setUp([[...say("Hello", " Ada."), done]]);
    await speak("hi, I am Ada");
    expect(voice.heard).toEqual(["Hello", " Ada."]);
    expect(voice.delivered).toEqual([]);
    expect(await log()).toEqual(["voice hi, I am Ada", "ai Hello Ada."]);
    await speak("who am I");
    expect(model.requests[1]?.messages).toEqual([
      { role: "user", content: "hi, I am Ada" },
      { role: "assistant", content: "Hello Ada." },
      { role: "user", content: "who am I" },
    ]);
  });

  it("knows who said what, where several people speak", async () => {
    const { kit, model, room } = await setUp([[...say("Noted."), done]]);
    await kit.ensureParticipant(room, { id: "p1", displayName: "Ada" });
    const speak = (participantId: string, text: string): Promise<InboundResult> =>
      kit.processInbound({ roomId: room, channelId: "voice", participantId, content: { type: "text", text } });
    await speak("p1", "I take the soup");
    await speak("p2", "and I the fish");
    expect(model.requests.map(({ messages }) => messages.at(-1)?.content)).toEqual([
      "I take the soup",
      "(p2 says:) and I the fish",
    ]);
    expect(model.requests[1]?.messages[0]?.content).toBe("(Ada says:) I take the soup");
  });

  it("logs its tool calls between the question and the answer, answers none of them, and waits for nobody", async () => {
    const found = tool(() => "found");
    const { clock, voice, speak, log, model } = await setUp(
      [
        [...say("Let me look."), look("a", "c1"), callsDone],
        [...say("Here it is."), done],
      ],
      { tools: [found] },
    );
    // No time passes: nothing was waited for, so nothing came near a deadlock.
    await speak("look it up");
    expect(clock.pendingTimers).toBe(0);
    expect(model.requests).toHaveLength(2);
    expect(voice.heard.join("")).toBe("Let me look. Here it is.");
    expect(await log()).toEqual(["voice look it up", "ai tool-call", "ai tool-result", "ai Let me look. Here it is."]);
    await speak("thanks");
    expect(model.requests[2]?.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
      "user",
    ]);
  });

  it("lets a tool speak into its own room", async () => {
    const kits: RoomKit[] = [];
    const note = tool(async (_args, { roomId }) => {
      await kits[0]?.processInbound({
        roomId,
        channelId: "voice",
        role: "system",
        content: { type: "text", text: "noted" },
      });
      return "done";
    });
    const { kit, speak, log } = await setUp(
      [
        [look("a", "c1"), callsDone],
        [...say("Noted."), done],
      ],
      { tools: [note] },
    );
    kits.push(kit);
    await speak("note it");
    expect((await log()).sort()).toEqual([
      "ai Noted.",
      "ai tool-call",
      "ai tool-result",
      "voice note it",
      "voice noted",
    ]);
  });

  it("is cut off by the speaker who asked, and knows later what was heard", async () => {
    const { voice, model, ai, speak, log } = await setUp([
      [...say("Once upon", " a time"), "hang"],
      [...say("Fine."), done],
    ]);
    const turn = new AbortController();
    const first = speak("tell me a story", turn.signal);
    await settle(10);
    expect(voice.heard.join("")).toBe("Once upon a time");
    turn.abort();
    await first;
    expect([model.open, model.stopped, ai.activeReplies]).toEqual([0, 1, 0]);
    expect(await log()).toEqual(["voice tell me a story", "ai Once upon a time"]);
    await speak("stop");
    expect(model.requests[1]?.messages.at(-1)?.content).toMatch(/^\(Your last answer was cut off.*\)\nstop$/);
  });

  it("stops when its room closes or the kit does", async () => {
    const { kit, model, ai, room, speak } = await setUp([["hang"]]);
    const closed = speak("hello").catch(() => {});
    await settle(10);
    expect(model.open).toBe(1);
    await kit.closeRoom(room);
    await closed;
    expect([model.open, ai.activeReplies]).toEqual([0, 0]);
    await kit.close();
  });

  it("does not ask its model while it is muted", async () => {
    const { kit, model, room, speak, log } = await setUp([[...say("x"), done]]);
    await kit.mute(room, "ai");
    await speak("hello");
    expect(model.requests).toHaveLength(0);
    expect(await log()).toEqual(["voice hello", "ai  (source_muted)"]);
  });

  it("is delivered whole where nobody listens to streams", async () => {
    const { voice, speak } = await setUp([[...say("Hello", " there."), done]]);
    voice.streams = false;
    await speak("hi");
    expect(voice.delivered.map(({ content }) => content)).toEqual([{ type: "text", text: "Hello there." }]);
  });

  it("apologises for its model, whose error the kit reports", async () => {
    const { kit, voice, speak, log } = await setUp([[{ fail: new Error("no") }]], { fallbackText: "Sorry." });
    const errors: string[] = [];
    const told: HookPayloads["ON_ERROR"][] = [];
    kit.on("ai_error", ({ error }) => errors.push(error.code));
    kit.hook("ON_ERROR", (payload) => void told.push(payload));
    await speak("hi");
    expect(voice.heard).toEqual(["Sorry."]);
    expect(await log()).toEqual(["voice hi", "ai Sorry."]);
    expect([errors, told.map(({ where }) => where)]).toEqual([["provider_error"], ["reply:ai"]]);
  });

  it("does not answer another AI", async () => {
    const { kit, clock, room, model, speak } = await setUp([[...say("one"), done]]);
    const second = new ScriptedModel(clock, [...say("two"), done]);
    kit.registerChannel(new AIChannel("ai2", { provider: second }));
    await kit.attachChannel(room, "ai2");
    await speak("hello");
    expect([model.requests.length, second.requests.length]).toEqual([1, 1]);
  });
});
