import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { agc } from "@roomkit/agc";
import { VoiceChannel } from "@roomkit/channel-voice";
import { RoomKit, silence, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { FakeBackend, FakeConnection, ScriptedStt, ScriptedTts, settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { Desk } from "../src/desk.ts";
import { Recordings } from "../src/recordings.ts";

const mono = { sampleRate: 16_000, channels: 1 } as const;
const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

/** Two calls on a server with a desk; real files, virtual time. */
async function desk() {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, logger: silentLogger });
  const recordings = await Recordings.open();
  running.push(() => recordings.close());
  const backend = new FakeBackend();
  const { directory: storage, name } = recordings;
  const pipeline = audioPipeline({
    ...{ agc: agc(), startOff: ["agc"] as const, logger: silentLogger },
    recorder: wavRecorder({ storage, name, requireConsent: true }),
  });
  const [stt, tts] = [new ScriptedStt(clock, []), new ScriptedTts(clock)];
  const channel = new VoiceChannel("voice", { backend, stt, tts, pipeline });
  new Desk(kit, recordings).serve(backend, channel);
  kit.registerChannel(channel);
  const call = async () => {
    const room = await kit.createRoom();
    await kit.attachChannel(room.id, "voice");
    const session = await backend.connect(room.id, "caller", "voice");
    await kit.join(room.id, "voice", { session });
    const connection = new FakeConnection({ clock, playback: "reported" });
    backend.bind(session, connection);
    let at = 0;
    const speak = async (ms: number): Promise<void> => {
      for (const end = at + ms; at < end; at += 20) {
        connection.hear({ ...silence(mono, 20, at), samples: new Int16Array(320).fill(3_000) });
        await clock.advance(20);
      }
    };
    /** Asks, and gives the newest answers of each type. */
    const ask = async (payload: unknown, dataName = "sound") => {
      connection.input({ type: "data", name: dataName, payload });
      await settle();
      await clock.advance(1);
      return newest();
    };
    const newest = () => {
      const said = connection.messages("data").map(({ payload }) => payload as { type: string });
      return {
        state: said.findLast(({ type }) => type === "state"),
        level: said.findLast(({ type }) => type === "level"),
      };
    };
    return { session, connection, speak, ask, newest };
  };
  const server = createServer((request, response) => {
    if (!recordings.serve(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  running.push(async () => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  running.push(async () => {
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
  });
  return { clock, kit, recordings, call, url };
}

const off = { type: "state", stages: [{ role: "agc", state: "off" }], recording: { state: "off" } };

describe("the desk", () => {
  it("tells and switches the stages of a caller's own call", async () => {
    const d = await desk();
    const [a, b] = [await d.call(), await d.call()];
    expect((await a.ask({ type: "hello" })).state).toEqual(off);
    expect((await a.ask({ type: "switch", role: "agc", on: true })).state).toMatchObject({
      stages: [{ role: "agc", state: "on" }],
    });
    expect((await b.ask({ type: "hello" })).state).toEqual(off);
  });

  it.each([
    null,
    7,
    [],
    {},
    { type: "switch" },
    { type: "switch", role: "agc", on: "yes" },
    { type: "switch", role: "recorder", on: false },
    { type: "switch", role: "vad", on: true },
    { type: "switch", role: "__proto__", on: true },
    { type: "record" },
    { type: "record", action: "stop" },
    { type: "record", action: "pause" },
    { type: "record", action: "erase" },
  ])("bears %j", async (payload) => {
    const d = await desk();
    const errors: unknown[] = [];
    d.kit.on("hook_error", (event) => errors.push(event));
    const a = await d.call();
    await a.ask(payload);
    await a.ask(payload, "other");
    await a.speak(100);
    expect((await a.ask({ type: "hello" })).state).toEqual(off);
    expect(errors).toEqual([]);
  });

  it("tells the levels to whoever watches", async () => {
    const d = await desk();
    const [a, b] = [await d.call(), await d.call()];
    await a.ask({ type: "watch", on: true });
    await a.speak(500);
    await b.speak(500);
    expect(a.newest().level).toMatchObject({ before: expect.closeTo(-20.8, 0), after: expect.closeTo(-20.8, 0) });
    expect(b.newest().level).toBeUndefined();
    await a.ask({ type: "watch", on: false });
    const count = a.connection.messages("data").length;
    await a.speak(500);
    expect(a.connection.messages("data")).toHaveLength(count);
  });

  it("records nothing until the caller has agreed, and then what is said from there on", async () => {
    const d = await desk();
    const [a, b] = [await d.call(), await d.call()];
    await a.speak(1_000);
    expect(await readdir(d.recordings.directory)).toEqual([]);
    await a.ask({ type: "record", action: "start" });
    const recording = (a.newest().state as unknown as typeof off & { recording: { address: string } }).recording;
    expect(recording).toMatchObject({
      state: "recording",
      address: expect.stringMatching(/^\/recordings\/[0-9a-f-]{36}\.wav$/),
    });
    await a.speak(1_000);
    expect((await a.ask({ type: "record", action: "pause" })).state).toMatchObject({ recording: { state: "paused" } });
    await a.speak(500);
    await a.ask({ type: "record", action: "resume" });
    await a.speak(500);
    void a.connection.close();
    void b.connection.close();
    // Asked for before it is complete.
    const early = fetch(`${d.url}${recording.address}`);
    for (let i = 0; i < 50; i++) {
      await d.clock.advance(200);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const response = await early;
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "audio/wav"]);
    const bytes = (await response.arrayBuffer()).byteLength;
    // Two seconds of two sides.
    expect(bytes).toBeGreaterThan(44 + 2 * 2 * 16 * 1_950);
    expect(bytes).toBeLessThan(44 + 2 * 2 * 16 * 2_100);
    const get = (headers: Record<string, string>, method = "GET") =>
      fetch(`${d.url}${recording.address}`, { method, headers });
    const part = await get({ range: "bytes=0-43" });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 0-43/${bytes}`]);
    expect((await get({ range: "bytes=9-3" })).status).toBe(200);
    expect((await get({}, "POST")).status).toBe(405);
    for (const path of ["/recordings/", "/recordings/..%2f..%2fetc%2fpasswd", "/recordings/x.wav", "/recordings"])
      expect((await fetch(`${d.url}${path}`)).status).toBe(404);
    expect((await get({}, "DELETE")).status).toBe(204);
    expect((await get({})).status).toBe(404);
    // Nobody agreed in the other call.
    expect(await readdir(d.recordings.directory)).toEqual([]);
  });
});
