import { mulaw } from "@roomkit/codec-mulaw";
import type { PlaybackProgress } from "@roomkit/core";
import {
  decodeAudioFrame,
  defaultLimits,
  encodeAudioFrame,
  encodeBase64,
  pcm16ToSamples,
  samplesToPcm16,
} from "@roomkit/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { Client, type Rig, startRig, tone, until } from "./rig.fixture.ts";

let rig: Rig;
afterEach(async () => {
  await rig.close();
});

describe("the seed's client", () => {
  it("is served as it is", async () => {
    rig = await startRig();
    const client = await Client.open(rig.url);
    client.say({ event: "start", websocket_id: "abc123" });
    await until(() => rig.ready.length === 1);
    const { session, connection, heard } = rig.ready[0] as Rig["ready"][number];
    expect(session.state).toBe("active");
    expect(connection.label).toBe("abc123");
    expect(connection.inbound).toEqual({ sampleRate: 48_000, channels: 1 });
    expect(connection.outbound).toEqual({ sampleRate: 24_000, channels: 1 });
    expect(connection.playback).toBe("estimated");

    const codec = mulaw();
    const spoken = codec.encode(tone(48_000, 85).samples);
    client.say({ event: "media", media: { payload: encodeBase64(spoken) } });
    client.say({ event: "media", media: { payload: encodeBase64(spoken) } });
    await until(() => heard.length === 2);
    expect(heard[0]?.samples).toEqual(codec.decode(spoken));
    expect(heard.map(({ timestamp }) => timestamp)).toEqual([
      expect.closeTo(0, -2),
      expect.closeTo((heard[0]?.timestamp ?? 0) + 85, 3),
    ]);

    client.say({ event: "ping" });
    await until(() => client.of("pong").length === 1);
    expect(client.texts).toContain('{"event":"pong"}');

    connection.send({ type: "transcript", id: "t", role: "user", text: "hel", final: false, revision: 0 });
    connection.send({ type: "transcript", id: "t", role: "user", text: "hello", final: true, revision: 1 });
    connection.send({ type: "state", state: "thinking" });
    await until(() => client.of("transcription").length === 1);
    expect(JSON.parse(client.texts.at(-1) as string)).toEqual({
      type: "transcription",
      data: { role: "user", text: "hello" },
    });

    const played: PlaybackProgress[] = [];
    connection.onPlayback((progress) => played.push(progress));
    const speech = tone(24_000, 50);
    connection.play("u1", speech);
    connection.endUtterance("u1");
    await until(() => client.of("media").length === 3);
    const bytes = client.messages.flatMap((message) =>
      "audio" in message && message.event === "media" ? [...message.audio] : [],
    );
    expect(bytes).toEqual([...codec.encode(speech.samples)]);
    await until(() => played.some(({ done }) => done));
    expect(played.at(-1)).toEqual({ utterance: "u1", playedMs: 50, confidence: "estimated", done: true });

    connection.clear();
    await until(() => client.of("clear_audio").length === 1);
    expect(client.texts.at(-1)).toBe('{"type":"clear_audio"}');

    client.say({ event: "stop" });
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1000, reason: "client_closed" });
    expect(rig.ended).toHaveLength(1);
    expect(session.state).toBe("ended");
  });

  it("hears a greeting before it has said a word", async () => {
    rig = await startRig();
    rig.backend.onSessionReady((_session, connection) => connection.play("greeting", tone(24_000, 100)));
    const client = await Client.open(rig.url);
    client.say({ event: "start", websocket_id: "quiet" });
    await until(() => client.of("media").length === 5);
  });
});

describe("a telephone", () => {
  it("speaks 8 kHz both ways, with its streamSid", async () => {
    rig = await startRig();
    const client = await Client.open(rig.url);
    client.say({ event: "connected", protocol: "Call", version: "1.0.0" });
    client.say({ event: "start", sequenceNumber: "1", start: { streamSid: "MZ1" }, streamSid: "MZ1" });
    await until(() => rig.ready.length === 1);
    const { connection, heard } = rig.ready[0] as Rig["ready"][number];
    expect(connection.inbound.sampleRate).toBe(8_000);
    expect(connection.outbound.sampleRate).toBe(8_000);
    const payload = encodeBase64(new Uint8Array(160).fill(0x7f));
    client.say({ event: "media", sequenceNumber: "2", media: { payload }, streamSid: "MZ1" });
    client.say({ event: "media", sequenceNumber: "2", media: { payload }, streamSid: "MZ1" });
    client.say({ event: "media", sequenceNumber: "4", media: { payload }, streamSid: "MZ1" });
    client.say({ event: "media", sequenceNumber: "3", media: { payload }, streamSid: "MZ1" });
    const digits: string[] = [];
    connection.onInput((input) => input.type === "dtmf" && digits.push(input.digit));
    client.say({ event: "dtmf", dtmf: { digit: "5" }, streamSid: "MZ1" });
    await until(() => digits.length === 1);
    expect(heard).toHaveLength(2);
    connection.play("u", tone(8_000, 20));
    connection.clear();
    await until(() => client.texts.length === 2);
    expect(JSON.parse(client.texts[0] as string)).toMatchObject({ event: "media", streamSid: "MZ1", media: {} });
    expect(JSON.parse(client.texts[1] as string)).toEqual({ event: "clear", streamSid: "MZ1" });
  });
});

describe("a v1 client", () => {
  it("negotiates, hears binary audio and reports what it played", async () => {
    rig = await startRig();
    const client = await Client.open(rig.url);
    const audio = { send: { codec: "pcm16", sampleRate: 16_000 }, receive: { codec: "pcm16", sampleRate: 24_000 } };
    client.say({ event: "start", protocol: 1, audio, client: { name: "test", version: "1" } });
    await until(() => rig.ready.length === 1 && client.of("ready").length === 1);
    const { session, connection, heard } = rig.ready[0] as Rig["ready"][number];
    expect(client.of("ready")[0]).toMatchObject({ session: session.id, resumed: false, audio });
    expect(connection.playback).toBe("reported");

    const spoken = tone(16_000, 20).samples;
    client.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: samplesToPcm16(spoken) }));
    client.say(encodeAudioFrame({ utterance: 0, offset: 160, end: false, audio: samplesToPcm16(spoken) }));
    client.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: samplesToPcm16(spoken) }));
    client.say({ event: "media", media: { payload: encodeBase64(samplesToPcm16(spoken)) } });
    await until(() => heard.length === 3);
    expect(heard.map(({ samples }) => samples.length)).toEqual([320, 160, 320]);
    const first = heard[0]?.timestamp ?? 0;
    expect(heard.map(({ timestamp }) => timestamp - first)).toEqual([0, 20, 30]);

    const played: unknown[] = [];
    connection.onPlayback((progress) => played.push(progress));
    connection.send({ type: "utterance", id: "u1", phase: "start", text: "hello" });
    const speech = tone(24_000, 50);
    connection.play("u1", speech);
    connection.endUtterance("u1");
    await until(() => client.binary.length === 3);
    expect(client.of("utterance")).toEqual([{ type: "utterance", id: 1, phase: "start", text: "hello" }]);
    const frames = client.binary.map((bytes) => decodeAudioFrame(bytes, defaultLimits));
    expect(
      frames.map((result) => result.ok && [result.frame.utterance, result.frame.offset, result.frame.end]),
    ).toEqual([
      [1, 0, false],
      [1, 480, false],
      [1, 960, true],
    ]);
    const samples = frames.flatMap((result) => (result.ok ? [...(pcm16ToSamples(result.frame.audio) ?? [])] : []));
    expect(samples).toEqual([...speech.samples]);

    client.say({ event: "playback", utterance: 1, playedSamples: 600, underruns: 0 });
    client.say({ event: "playback", utterance: 1, playedSamples: 99_999, underruns: 0, done: true });
    await until(() => played.length === 2);
    expect(played).toEqual([
      { utterance: "u1", playedMs: 25, confidence: "reported", done: false },
      { utterance: "u1", playedMs: 50, confidence: "reported", done: true },
    ]);

    client.say({ event: "ping", t: 42 });
    await until(() => client.of("pong").length === 1);
    expect(client.of("pong")[0]).toEqual({ type: "pong", t: 42 });

    await rig.backend.disconnect(session);
    await until(() => client.closed !== undefined);
    expect(client.of("bye")).toEqual([{ type: "bye", reason: "server_closed", resumable: false, code: 1000 }]);
    expect(client.closed).toEqual({ code: 1000, reason: "server_closed" });
  });
});
