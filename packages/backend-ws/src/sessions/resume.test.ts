import type { VoiceConnection } from "@roomkit/core";
import { decodeAudioFrame, defaultLimits, encodeAudioFrame, type ReadyMessage } from "@roomkit/protocol";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client, type Rig, type RigOptions, startRig, tone, until } from "../rig.fixture.ts";

let clock: VirtualClock;
let rig: Rig;

async function start(options: RigOptions = {}): Promise<void> {
  rig = await startRig({ ...options, backend: { clock, heartbeatMs: 1e9, idleTimeoutMs: 1e9, ...options.backend } });
}

async function connect(resume?: string): Promise<Client> {
  const client = await Client.open(rig.url);
  client.say({ event: "start", protocol: 1, websocket_id: "me", ...(resume !== undefined && { resume }) });
  await until(() => client.of("ready").length === 1 || client.closed !== undefined, "ready");
  return client;
}

function ready(client: Client): ReadyMessage {
  return client.of("ready")[0] as ReadyMessage;
}

/** Number and offset of each audio frame. */
function frames(client: Client): [number, number][] {
  return client.binary.map((bytes) => {
    const result = decodeAudioFrame(bytes, defaultLimits);
    return result.ok ? [result.frame.utterance, result.frame.offset] : [-1, -1];
  });
}

async function drop(client: Client): Promise<void> {
  client.socket.terminate();
  await until(() => rig.backend.counts.suspended === 1, "a suspended session");
}

beforeEach(() => {
  clock = new VirtualClock({ turns: 20 });
});
afterEach(async () => {
  await rig.close();
  await until(() => rig.backend.counts.sockets === 0);
  expect(rig.backend.counts).toEqual({ sockets: 0, sessions: 0, live: 0, suspended: 0, labels: 0, tokens: 0 });
  // The pacing of handshakes looks once more, 20 ms after the last.
  await clock.advance(20);
  expect(clock.pendingTimers).toBe(0);
});

describe("a client that loses its connection", () => {
  it("comes back also where newcomers are refused, who are told", async () => {
    await start();
    let full = false;
    const stop = rig.backend.refuseWhile(() => full);
    rig.backend.refuseWhile(() => {
      throw new Error("a provider's mistake keeps nobody out");
    });
    const first = await connect();
    const { resume } = ready(first);
    full = true;
    const told = await Client.open(rig.url);
    await until(() => told.closed !== undefined);
    expect([told.closed?.reason, told.texts.map((text) => JSON.parse(text))]).toEqual([
      "node_full",
      [{ status: "failed", meta: { error: "node_full", retryAfterMs: 5_000 } }],
    ]);
    await drop(first);
    // While somebody may come back, a newcomer is known as one by its start only.
    const newcomer = await Client.open(rig.url);
    newcomer.say({ event: "start", protocol: 1, websocket_id: "new" });
    await until(() => newcomer.closed !== undefined);
    expect(newcomer.closed?.reason).toBe("node_full");
    const again = await connect(resume);
    expect(ready(again)).toMatchObject({ resumed: true, session: ready(first).session });
    stop();
    const welcome = await Client.open(rig.url);
    welcome.say({ event: "start", protocol: 1, websocket_id: "new" });
    await until(() => welcome.of("ready").length === 1);
  });

  it("comes back also to a server that drains, and newcomers do not", async () => {
    await start();
    const first = await connect();
    rig.backend.drain();
    const { refused } = await Client.open(rig.url);
    expect([refused?.status, refused?.headers["retry-after"]]).toEqual([503, "5"]);
    await drop(first);
    const newcomer = await Client.open(rig.url);
    newcomer.say({ event: "start", protocol: 1, websocket_id: "new" });
    await until(() => newcomer.closed !== undefined);
    expect(newcomer.closed).toEqual({ code: 1001, reason: "draining" });
    const again = await connect(ready(first).resume);
    expect(ready(again).resumed).toBe(true);
    expect((await fetch(`${rig.http}/voice/config`)).status).toBe(200);
  });

  it("is sent elsewhere when its session was being made as the server began to drain", async () => {
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await start({ factory: async (make) => held.then(make) });
    const newcomer = await Client.open(rig.url);
    newcomer.say({ event: "start", protocol: 1, websocket_id: "new" });
    await until(() => rig.factoryCalls === 1);
    rig.backend.drain();
    goOn();
    await until(() => newcomer.closed !== undefined);
    expect(newcomer.closed).toEqual({ code: 1001, reason: "draining" });
  });

  it("continues its session: same objects, audio from where it was heard, messages of the meantime", async () => {
    await start();
    const first = await connect();
    const { session, connection } = rig.ready[0] as Rig["ready"][number];
    expect(ready(first)).toMatchObject({ resumed: false, limits: { resumeMs: 30_000 } });
    connection.send({ type: "state", state: "speaking" });
    connection.play("u", tone(24_000, 2_000));
    await clock.advance(600);
    await until(() => first.binary.length > 25);
    first.say({ event: "playback", utterance: 1, playedSamples: 12_000, underruns: 0 });
    await clock.advance(0);
    let reported = 0;
    connection.onPlayback(({ playedMs }) => {
      reported = playedMs;
    });
    first.say({ event: "playback", utterance: 1, playedSamples: 12_000, underruns: 0 });
    await until(() => reported === 500);
    await drop(first);
    expect(session.state).toBe("active");
    expect(connection.closed).toBe(false);
    connection.send({ type: "transcript", id: "t", role: "user", text: "meanwhile", final: true, revision: 0 });
    await clock.advance(29_000);

    const second = await connect(ready(first).resume);
    expect(ready(second)).toMatchObject({ resumed: true, session: session.id });
    expect(ready(second).resume).not.toBe(ready(first).resume);
    await until(() => second.of("transcript").length === 1 && second.binary.length > 0);
    expect(second.texts.map((text) => JSON.parse(text).type ?? JSON.parse(text).event)).toEqual([
      "ready",
      "state",
      "transcript",
    ]);
    expect(frames(second)[0]).toEqual([1, 12_000]);
    await clock.advance(3_000);
    await until(() => frames(second).at(-1)?.[1] === 47_520, "the rest of the utterance");
    expect(rig.ready).toHaveLength(1);
    expect(rig.ended).toHaveLength(0);

    // The caller is heard again, later on the same clock.
    const { heard } = rig.ready[0] as Rig["ready"][number];
    second.say(encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: new Uint8Array(960) }));
    await until(() => heard.length === 1);
    expect(heard[0]?.timestamp).toBeGreaterThan(29_000);
  });

  it("ends when it does not come back in time; its token is worth nothing then", async () => {
    await start();
    const first = await connect();
    await drop(first);
    await clock.advance(29_999);
    expect(rig.ended).toHaveLength(0);
    await clock.advance(1);
    expect(rig.ended.map(({ reason }) => reason.code)).toEqual(["client_lost"]);
    const second = await connect(ready(first).resume);
    expect(ready(second)).toMatchObject({ resumed: false });
    expect(ready(second).session).not.toBe(ready(first).session);
  });

  it("may come back before its old socket is known to be gone: that one closes and disturbs nothing", async () => {
    await start();
    const first = await connect();
    const { connection } = rig.ready[0] as { connection: VoiceConnection };
    const second = await connect(ready(first).resume);
    await until(() => first.closed !== undefined);
    expect(first.closed).toEqual({ code: 4410, reason: "resumed_elsewhere" });
    expect(connection.closed).toBe(false);
    connection.play("u", tone(24_000, 20));
    await until(() => second.binary.length === 1);
    expect(first.binary).toHaveLength(0);
  });

  it("shows a token once, and only the last one", async () => {
    await start();
    const first = await connect();
    await drop(first);
    const second = await connect(ready(first).resume);
    second.say({ event: "ping" });
    await until(() => second.of("pong").length === 1);
    await drop(second);
    // Spent: makes a new session under another name, and takes nothing over.
    const thief = await Client.open(rig.url);
    thief.say({ event: "start", protocol: 1, resume: ready(first).resume });
    await until(() => thief.of("ready").length === 1);
    expect(ready(thief)).toMatchObject({ resumed: false });
    const third = await connect(ready(second).resume);
    expect(ready(third)).toMatchObject({ resumed: true, session: ready(first).session });
  });

  it("comes back with the token that it has when the answer with the newest was lost", async () => {
    await start();
    const first = await connect();
    const { resume, session } = ready(first);
    for (let attempt = 0; attempt < 3; attempt++) {
      const again = await connect(resume);
      expect(ready(again)).toMatchObject({ resumed: true, session });
      await drop(again);
    }
  });

  it("a guessed token, a session id or a name take nothing over", async () => {
    await start();
    const first = await connect();
    for (const guess of [ready(first).session, "me", "a".repeat(43)]) {
      const thief = await Client.open(rig.url);
      thief.say({ event: "start", protocol: 1, resume: guess });
      await until(() => thief.of("ready").length === 1);
      expect(ready(thief).resumed).toBe(false);
    }
    expect(first.closed).toBeUndefined();
  });

  it("a compat client cannot resume, and its token is not used up by trying", async () => {
    await start();
    const first = await connect();
    await drop(first);
    const compat = await Client.open(rig.url);
    compat.say({ event: "start", websocket_id: "other", resume: ready(first).resume });
    await until(() => rig.ready.length === 2);
    const back = await connect(ready(first).resume);
    expect(ready(back).resumed).toBe(true);
  });
});

describe("what ends a session at once", () => {
  it.each([1000, 1001, undefined])("a client that closes with %s", async (code) => {
    await start();
    const client = await connect();
    client.socket.close(code);
    await until(() => rig.ended.length === 1);
    expect(rig.ended[0]?.reason.code).toBe("client_closed");
  });

  it("resuming switched off", async () => {
    await start({ backend: { resumeMs: 0 } });
    const client = await connect();
    client.socket.terminate();
    await until(() => rig.ended.length === 1);
    expect(rig.ended[0]?.reason.code).toBe("client_lost");
    // The client shows what it was given, and starts anew.
    expect(ready(client).resume).toBe("");
    expect(ready(await connect(""))).toMatchObject({ resumed: false });
  });

  it("the server's own word, also while the client is away", async () => {
    await start();
    const client = await connect();
    const { session } = rig.ready[0] as Rig["ready"][number];
    await drop(client);
    await rig.backend.disconnect(session);
    expect(rig.ended.map(({ reason }) => reason.code)).toEqual(["server_closed"]);
    const again = await connect(ready(client).resume);
    expect(ready(again).resumed).toBe(false);
  });

  it("too many that wait: the longest-waiting goes first", async () => {
    await start({ backend: { maxSuspended: 2 } });
    const sessions: string[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await Client.open(rig.url);
      client.say({ event: "start", protocol: 1 });
      await until(() => client.of("ready").length === 1);
      sessions.push(ready(client).session);
      client.socket.terminate();
      await until(() => rig.backend.counts.sockets === 0);
    }
    expect(rig.ended.map(({ session }) => session.id)).toEqual(sessions.slice(0, 1));
    expect(rig.backend.counts.suspended).toBe(2);
  });
});
