import { describe, expect, it } from "vitest";
import { silentLogger } from "../../log/logger.ts";
import type { Channel, DeliveryContext } from "../channel.ts";
import { eventText, type RoomEvent } from "../event.ts";
import { RoomKit } from "../kit.ts";
import { TestChannel } from "../rig.fixture.ts";

class Composer extends TestChannel implements Channel {
  readonly asked: { readonly event: RoomEvent; readonly context: DeliveryContext }[] = [];
  words: () => string | Promise<string> = () => `${this.id} says so`;

  async composeReply(event: RoomEvent, context: DeliveryContext): Promise<string> {
    this.asked.push({ event, context });
    return this.words();
  }
}

async function setUp() {
  const kit = new RoomKit({ logger: silentLogger });
  const voice = new TestChannel("voice");
  const [deaf, ai, other] = [
    new TestChannel("deaf", "intelligence"),
    new Composer("ai", "intelligence"),
    new Composer("other", "intelligence"),
  ];
  const room = await kit.createRoom();
  for (const channel of [voice, deaf, ai, other]) {
    kit.registerChannel(channel);
    await kit.attachChannel(room.id, channel.id);
  }
  const abort = new AbortController();
  const compose = (): Promise<string> =>
    voice.host.composeReply(
      { roomId: room.id, channelId: "voice", role: "system", content: { type: "text", text: "Ask something." } },
      { signal: abort.signal },
    );
  return { kit, voice, ai, other, room, abort, compose };
}

describe("words upon an instruction", () => {
  it("are those of the first who has any, and nothing of it is in the room", async () => {
    const r = await setUp();
    await r.kit.processInbound({ roomId: r.room.id, channelId: "voice", content: { type: "text", text: "before" } });
    const before = await r.kit.timeline(r.room.id);
    r.ai.words = () => "";
    expect(await r.compose()).toBe("other says so");
    const [asked] = r.ai.asked;
    expect([asked && eventText(asked.event), asked?.event.source.role]).toEqual(["Ask something.", "system"]);
    expect((await asked?.context.history())?.map(eventText)).toContain("before");
    expect(await r.kit.timeline(r.room.id)).toEqual(before);
    expect([r.ai.read, r.voice.delivered]).toEqual([["before"], []]);
  });

  it("end with who asked, and with the room", async () => {
    for (const end of ["signal", "room"]) {
      const r = await setUp();
      r.ai.words = () => new Promise(() => {});
      const words = r.compose().catch(({ code }) => code);
      await Promise.resolve();
      if (end === "signal") r.abort.abort();
      else await r.kit.closeRoom(r.room.id);
      expect(await words).toMatch(/aborted|room_closed/);
      expect(r.ai.asked[0]?.context.signal.aborted).toBe(true);
    }
  });

  it("fail as their channel does", async () => {
    const r = await setUp();
    r.ai.words = () => {
      throw new Error("no");
    };
    await expect(r.compose()).rejects.toThrow("no");
  });

  it.each<[string, (r: Awaited<ReturnType<typeof setUp>>) => unknown, string]>([
    ["one that is muted", (r) => r.kit.mute(r.room.id, "ai"), "other says so"],
    ["one that only reads", (r) => r.kit.setAccess(r.room.id, "ai", "read_only"), "other says so"],
    ["a caller who is muted", (r) => r.kit.mute(r.room.id, "voice"), ""],
    ["a room that is closed", (r) => r.kit.closeRoom(r.room.id), ""],
  ])("are none of %s", async (_what, change, words) => {
    const r = await setUp();
    await change(r);
    expect(await r.compose()).toBe(words);
  });
});
