import { describe, expect, it } from "vitest";
import { silentLogger } from "../../log/logger.ts";
import type { Channel, PreparationContext } from "../channel.ts";
import { eventText, type RoomEvent } from "../event.ts";
import { RoomKit } from "../kit.ts";
import { TestChannel } from "../rig.fixture.ts";

class Preparer extends TestChannel implements Channel {
  readonly prepared: { readonly event: RoomEvent; readonly context: PreparationContext }[] = [];
  fails = false;

  async prepareReply(event: RoomEvent, context: PreparationContext): Promise<void> {
    this.prepared.push({ event, context });
    if (this.fails) throw new Error("no");
  }
}

async function setUp() {
  const kit = new RoomKit({ logger: silentLogger });
  const voice = new TestChannel("voice");
  const ai = new Preparer("ai", "intelligence");
  const other = new Preparer("other", "intelligence");
  for (const channel of [voice, ai, other]) kit.registerChannel(channel);
  const room = await kit.createRoom();
  for (const channel of [voice, ai, other]) await kit.attachChannel(room.id, channel.id);
  const told: string[] = [];
  kit.on("delivery_failed", () => told.push("delivery_failed"));
  const abort = new AbortController();
  const used: number[] = [];
  const prepare = (text = "hi", channelId = "voice"): void => {
    const content = { type: "text", text } as const;
    const onUsed = (ms: number): unknown => used.push(ms);
    voice.host.prepareReply({ roomId: room.id, channelId, content }, { signal: abort.signal, onUsed });
  };
  return { kit, voice, ai, other, room, told, abort, used, prepare };
}

describe("a reply that is prepared", () => {
  it("is by every intelligence that would hear it, and nothing of it happens in the room", async () => {
    const r = await setUp();
    await r.kit.processInbound({ roomId: r.room.id, channelId: "voice", content: { type: "text", text: "before" } });
    const before = await r.kit.timeline(r.room.id);
    r.prepare();
    for (const { prepared } of [r.ai, r.other]) {
      expect(prepared.map(({ event }) => [eventText(event), event.source.role, event.status])).toEqual([
        ["hi", "user", "delivered"],
      ]);
      expect((await prepared[0]?.context.history())?.map(eventText)).toContain("before");
    }
    r.ai.prepared[0]?.context.onUsed(5);
    expect(r.used).toEqual([5]);
    expect(await r.kit.timeline(r.room.id)).toEqual(before);
    expect([r.ai.read, r.voice.delivered]).toEqual([["before"], []]);
  });

  it("ends by its signal, and with the room", async () => {
    for (const end of ["signal", "room"]) {
      const r = await setUp();
      r.prepare();
      const signal = r.ai.prepared[0]?.context.signal;
      expect(signal?.aborted).toBe(false);
      if (end === "signal") r.abort.abort();
      else await r.kit.closeRoom(r.room.id);
      expect(signal?.aborted).toBe(true);
      r.prepare();
      expect(r.ai.prepared).toHaveLength(1);
    }
  });

  it("harms nobody when it fails", async () => {
    const r = await setUp();
    r.ai.fails = true;
    r.prepare();
    r.prepare("hi", "nobody");
    r.voice.host.prepareReply({} as never, { signal: r.abort.signal, onUsed: () => {} });
    await Promise.resolve();
    expect([r.other.prepared.length, r.told]).toEqual([1, []]);
  });

  it.each<[string, (r: Awaited<ReturnType<typeof setUp>>) => unknown, boolean[]]>([
    ["a caller who is muted", (r) => r.kit.mute(r.room.id, "voice"), [false, false]],
    ["a hook that may change what is said", (r) => r.kit.hook("BEFORE_BROADCAST", () => undefined), [false, false]],
    ["what one channel may not hear", (r) => r.kit.setVisibility(r.room.id, "voice", ["other"]), [false, true]],
    ["one that is muted", (r) => r.kit.mute(r.room.id, "other"), [true, false]],
    ["one that may only write", (r) => r.kit.setAccess(r.room.id, "ai", "write_only"), [false, true]],
    ["one that only reads", (r) => r.kit.setAccess(r.room.id, "ai", "read_only"), [false, true]],
    ["the kit's end", (r) => r.kit.close(), [false, false]],
  ])("is none with %s", async (_what, change, asked) => {
    const r = await setUp();
    await change(r);
    r.prepare();
    expect([r.ai, r.other].map(({ prepared }) => prepared.length > 0)).toEqual(asked);
  });
});
