import { type ForeignToken, RoomKitError, type VoiceSession } from "@roomkit/core";
import { decodeAudioFrame, defaultLimits, type ReadyMessage } from "@roomkit/protocol";
import { tokenHash } from "@roomkit/transport-utils";
import { afterEach, describe, expect, it } from "vitest";
import { Client, type Rig, startRig, tone, until } from "../rig.fixture.ts";

let rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs) await rig.close();
  rigs = [];
});

async function rig(): Promise<Rig> {
  const made = await startRig();
  rigs.push(made);
  return made;
}

async function connect(at: Rig, resume?: string): Promise<Client> {
  const client = await Client.open(at.url);
  client.say({ event: "start", protocol: 1, ...(resume !== undefined && { resume }) });
  await until(() => client.of("ready").length === 1 || client.closed !== undefined, "an answer");
  return client;
}

const ready = (client: Client): ReadyMessage => client.of("ready")[0] as ReadyMessage;

/** What one process kept, as another takes it over. */
function takes(from: Rig, to: Rig): ForeignToken[] {
  const asked: ForeignToken[] = [];
  to.backend.onForeignToken(async (foreign) => {
    asked.push(foreign);
    for (const { session } of from.ready) {
      const kept = from.backend.resumption(session);
      if (!kept?.tokens.includes(foreign.token)) continue;
      const { id, roomId, participantId, channelId, metadata } = session;
      const { transport } = JSON.parse(JSON.stringify(kept));
      return await foreign.backend.connect(roomId, participantId, channelId, metadata, { id, transport });
    }
    return undefined;
  });
  return asked;
}

describe("a client that comes from another process", () => {
  it("goes on with its session: what it played is cleared and counted, numbers go on, a new token", async () => {
    const [a, b] = [await rig(), await rig()];
    const asked = takes(a, b);
    const first = await connect(a);
    const { resume, session: id } = ready(first);
    a.ready[0]?.connection.play("old", tone(24_000, 2_000));
    await until(() => first.binary.length > 3);

    const second = await connect(b, resume);
    expect(ready(second)).toMatchObject({ resumed: true, session: id });
    expect(asked).toMatchObject([{ token: tokenHash(resume) }]);
    expect(ready(second).resume).not.toBe(resume);
    await until(() => second.of("clear").length === 1, "a clear");
    const [clear] = second.of("clear") as { utterance: number }[];
    expect(clear?.utterance).toBe(1_001);
    second.say({ event: "playback", utterance: 1, playedSamples: 12_000, underruns: 0, done: true });
    second.say({ event: "playback", utterance: 1, playedSamples: 24_000, underruns: 0 });
    second.say({ event: "playback", utterance: 5, playedSamples: 1, underruns: 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { connection } = b.ready[0] as Rig["ready"][number];
    // Whoever listens only now is told, once; a count that comes after the last does not change it.
    const heard: unknown[] = [];
    connection.onPlayback((progress) => heard.push(progress));
    expect(heard).toEqual([{ utterance: "old", playedMs: 500, confidence: "reported", done: true }]);
    connection.play("new", tone(24_000, 40));
    await until(() => second.binary.length > 0);
    const frame = decodeAudioFrame(second.binary[0] as Uint8Array, defaultLimits);
    expect(frame.ok && frame.frame.utterance).toBe(1_002);
    expect(b.factoryCalls).toBe(0);
  });

  it("may show the token that it came with elsewhere until it has said something: the new one may never have reached it", async () => {
    const [a, b, c] = [await rig(), await rig(), await rig()];
    takes(a, b);
    takes(b, c);
    const { resume } = ready(await connect(a));
    await connect(b, resume);
    const third = await connect(c, resume);
    expect(ready(third).resumed).toBe(true);
    const [{ session }] = b.ready as [Rig["ready"][number]];
    expect(b.backend.resumption(session)?.tokens).toHaveLength(2);
    third.say({ event: "ping" });
    await until(() => third.of("pong").length === 1);
    const [taken] = c.ready as [Rig["ready"][number]];
    expect(c.backend.resumption(taken.session)?.tokens).toHaveLength(1);
    expect(c.backend.resumption({ ...session } as VoiceSession)).toBeUndefined();
  });

  it("begins a new session where nobody knows it; a client of the seed and a telephone are not asked for", async () => {
    const [a, b] = [await rig(), await rig()];
    const asked = takes(a, b);
    const client = await connect(b, "a".repeat(43));
    expect([ready(client).resumed, asked.length, b.factoryCalls]).toEqual([false, 1, 1]);
    const compat = await Client.open(b.url);
    compat.say({ event: "start", websocket_id: "x", resume: "a".repeat(43) });
    await until(() => b.ready.length === 2);
    expect([asked.length, b.backend.resumption((b.ready[1] as Rig["ready"][number]).session)]).toEqual([1, undefined]);
  });

  it("is told to try again where its session could not be taken over just now", async () => {
    const b = await rig();
    b.backend.onForeignToken(async () => {
      throw new RoomKitError("store_unavailable", "down", { retryable: true });
    });
    const client = await connect(b, "a".repeat(43));
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1011, reason: "takeover_failed" });
    expect(client.of("error")).toMatchObject([{ code: "takeover_failed", retryable: true }]);
    expect(b.backend.counts).toMatchObject({ sessions: 0, live: 0, labels: 0 });
  });

  it("is taken by a full process and by none that drains; newcomers by neither", async () => {
    const [a, b] = [await rig(), await rig()];
    takes(a, b);
    const { resume } = ready(await connect(a));
    b.backend.refuseWhile(() => true);
    expect(ready(await connect(b, resume)).resumed).toBe(true);
    const newcomer = await connect(b, "a".repeat(43));
    await until(() => newcomer.closed !== undefined);
    expect(newcomer.closed?.reason).toBe("node_full");
    const other = ready(await connect(a)).resume;
    b.backend.drain();
    const { refused } = await Client.open(b.url);
    expect([refused?.status, other === ""]).toEqual([503, false]);
  });

  it("that is gone before its session was made leaves nothing behind", async () => {
    const [a, b] = [await rig(), await rig()];
    let go = (): void => {};
    const going = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { resume } = ready(await connect(a));
    let aborted: boolean | undefined;
    b.backend.onForeignToken(async ({ backend, signal }) => {
      await going;
      aborted = signal.aborted;
      return await backend.connect("r", "p", "voice", {}, { id: "late", transport: "nonsense" });
    });
    const client = await Client.open(b.url);
    client.say({ event: "start", protocol: 1, resume });
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.terminate();
    await until(() => b.backend.counts.sockets === 0);
    go();
    await until(() => b.ended.length === 1);
    expect([aborted, b.ready.length, b.backend.counts.sessions]).toEqual([true, 0, 0]);
  });

  it("does not take a session that is here already", async () => {
    const b = await rig();
    const session = ready(await connect(b)).session;
    await expect(b.backend.connect("r", "p", "voice", {}, { id: session, transport: {} })).rejects.toMatchObject({
      code: "session_taken",
    });
  });
});
