import { FakeBackend, FakeConnection, settle, VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { VoiceSession } from "../contracts/voice.ts";
import { ChannelCategory } from "./binding.ts";
import type { Channel, ChannelHost } from "./channel.ts";
import { RoomKit } from "./kit.ts";
import { roomPerCaller } from "./room-per-caller.ts";

let clock: VirtualClock;
let kit: RoomKit;
let backend: FakeBackend;
let gone: AbortController;
/** Sessions the voice channel was given. */
let joined: VoiceSession[];

/** A voice channel as the kit sees one: it starts on join, and ends as its transport says. */
function voice(id: string, refuse = false): Channel {
  let host: ChannelHost;
  return {
    id,
    kind: "voice",
    category: ChannelCategory.TRANSPORT,
    register(given) {
      host = given;
      backend.onSessionReady((session) =>
        host.emit("voice_session_started", { session, transport: "fake", providers: {} }),
      );
      backend.onSessionEnded((session, { code }) => host.emit("voice_session_ended", { session, reason: code }));
    },
    async join(session) {
      if (refuse) throw new Error("refused");
      joined.push(session);
    },
    async leave(session) {
      await backend.disconnect(session);
    },
    async close() {},
  };
}

const context = (metadata = {}) => ({ backend, metadata, signal: gone.signal });

beforeEach(() => {
  clock = new VirtualClock();
  kit = new RoomKit({ clock });
  backend = new FakeBackend();
  gone = new AbortController();
  joined = [];
});

const openRooms = async (): Promise<number> => {
  const sessions = joined.map(({ roomId }) => kit.getRoom(roomId));
  return (await Promise.all(sessions)).filter((room) => room?.status === "active").length;
};

describe("roomPerCaller", () => {
  it("gives each caller a room with its channels, and closes it when they have gone", async () => {
    kit.registerChannel(voice("voice"));
    kit.registerChannel({ ...voice("ai"), id: "ai", category: ChannelCategory.INTELLIGENCE, register() {} });
    const factory = roomPerCaller(kit, { channels: ["voice", { id: "ai", access: "read_only" }] });
    const session = await factory("tab-1", context({ userId: "ada" }));
    expect(session).toMatchObject({ participantId: "ada", channelId: "voice", metadata: { label: "tab-1" } });
    expect(joined).toEqual([session]);
    const bindings = await kit.listBindings(session.roomId);
    expect(bindings.map(({ channelId, access }) => [channelId, access])).toEqual([
      ["voice", "read_write"],
      ["ai", "read_only"],
    ]);
    const other = await factory("tab-2", context());
    expect(other.roomId).not.toBe(session.roomId);
    expect(other.participantId).toBe("caller");
    const connection = new FakeConnection({ clock });
    backend.bind(session, connection);
    await connection.close();
    await settle();
    expect((await kit.getRoom(session.roomId))?.status).toBe("closed");
    expect((await kit.getRoom(other.roomId))?.status).toBe("active");
  });

  it("closes the room of a caller who never came", async () => {
    kit.registerChannel(voice("voice"));
    const session = await roomPerCaller(kit, { channels: ["voice"] })("tab", context());
    await backend.disconnect(session);
    await settle();
    expect(await openRooms()).toBe(0);
  });

  it("leaves no room and no session behind when a step fails or the caller goes meanwhile", async () => {
    kit.registerChannel(voice("voice", true));
    await expect(roomPerCaller(kit, { channels: ["voice"] })("tab", context())).rejects.toThrow("refused");
    await expect(roomPerCaller(kit, { channels: ["nobody"] })("tab", context())).rejects.toMatchObject({
      code: "unknown_channel",
    });
    kit.registerChannel(voice("other"));
    gone.abort();
    await expect(roomPerCaller(kit, { channels: ["other"] })("tab", context())).rejects.toMatchObject({
      code: "aborted",
    });
    expect(backend.sessions.size).toBe(0);
    expect(await openRooms()).toBe(0);
    expect(() => roomPerCaller(kit, { channels: [] })).toThrow("channels");
  });

  it("keeps the room where it is told to, made and named as the application says", async () => {
    kit.registerChannel(voice("voice"));
    const factory = roomPerCaller(kit, {
      channels: ["voice"],
      room: ({ metadata }) => ({ id: `room-of-${String(metadata.userId)}` }),
      participant: () => "someone",
      close: false,
    });
    const session = await factory("tab", context({ userId: 7 }));
    expect(session).toMatchObject({ roomId: "room-of-7", participantId: "someone" });
    await backend.disconnect(session);
    await settle();
    expect((await kit.getRoom("room-of-7"))?.status).toBe("active");
  });
});
