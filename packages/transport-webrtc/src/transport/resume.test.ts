import type { VoiceConnection } from "@roomkit/core";
import { decodeAudioFrame } from "@roomkit/protocol";
import { tokenAuth } from "@roomkit/transport-utils";
import { afterEach, describe, expect, it } from "vitest";
import type { TestClient } from "../client.fixture.ts";
import { acceptAll, type Started, speak, start as startServer } from "../harness.fixture.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";

const running: Started[] = [];
afterEach(async () => {
  for (const started of running.splice(0)) await started.stop();
});
const start: typeof startServer = async (...options) => {
  const started = await startServer(...options);
  running.push(started);
  return started;
};

interface Ready {
  readonly session: string;
  readonly resume: string;
  readonly resumed: boolean;
  readonly limits: { readonly resumeMs: number };
}

async function readyOf(client: TestClient): Promise<Ready> {
  await until(() => client.messages.some((m) => m.event === "ready"), "ready");
  return client.messages.find((m) => m.event === "ready") as unknown as Ready;
}

describe("resuming over WebRTC", () => {
  it("is possible also where newcomers are refused, who are told", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const first = await client({ protocol: 1 }).connect();
    const { resume, session } = await readyOf(first);
    await until(() => app.connections.length === 1, "the session");
    transport.refuseWhile(() => true);
    const newcomer = client();
    const refused = await newcomer.post({ type: "offer", sdp: await newcomer.offer(), webrtc_id: newcomer.id });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await refused.json()).toEqual({ status: "failed", meta: { error: "node_full" } });
    await first.close();
    await until(() => transport.size === 0, "the loss");
    const second = await client({ protocol: 1, resume }).connect();
    expect(await readyOf(second)).toMatchObject({ resumed: true, session });
  });

  it("continues the session on a new peer, from where the listener was", async () => {
    const { transport, client } = await start({ outboundAudio: "datachannel" });
    const app = acceptAll(transport);
    const gone: string[] = [];
    transport.onClientDisconnected((_, reason) => gone.push(reason.code));
    const first = await client({ protocol: 1 }).connect();
    const ready = await readyOf(first);
    expect(ready).toMatchObject({ resumed: false, limits: { resumeMs: 30_000 } });
    const connection = app.connections[0] as VoiceConnection;
    connection.play("u", frameOf(sine(24_000, 440, 1_000), 24_000));
    await until(() => first.binary.length >= 5, "some audio");
    first.send({ event: "playback", utterance: 1, playedSamples: 960, underruns: 0 });
    await until(() => first.binary.length >= 10, "more audio");
    await first.close();
    await until(() => transport.size === 0, "the loss");
    expect([connection.closed, gone]).toEqual([false, []]);
    connection.send({ type: "state", state: "speaking" });

    const second = await client({ protocol: 1, resume: ready.resume }).connect();
    const again = await readyOf(second);
    expect(again).toMatchObject({ resumed: true, session: ready.session });
    expect(again.resume).not.toBe(ready.resume);
    await until(() => second.binary.length >= 5, "the rest");
    const frame = decodeAudioFrame(second.binary[0] as Buffer, { maxMessageBytes: 65_536 });
    expect(frame).toMatchObject({ ok: true, frame: { utterance: 1, offset: 960 } });
    expect(second.messages.map((m) => m.event ?? m.type).slice(0, 2)).toEqual(["ready", "state"]);
    await speak(second, 100);
    await until(() => app.frames.length >= 4, "the caller's voice");
    expect(app.connections.length).toBe(1);
    connection.clear();
    second.send({ event: "stop" });
    await until(() => gone.length > 0, "the end");
    expect(gone).toEqual(["client_closed"]);
  });

  it("takes a session over from a peer that still seems to be there", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const first = await client({ protocol: 1 }).connect();
    const { resume } = await readyOf(first);
    const second = await client({ protocol: 1, resume }).connect();
    expect((await readyOf(second)).resumed).toBe(true);
    await until(() => transport.size === 1, "the first peer's end");
    const connection = app.connections[0] as VoiceConnection;
    expect(connection.closed).toBe(false);
    connection.play("u", frameOf(sine(24_000, 440, 200), 24_000));
    await until(() => second.packets.length >= 5, "audio on the second");
    expect(first.packets.length).toBe(0);
  });

  it("takes a token once, from the client it was given to", async () => {
    const { transport, client } = await start({}, { auth: tokenAuth({ ada: { user: "ada" }, eve: { user: "eve" } }) });
    const app = acceptAll(transport);
    const [ada, eve] = [{ authorization: "Bearer ada" }, { authorization: "Bearer eve" }];
    const first = await client({ protocol: 1, headers: ada }).connect();
    const { resume } = await readyOf(first);
    await first.close();
    await until(() => transport.size === 0, "the loss");
    const thief = await client({ protocol: 1, headers: eve, resume }).connect();
    expect((await readyOf(thief)).resumed).toBe(false);
    const second = await client({ protocol: 1, headers: ada, resume }).connect();
    expect((await readyOf(second)).resumed).toBe(true);
    const third = await client({ protocol: 1, headers: ada, resume }).connect();
    expect((await readyOf(third)).resumed).toBe(false);
    expect(app.connections.length).toBe(3);
  });

  it("does not wait for ever, nor for clients that said goodbye, nor for those of the old dialect", async () => {
    const { transport, client } = await start({ limits: { resumeMs: 300 } });
    const app = acceptAll(transport);
    const gone: string[] = [];
    transport.onClientDisconnected((_, reason) => gone.push(reason.code));
    const lost = await client({ protocol: 1 }).connect();
    const { resume } = await readyOf(lost);
    await lost.close();
    await until(() => gone.length === 1, "the end of the wait");
    const late = await client({ protocol: 1, resume }).connect();
    expect((await readyOf(late)).resumed).toBe(false);
    late.send({ event: "stop" });
    await until(() => gone.length === 2, "the goodbye");
    const compat = await client().connect();
    await until(() => app.connections.length === 3, "the old dialect");
    await compat.close();
    await until(() => gone.length === 3, "its end");
    expect(gone).toEqual(["client_lost", "client_closed", "client_closed"]);
  });

  it("ends those that are away when the transport closes", async () => {
    const { transport, client } = await start();
    const app = acceptAll(transport);
    const first = await client({ protocol: 1 }).connect();
    await readyOf(first);
    await first.close();
    await until(() => transport.size === 0, "the loss");
    await transport.close();
    expect(app.connections[0]?.closed).toBe(true);
  });
});
