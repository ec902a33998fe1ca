import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { Binding } from "../binding.ts";
import type { AttachOptions } from "../options.ts";
import { gate, Rig, TestChannel, watch } from "../rig.fixture.ts";

async function systemEvents(rig: Rig): Promise<string[]> {
  return (await rig.store.readEvents("room")).flatMap(({ content }) =>
    content.type === "system" ? [`${content.code} ${content.data?.channelId}`] : [],
  );
}

describe("registering", () => {
  it("hands the channel its host, once per id", async () => {
    const rig = new Rig();
    const channel = new TestChannel("a");
    rig.kit.registerChannel(channel);
    expect(channel.host.clock).toBe(rig.clock);
    expect(() => rig.kit.registerChannel(new TestChannel("a"))).toThrow(
      expect.objectContaining({ code: "channel_exists" }),
    );
  });

  it.each(["", "system", undefined, 7])("refuses the id %s", (id) => {
    expect(() => new Rig().kit.registerChannel(new TestChannel(id as string))).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });

  it("does not keep a channel that refuses", () => {
    const rig = new Rig();
    const channel = new TestChannel("a");
    channel.register = () => {
      throw new Error("no");
    };
    expect(() => rig.kit.registerChannel(channel)).toThrow("no");
    rig.kit.registerChannel(new TestChannel("a"));
  });

  it("is undone by unregistering: out of all rooms, not closed", async () => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.createRoom({ id: "other" });
    await rig.kit.attachChannel("other", "b");
    expect(await rig.kit.unregisterChannel("b")).toBe(rig.b);
    expect(rig.b.calls).toEqual(["attached", "attached", "detached", "detached"]);
    expect((await rig.kit.listBindings("room")).map(({ channelId }) => channelId)).toEqual(["a"]);
    expect(await rig.kit.unregisterChannel("b")).toBeUndefined();
    await expect(rig.say("b", "x")).rejects.toMatchObject({ code: "unknown_channel" });
    rig.kit.registerChannel(rig.b);
  });

  it("can be unregistered while one of its rooms closes", async () => {
    const rig = await Rig.with(["a", "b"]);
    const closing = rig.kit.closeRoom("room");
    expect(await rig.kit.unregisterChannel("b")).toBe(rig.b);
    await closing;
    expect(rig.b.calls).toEqual(["attached", "detached"]);
    expect(await rig.kit.unregisterChannel("b")).toBeUndefined();
  });
});

describe("attaching", () => {
  it("binds with defaults, or as told", async () => {
    const rig = await Rig.with(["a", "ai"]);
    const defaults: Binding = {
      roomId: "room",
      channelId: "ai",
      category: "intelligence",
      access: "read_write",
      muted: false,
      outputMuted: false,
      visibility: "all",
      metadata: {},
    };
    expect(await rig.kit.listBindings("room")).toEqual([
      { ...defaults, channelId: "a", category: "transport" },
      defaults,
    ]);
    rig.kit.registerChannel(new TestChannel("b"));
    const options: Required<AttachOptions> = {
      category: "intelligence",
      access: "read_only",
      muted: true,
      outputMuted: true,
      visibility: ["a"],
      metadata: { model: "m" },
    };
    const binding = await rig.kit.attachChannel("room", "b", options);
    expect(binding).toEqual({ roomId: "room", channelId: "b", ...options });
    expect([rig.a.host.binding("room", "b"), (await rig.store.listBindings("room"))[2]]).toEqual([binding, binding]);
    expect([rig.a.host.binding("none", "b"), rig.a.host.binding("room", "none")]).toEqual([undefined, undefined]);
  });

  it("asks the channel first, then writes it down, then tells", async () => {
    const rig = await Rig.with([]);
    const told: string[] = [];
    rig.kit.hook("ON_CHANNEL_ATTACHED", ({ channelId }) => void told.push(channelId));
    const channel = new TestChannel("a");
    channel.attach = () => void told.push(`asked, bound: ${channel.host.binding("room", "a") !== undefined}`);
    rig.kit.registerChannel(channel);
    await rig.kit.attachChannel("room", "a");
    expect(told).toEqual(["asked, bound: false", "a"]);
    expect([rig.reported("channel_attached"), await systemEvents(rig)]).toEqual([
      [{ roomId: "room", channelId: "a" }],
      ["channel_attached a"],
    ]);
  });

  it.each(["throws", "hangs"])("does not stand when the channel %s", async (how) => {
    const rig = await Rig.with([], { deliveryTimeoutMs: 1_000 });
    const channel = new TestChannel("a");
    channel.attach = () => (how === "throws" ? Promise.reject(new Error("no")) : new Promise(() => {}));
    rig.kit.registerChannel(channel);
    const attaching = watch(rig.kit.attachChannel("room", "a"));
    await rig.clock.advance(1_000);
    expect(attaching.error).toBe(how === "throws" ? "no" : "timeout");
    expect([await rig.kit.listBindings("room"), await systemEvents(rig)]).toEqual([[], []]);
    channel.attach = () => {};
    await rig.kit.attachChannel("room", "a");
  });

  it("lets go of a channel whose binding could not be stored", async () => {
    const rig = await Rig.with([]);
    rig.kit.registerChannel(new TestChannel("a"));
    const channel = (await rig.kit.unregisterChannel("a")) as TestChannel;
    rig.kit.registerChannel(channel);
    rig.store.putBinding = () => Promise.reject(new Error("disk full"));
    await expect(rig.kit.attachChannel("room", "a")).rejects.toThrow("disk full");
    expect([channel.calls, channel.host.binding("room", "a")]).toEqual([["attached", "detached"], undefined]);
  });

  it("a slow channel holds up nobody", async () => {
    const rig = await Rig.with(["voice"]);
    const hold = gate();
    const slow = new TestChannel("slow");
    slow.attach = () => hold.promise;
    rig.kit.registerChannel(slow);
    const attaching = rig.kit.attachChannel("room", "slow");
    await settle();
    await rig.say("voice", "meanwhile");
    hold.open();
    await attaching;
    expect(await rig.log()).toEqual(["voice: meanwhile"]);
  });

  it("again changes the binding and tells the channel so", async () => {
    const rig = await Rig.with(["a"]);
    await rig.kit.attachChannel("room", "a", { access: "read_only", muted: true });
    expect(rig.a.calls).toEqual(["attached", "changed read_only muted"]);
    expect(await systemEvents(rig)).toEqual(["channel_attached a"]);
  });

  const refusals: [string, string, string, AttachOptions][] = [
    ["unknown_room", "none", "a", {}],
    ["unknown_channel", "room", "none", {}],
    ["room_closed", "closed", "a", {}],
    ["invalid_option", "room", "a", { category: "robot" as never }],
    ["invalid_option", "room", "a", { access: "root" as never }],
    ["invalid_option", "room", "a", { visibility: "some" as never }],
    ["invalid_option", "room", "a", { visibility: [7] as never }],
  ];
  it.each(refusals)("is refused as %s", async (code, roomId, channelId, options) => {
    const rig = await Rig.with([]);
    rig.kit.registerChannel(new TestChannel("a"));
    await rig.kit.createRoom({ id: "closed" });
    await rig.kit.closeRoom("closed");
    await expect(rig.kit.attachChannel(roomId, channelId, options)).rejects.toMatchObject({ code });
  });
});

describe("detaching", () => {
  it("ends it there: nothing is delivered or taken, and no later message attaches it again, also after a restart", async () => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.detachChannel("room", "b");
    await rig.say("a", "1");
    await expect(rig.say("b", "2")).rejects.toMatchObject({ code: "not_attached" });
    expect([rig.b.read, rig.b.calls, rig.b.host.binding("room", "b")]).toEqual([
      [],
      ["attached", "detached"],
      undefined,
    ]);
    expect(rig.reported("channel_detached")).toEqual([{ roomId: "room", channelId: "b" }]);
    expect((await systemEvents(rig)).at(-1)).toBe("channel_detached b");
    const again = new Rig({ store: rig.store });
    for (const id of ["a", "b"]) again.kit.registerChannel(new TestChannel(id));
    await expect(again.say("b", "3")).rejects.toMatchObject({ code: "not_attached" });
    expect((await again.say("a", "4")).status).toBe("delivered");
  });

  it("is nothing for a channel that is not attached, and undone by attaching", async () => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.detachChannel("room", "b");
    await rig.kit.detachChannel("room", "b");
    await rig.kit.detachChannel("room", "none");
    expect(rig.reported("channel_detached")).toHaveLength(1);
    await rig.kit.attachChannel("room", "b");
    await rig.say("b", "back");
    expect(rig.a.read).toEqual(["back"]);
  });
});

describe("changing a binding", () => {
  it("takes effect at once, in the store too, and the channel is told", async () => {
    const rig = await Rig.with(["a"]);
    await rig.kit.mute("room", "a");
    await rig.kit.unmute("room", "a");
    await rig.kit.setAccess("room", "a", "write_only");
    await rig.kit.muteOutput("room", "a");
    await rig.kit.setVisibility("room", "a", "none");
    expect(rig.a.calls.slice(1)).toEqual([
      "changed read_write muted",
      "changed read_write",
      "changed write_only",
      "changed write_only",
      "changed write_only",
    ]);
    const expected = { access: "write_only", muted: false, outputMuted: true, visibility: "none" };
    expect(rig.a.host.binding("room", "a")).toMatchObject(expected);
    expect((await rig.store.listBindings("room"))[0]).toMatchObject(expected);
  });

  it("does not fail because the channel does", async () => {
    const rig = await Rig.with(["a"]);
    rig.a.onBindingChanged = () => {
      throw new Error("x");
    };
    expect((await rig.kit.mute("room", "a")).muted).toBe(true);
    expect(rig.reported("delivery_failed")).toHaveLength(1);
  });

  it.each([
    ["unknown_room", "none", "a"],
    ["not_attached", "room", "b"],
  ])("is refused as %s", async (code, roomId, channelId) => {
    const rig = await Rig.with(["a"]);
    await expect(rig.kit.mute(roomId, channelId)).rejects.toMatchObject({ code });
    await expect(rig.kit.setAccess("room", "a", "root" as never)).rejects.toMatchObject({ code: "invalid_option" });
  });
});

describe("participants", () => {
  it("are made once, and changed by name", async () => {
    const rig = await Rig.with([]);
    const ann = { id: "ann", roomId: "room", role: "owner", displayName: "Ann", metadata: { a: 1 } };
    expect(
      await rig.kit.ensureParticipant("room", { id: "ann", role: "owner", displayName: "Ann", metadata: { a: 1 } }),
    ).toEqual(ann);
    expect(await rig.kit.ensureParticipant("room", { id: "ann", role: "bot" })).toEqual(ann);
    expect(await rig.kit.ensureParticipant("room", { id: "bob" })).toMatchObject({ role: "member", metadata: {} });
    expect(await rig.kit.updateParticipant("room", "ann", { role: "observer" })).toEqual({ ...ann, role: "observer" });
    expect((await rig.kit.listParticipants("room")).map(({ id, role }) => `${id} ${role}`)).toEqual([
      "ann observer",
      "bob member",
    ]);
  });

  it("made by two at once are one", async () => {
    const rig = await Rig.with([]);
    const both = await Promise.all(
      ["agent", "owner"].map((role) => rig.kit.ensureParticipant("room", { id: "ann", role: role as "agent" })),
    );
    expect(both.map(({ role }) => role)).toEqual(["agent", "agent"]);
  });

  it("are refused without an id, with a role there is not, or unknown", async () => {
    const rig = await Rig.with([]);
    await expect(rig.kit.ensureParticipant("room", { id: "" })).rejects.toMatchObject({ code: "invalid_option" });
    await expect(rig.kit.ensureParticipant("room", { id: "a", role: "god" as never })).rejects.toMatchObject({
      code: "invalid_option",
    });
    await expect(rig.kit.updateParticipant("room", "a", {})).rejects.toMatchObject({ code: "unknown_participant" });
    await expect(rig.kit.updateParticipant("room", "a", { role: "god" as never })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });
});
