import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { gate, Rig, watch } from "../rig.fixture.ts";

function session(id: string, more: Partial<VoiceSession> = {}): VoiceSession {
  return { id, roomId: "room", participantId: `p-${id}`, channelId: "voice", state: "active", metadata: {}, ...more };
}

describe("a session", () => {
  it("joins through its channel, making its participant known, and leaves", async () => {
    const rig = await Rig.with(["voice"]);
    const one = session("one");
    await rig.kit.join("room", "voice", { session: one });
    await rig.kit.join("room", "voice", { session: one });
    expect((await rig.kit.listParticipants("room")).map(({ id }) => id)).toEqual(["p-one"]);
    await rig.kit.leave(one);
    expect(rig.voice.calls).toEqual(["attached", "join one", "leave one: left"]);
  });

  it("that ended by itself is not told to leave", async () => {
    const rig = await Rig.with(["voice"]);
    const one = session("one");
    await rig.kit.join("room", "voice", { session: one });
    Object.assign(one, { state: "ended" });
    rig.voice.host.emit("voice_session_ended", { session: one, reason: "client_closed" });
    await rig.kit.leave(one);
    await rig.kit.closeRoom("room");
    expect(rig.voice.calls).toEqual(["attached", "join one", "detached"]);
  });

  it.each([
    ["its channel is detached", "detached", (rig: Rig) => rig.kit.detachChannel("room", "voice")],
    ["the room closes", "room_closed", (rig: Rig) => rig.kit.closeRoom("room")],
    ["the kit closes", "draining", (rig: Rig) => rig.kit.close()],
  ])("is ended when %s", async (_, reason, end) => {
    const rig = await Rig.with(["voice", "other"]);
    await rig.kit.join("room", "voice", { session: session("one") });
    await rig.kit.join("room", "other", { session: session("two", { channelId: "other" }) });
    await end(rig);
    expect(rig.voice.calls).toContain(`leave one: ${reason}`);
    expect(rig.other.calls.some((call) => call.startsWith("leave"))).toBe(reason !== "detached");
  });

  it("whose channel refuses is not in the room, and the channel is told to let go", async () => {
    const rig = await Rig.with(["voice"], { deliveryTimeoutMs: 1_000 });
    for (const join of [() => Promise.reject(new Error("busy")), () => new Promise<void>(() => {})]) {
      rig.voice.onJoin = join;
      rig.voice.calls.length = 0;
      const joining = watch(rig.kit.join("room", "voice", { session: session("one") }));
      await rig.clock.advance(1_000);
      expect([joining.state, rig.voice.calls]).toEqual(["failed", ["join one", "leave one: join_failed"]]);
    }
    rig.voice.calls.length = 0;
    await rig.kit.closeRoom("room");
    expect(rig.voice.calls).toEqual(["detached"]);
  });

  it("that joins while the room closes is not left behind", async () => {
    const rig = await Rig.with(["voice"]);
    const hold = gate();
    rig.voice.onJoin = () => hold.promise;
    const joining = watch(rig.kit.join("room", "voice", { session: session("one") }));
    await settle();
    await rig.kit.closeRoom("room");
    hold.open();
    await settle();
    expect(joining.error).toBe("room_closed");
    expect(rig.voice.calls.filter((call) => call.startsWith("leave")).length).toBeGreaterThan(0);
  });

  it.each<[string, string, string, Partial<VoiceSession>]>([
    ["unknown_room", "none", "voice", { roomId: "none" }],
    ["not_attached", "room", "none", { channelId: "none" }],
    ["invalid_option", "room", "voice", { roomId: "other" }],
    ["invalid_option", "room", "voice", { channelId: "other" }],
    ["session_ended", "room", "voice", { state: "ended" }],
    ["unsupported", "room", "text", { channelId: "text" }],
  ])("row 60: is refused as %s", async (code, roomId, channelId, more) => {
    const rig = await Rig.with(["voice", "text"]);
    Object.assign(rig.text, { join: undefined });
    await expect(rig.kit.join(roomId, channelId, { session: session("one", more) })).rejects.toMatchObject({ code });
    expect(rig.voice.calls).toEqual(["attached"]);
  });
});
