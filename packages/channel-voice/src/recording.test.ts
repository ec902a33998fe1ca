import { FakePipeline, FakeRecording, settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

/** A call whose audio path has a recorder. */
async function recorded(setup: Parameters<typeof call>[0] = {}) {
  const pipeline = new FakePipeline(setup.vad ?? true);
  const recording = new FakeRecording();
  pipeline.recording = recording;
  const c = await call({ ...setup, pipeline });
  const stopped: unknown[] = [];
  c.kit.hook("ON_RECORDING_STOPPED", ({ recording: { reason, id }, roomId }) => {
    stopped.push([reason, id, roomId === c.room.id]);
  });
  return { ...c, recording, stopped, stream: pipeline.streams[0], opened: pipeline.opened[0] };
}

describe("a call that is recorded", () => {
  it("shows its recording to the application, on its own clock, and tells of its end once", async () => {
    const c = await recorded();
    const shown = c.voice.recording(c.session.id);
    expect(shown?.info).toEqual(c.recording.info);
    expect(c.opened?.clock).toBe(c.clock);
    shown?.pause();
    expect(c.recording.state).toBe("paused");
    shown?.resume();
    expect([shown?.state, c.stopped]).toEqual(["recording", []]);
    await c.connection.close({ code: "client_lost", message: "" });
    await c.backend.disconnect(c.session);
    await settle();
    await c.clock.advance(1_000);
    expect(c.stopped).toEqual([["client_lost", "rec_fake", true]]);
    expect(c.voice.recording(c.session.id)).toBeUndefined();
    expect(c.connection.listeners).toBe(0);
  });

  it("goes on when its recording is stopped, or fails", async () => {
    const c = await recorded();
    await c.voice.recording(c.session.id)?.stop();
    expect(c.stopped).toEqual([["stopped", "rec_fake", true]]);
    expect(c.voice.sessions).toHaveLength(1);
    const other = await recorded();
    other.recording.fail("disk_full");
    await settle();
    expect([other.stopped, other.voice.sessions.length]).toEqual([[["failed", "rec_fake", true]], 1]);
  });

  it("has noted who said what, and what of it was heard", async () => {
    const c = await recorded({ stt: [{ finals: ["hello"] }], answers: ["Hello to you."] });
    const { stream } = c;
    await c.microphone(60);
    stream?.speechStart(60);
    await c.microphone(400);
    await c.microphone(500);
    stream?.speechEnd(500);
    await c.clock.advance(10_000);
    const { notes } = c.recording;
    expect(notes.map(({ type, role, text }) => [type, role, text])).toEqual([
      ["transcript", "user", "hello"],
      ["utterance-start", undefined, undefined],
      ["transcript", "assistant", "Hello to you."],
    ]);
    expect(notes.at(-1)).toMatchObject({ heard: { interrupted: false, unheard: "", confidence: "reported" } });
    void c.voice.say(c.session.id, "A long announcement that nobody will hear to its end.").catch(() => {});
    await c.clock.advance(700);
    await c.backend.disconnect(c.session);
    await c.clock.advance(3_000);
    const heard = { interrupted: true, unheard: expect.stringMatching(/\w/) };
    expect(notes.at(-1)).toMatchObject({ role: "assistant", heard });
  });
});
