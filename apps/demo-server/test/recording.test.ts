import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  type AudioFrame,
  type RecordingSummary,
  RoomKit,
  roomPerCaller,
  silentLogger,
  type VoiceSession,
} from "@roomkit/core";
import { audioPipeline, createResampler } from "@roomkit/pipeline";
import { encodeAudioFrame, samplesToPcm16 } from "@roomkit/protocol";
import { type RecordingStorage, type WavRecorderOptions, wavRecorder } from "@roomkit/recorder-wav";
import {
  FakeBackend,
  FakeConnection,
  ScriptedRealtime,
  ScriptedStt,
  ScriptedTts,
  samplesOfWav,
  seededRandom,
  VirtualClock,
} from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import WebSocket from "ws";

const RATE = 16_000;
const mono = { sampleRate: RATE, channels: 1 } as const;
const SECONDS = 600;
const BEGAN = Date.UTC(2025, 0, 1);

let dir: string;
const running: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "recording-"));
});
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
  await rm(dir, { recursive: true, force: true });
});

/** Real sockets take their time, and virtual time does not wait for them. */
async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; !what(); turns++) {
    if (turns > 30_000) throw new Error("it never came");
    await new Promise((resolve) => (turns < 1_000 ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
}

/** A storage in memory: what is tested here is what is heard, not disks. */
function memory(): { readonly storage: RecordingStorage; readonly files: Map<string, Uint8Array[]> } {
  const files = new Map<string, Uint8Array[]>();
  return {
    files,
    storage: {
      open(name) {
        const parts: Uint8Array[] = [];
        files.set(name, parts);
        return { write: (bytes) => void parts.push(bytes), close() {} };
      },
    },
  };
}

/** A server, a room, a voice channel with a recorder, and a v1 client on a real socket; in virtual time. */
async function recordedCall(options: WavRecorderOptions, consent?: (kit: RoomKit) => void) {
  const clock = new VirtualClock({ turns: 1 });
  const kit = new RoomKit({ clock, logger: silentLogger });
  const backend = new WebSocketBackend({ codec: mulaw(), clock, logger: silentLogger });
  const voice = new VoiceChannel("voice", {
    backend,
    stt: new ScriptedStt(clock, []),
    tts: new ScriptedTts(clock),
    pipeline: audioPipeline({ recorder: wavRecorder(options), logger: silentLogger }),
    turnDetection: "manual",
  });
  kit.registerChannel(voice);
  const stopped: RecordingSummary[] = [];
  kit.hook("ON_RECORDING_STOPPED", ({ recording }) => void stopped.push(recording));
  consent?.(kit);
  const server = createServer();
  mountVoice(server, backend, { allowAnonymous: true, sessionFactory: roomPerCaller(kit, { channels: ["voice"] }) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let received = 0;
  const played: { readonly at: number; readonly frame: AudioFrame }[] = [];
  let session: VoiceSession | undefined;
  backend.onSessionReady((ready, connection) => {
    session = ready;
    connection.onPlayed((frame, at = Number.NaN) => played.push({ at, frame }));
  });
  backend.onAudioReceived(() => void received++);
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`;
  let socket: WebSocket;
  let resume: string | undefined;
  /** Connects, the second time to the same call. */
  const connect = async (): Promise<void> => {
    socket = new WebSocket(url);
    let ready = false;
    socket.on("message", (data, binary) => {
      const message = binary ? {} : JSON.parse(String(data));
      if (message.event !== "ready") return;
      ready = true;
      resume = message.resume;
    });
    await once(socket, "open");
    const audio = { codec: "pcm16", sampleRate: RATE };
    const start = { event: "start", protocol: 1, audio: { send: audio, receive: audio }, ...(resume && { resume }) };
    socket.send(JSON.stringify(start));
    await until(() => ready && voice.sessions.length === 1);
  };
  await connect();
  running.push(async () => {
    socket.terminate();
    await kit.close();
    await backend.close();
    server.close();
  });
  /** Microphone audio, sent now and received now. */
  const send = async (samples: Int16Array, offset: number): Promise<void> => {
    const before = received;
    socket.send(encodeAudioFrame({ utterance: 0, offset, end: false, audio: samplesToPcm16(samples) }));
    await until(() => received > before);
  };
  const hangUp = async (): Promise<void> => {
    socket.close();
    // In real time: a real disk takes some.
    await until(() => voice.sessions.length === 0);
  };
  /** The line breaks, and is there again after a while. */
  const reconnect = async (ms: number): Promise<void> => {
    const gone = once(socket, "close");
    socket.terminate();
    await gone;
    await clock.advance(ms);
    await connect();
  };
  return { clock, kit, voice, session: session as unknown as VoiceSession, send, hangUp, reconnect, played, stopped };
}

describe("a call over WebSocket that is recorded", () => {
  it("lines up with what was said and played, in ten minutes with stalls, mutes and reconnects, to the sample", {
    timeout: 180_000,
  }, async () => {
    const { storage, files } = memory();
    const call = await recordedCall({ storage });
    const { clock, voice, session } = call;
    const random = seededRandom(3);
    const begin = clock.now();
    const said = new Int16Array(RATE * (SECONDS + 10));
    const noise = (length: number): Int16Array => new Int16Array(length).map(() => 1 + 20_000 * random());
    let waiting: (() => Promise<void>)[] = [];
    /** Where the client counts from. */
    let joined = 0;
    let stalledUntil = 0;
    let mutedUntil = 0;
    for (let second = 0, at = 0; second < SECONDS; at += 100) {
      // Twice the line breaks. Stalls are made up for (2 s at once is what a client may); a muted client sends nothing, and counts on.
      if (random() < 0.004) stalledUntil = at + 1_200 * random();
      if (random() < 0.004) mutedUntil = at + 4_000 * random();
      if (at % 1_000 === 0) {
        second++;
        // An announcement of three seconds now and then: at its own rate, as a recording would have.
        if (second % 12 === 5) {
          const samples = noise(RATE * 3);
          void voice.play(session.id, { samples, ...mono, timestamp: 0 }, "An announcement.").catch(() => {});
        }
      }
      if (at === 200_000 || at === 400_000) {
        for (const send of waiting.splice(0)) await send();
        await call.reconnect(3_000);
        at += 3_000;
        second += 3;
        joined = at;
      }
      await clock.advance(100);
      if (at >= mutedUntil) {
        const samples = noise(RATE / 10);
        const offset = (at - joined) * 16;
        said.set(samples, at * 16);
        waiting.push(() => call.send(samples, offset));
      }
      if (at + 100 < stalledUntil) continue;
      for (const send of waiting.splice(0)) await send();
    }
    waiting = [];
    await call.hangUp();
    await until(() => call.stopped.length > 0);
    const [summary] = call.stopped;
    expect(call.stopped).toHaveLength(1);
    expect(summary).toMatchObject({ lostMs: 0, channels: ["inbound", "outbound"], files: [{ kind: "audio" }] });
    expect(summary?.error).toBeUndefined();
    const [parts = []] = files.values();
    const { samples, format } = samplesOfWav(Buffer.concat(parts));
    expect(format).toEqual({ sampleRate: RATE, channels: 2 });
    expect(samples.length / 2 / RATE).toBeGreaterThan(SECONDS - 1);
    const zero = begin - ((summary?.startedAt ?? 0) - BEGAN);
    expect(zero).toBe(0);
    // The caller's side: what they said, when they said it.
    const left = samples.filter((_sample, i) => i % 2 === 0);
    expect(firstDifference(left, said)).toBe(-1);
    // And what they heard, when it was played.
    const heard = new Int16Array(left.length);
    for (const { at, frame } of call.played) heard.set(frame.samples, Math.round((at - begin) * 16));
    expect(call.played.length * 20).toBeGreaterThan(SECONDS * 230);
    expect(
      firstDifference(
        samples.filter((_sample, i) => i % 2 === 1),
        heard,
      ),
    ).toBe(-1);
  });

  it("waits for the hook, and has what is said after it", async () => {
    let agree = (): void => {};
    const asked: unknown[] = [];
    const call = await recordedCall({ storage: dir, sidecar: true }, (kit) =>
      kit.hook("ON_RECORDING_STARTED", ({ recording }) => {
        asked.push(recording);
        return new Promise<void>((resolve) => {
          agree = resolve;
        });
      }),
    );
    expect(asked).toMatchObject([{ channels: ["inbound", "outbound"] }]);
    for (let at = 0; at < 1_000; at += 100) {
      await call.clock.advance(100);
      await call.send(new Int16Array(1_600).fill(7), at * 16);
    }
    expect(await readdir(dir)).toEqual([]);
    agree();
    await call.clock.advance(0);
    for (let at = 1_000; at < 3_000; at += 100) {
      await call.clock.advance(100);
      await call.send(new Int16Array(1_600).fill(9), at * 16);
    }
    await call.hangUp();
    await until(() => call.stopped.length === 1);
    const [wav, json] = call.stopped[0]?.files ?? [];
    const { samples } = samplesOfWav(await readFile(join(dir, wav?.name ?? "")));
    expect(samples.filter((_sample, i) => i % 2 === 0)).toEqual(new Int16Array(32_000).fill(9));
    expect(JSON.parse(await readFile(join(dir, json?.name ?? ""), "utf8"))).toMatchObject({ durationMs: 2_000 });
  });

  it("leaves no file when the hook refuses", async () => {
    const folder = join(dir, "never");
    const refused: string[] = [];
    const call = await recordedCall({ storage: folder, beforeConsent: "hold", sidecar: true }, (kit) => {
      kit.hook("ON_RECORDING_STARTED", () => ({ action: "block", reason: "not here" }));
      kit.on("recording_refused", ({ reason }) => void refused.push(reason));
    });
    for (let at = 0; at < 1_000; at += 100) {
      await call.clock.advance(100);
      await call.send(new Int16Array(1_600).fill(7), at * 16);
    }
    expect(call.voice.recording(call.session.id)?.state).toBe("ended");
    await call.hangUp();
    expect([refused, call.stopped, existsSync(folder)]).toEqual([["not here"], [], false]);
  });
});

describe("a speech-to-speech call that is recorded", () => {
  it("has what was heard of an answer that was cut off, and nothing else of it", async () => {
    const { storage, files } = memory();
    const clock = new VirtualClock();
    const kit = new RoomKit({ clock, logger: silentLogger });
    const transport = new FakeBackend();
    const provider = new ScriptedRealtime({ clock });
    const pipeline = audioPipeline({ recorder: wavRecorder({ storage }), logger: silentLogger });
    const channel = new RealtimeVoiceChannel("rt", { provider, transport, pipeline, createResampler });
    kit.registerChannel(channel);
    const room = await kit.createRoom();
    await kit.attachChannel(room.id, "rt");
    transport.client(new FakeConnection({ clock, id: "client", inbound: mono }));
    const { id } = await channel.startSession(room.id, "ada", { connection: "client" });
    const [remote] = provider.sessions;
    await clock.advance(500);
    remote?.say({ type: "response-start", responseId: "r" });
    const { sampleRate = 24_000 } = remote?.outbound ?? {};
    for (let at = 0; at < 5_000; at += 20) {
      const samples = new Int16Array(sampleRate / 50).fill(5_000);
      const frame: AudioFrame = { samples, sampleRate, channels: 1, timestamp: at };
      remote?.say({ type: "audio", responseId: "r", itemId: "r", frame });
    }
    await clock.advance(1_000);
    remote?.say({ type: "speech-start" });
    await clock.advance(2_000);
    await channel.endSession(id);
    const { samples } = samplesOfWav(Buffer.concat([...files.values()][0] ?? []));
    const right = samples.filter((_sample, i) => i % 2 === 1);
    const loud = right.reduce((count, sample) => count + (Math.abs(sample) > 4_000 ? 1 : 0), 0);
    expect(loud / 16).toBeGreaterThan(950);
    expect(loud / 16).toBeLessThan(1_050);
    expect(right.findIndex((sample) => sample !== 0) / 16).toBeGreaterThan(495);
    expect(right.length / 16).toBe(3_500);
    await kit.close();
  });
});

describe("a process that is killed while it records", () => {
  it("leaves a file that opens", { timeout: 60_000 }, async () => {
    const child = fileURLToPath(new URL("recorder-child.fixture.ts", import.meta.url));
    const loader = new URL("../../../tools/source.mjs", import.meta.url).href;
    const args = ["--conditions", "@roomkit/source", "--import", loader, child, dir];
    const process_ = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    /** What its header says that there is, in bytes. */
    const counted = async (): Promise<number> => {
      const [name] = await readdir(dir);
      const file = name === undefined ? Buffer.alloc(0) : await readFile(join(dir, name));
      return file.length < 44 ? 0 : samplesOfWav(file).samples.length * 2;
    };
    let before = 0;
    while (before < 64_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      before = await counted();
    }
    process_.kill("SIGKILL");
    await once(process_, "exit");
    const [name = ""] = await readdir(dir);
    const file = await readFile(join(dir, name));
    const { samples, format } = samplesOfWav(file);
    expect(format).toEqual({ sampleRate: RATE, channels: 2 });
    // What was whole stays so: a piece is counted when it has been written.
    expect(samples.length * 2).toBeGreaterThanOrEqual(before);
    const sound = samples.filter((sample) => sample === 1_234).length;
    expect(sound / samples.length).toBeGreaterThan(0.9);
  });
});

/** Where two recordings differ first, in samples; -1: nowhere, and what only one of them has is silence. */
function firstDifference(a: Int16Array, b: Int16Array): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return i;
  return -1;
}
