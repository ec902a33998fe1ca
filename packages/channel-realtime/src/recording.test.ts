import { RoomKit, sequentialIds, silence } from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  FakeRecording,
  ScriptedRealtime,
  settle,
  VirtualClock,
} from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RealtimeVoiceChannel } from "./realtime-voice-channel.ts";

async function setup(connectMs = 0) {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds() });
  const transport = new FakeBackend();
  const pipeline = new FakePipeline(false);
  const recording = new FakeRecording();
  pipeline.recording = recording;
  const provider = new ScriptedRealtime({ clock, connectMs });
  const channel = new RealtimeVoiceChannel("rt", { provider, transport, pipeline });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "rt");
  const connection = new FakeConnection({ clock, id: "client" });
  transport.client(connection);
  const stopped: string[] = [];
  kit.hook("ON_RECORDING_STOPPED", ({ recording: { reason } }) => void stopped.push(reason));
  const start = () => channel.startSession(room.id, "ada", { connection: "client" });
  return { clock, kit, channel, provider, pipeline, recording, connection, stopped, start };
}

describe("a speech-to-speech call that is recorded", () => {
  it("is from the first moment on, while the vendor is still called", async () => {
    const s = await setup(500);
    const starting = s.start();
    await settle();
    expect([s.recording.state, s.pipeline.opened[0]?.clock]).toEqual(["recording", s.clock]);
    await s.clock.advance(500);
    const { id } = await starting;
    expect(s.channel.recording(id)?.info).toEqual(s.recording.info);
    await s.channel.endSession(id, { code: "done", message: "" });
    expect([s.stopped, s.channel.recording(id)]).toEqual([["done"], undefined]);
  });

  it("is not where the hook says no", async () => {
    const s = await setup();
    s.kit.hook("ON_RECORDING_STARTED", () => ({ action: "block", reason: "no consent" }));
    const refused: string[] = [];
    s.kit.on("recording_refused", ({ reason }) => void refused.push(reason));
    const { id } = await s.start();
    expect([s.recording.state, refused]).toEqual(["ended", ["no consent"]]);
    await s.channel.endSession(id);
    expect(s.stopped).toEqual([]);
  });

  it("has an end also when it cannot be made", async () => {
    const s = await setup(60_000);
    const starting = s.start();
    starting.catch(() => {});
    await s.clock.advance(15_000);
    await expect(starting).rejects.toThrow();
    expect([s.stopped, s.recording.state]).toEqual([["session_failed"], "ended"]);
    expect(s.clock.pendingTimers).toBe(0);
  });

  it("has noted who said what, and what of it was heard when it ended", async () => {
    const s = await setup();
    const { id } = await s.start();
    const remote = s.provider.sessions[0];
    if (!remote) throw new Error("no session");
    remote.say({ type: "speech-start" });
    remote.say({ type: "speech-end" });
    remote.say({ type: "transcript", id: "u", role: "user", text: "hello", final: true });
    remote.say({ type: "response-start", responseId: "r" });
    const said = { type: "transcript", id: "t", itemId: "r", role: "assistant", text: "one two three four" } as const;
    remote.say({ ...said, final: true });
    for (let at = 0; at < 2_000; at += 20)
      remote.say({ type: "audio", responseId: "r", itemId: "r", frame: silence(remote.outbound, 20, at) });
    remote.say({ type: "response-end", responseId: "r", status: "completed" });
    await s.clock.advance(1_000);
    const ended = s.channel.endSession(id);
    await s.clock.advance(2_000);
    await ended;
    expect(s.recording.notes.map(({ type, role }) => (role ? `${type} ${role}` : type))).toEqual([
      ...["speech-start", "speech-end", "utterance-start"],
      ...["transcript user", "transcript assistant"],
    ]);
    expect(s.recording.notes.at(-1)).toMatchObject({ heard: { interrupted: true } });
  });
});
