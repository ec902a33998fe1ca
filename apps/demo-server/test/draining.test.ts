import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller, silentLogger, systemClock } from "@roomkit/core";
import { FakePipeline, ScriptedStt, ScriptedTts } from "@roomkit/testing";
import { expect, it } from "vitest";
import WebSocket from "ws";

const starts = {
  v1: { event: "start", protocol: 1 },
  compat: { event: "start", websocket_id: "c" },
  phone: { event: "start", streamSid: "MZ1" },
  /** Connected, and said nothing yet. */
  silent: undefined,
};

it("a server that ends as the README has it tells every caller to try again, and ends", async () => {
  const logger = silentLogger;
  const kit = new RoomKit({ logger });
  const backend = new WebSocketBackend({ codec: mulaw(), logger });
  const [stt, tts] = [new ScriptedStt(systemClock, []), new ScriptedTts(systemClock)];
  kit.registerChannel(new VoiceChannel("voice", { backend, stt, tts, pipeline: new FakePipeline() }));
  const server = createServer();
  const factory = roomPerCaller(kit, { channels: ["voice"] });
  let hold: Promise<void> | undefined;
  mountVoice(server, backend, {
    allowAnonymous: true,
    sessionFactory: async (label, context) => {
      await hold;
      return factory(label, context);
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`;
  const call = async (start: object | undefined): Promise<() => Promise<unknown>> => {
    const socket = new WebSocket(url);
    const said: string[] = [];
    socket.on("message", (data) => said.push(String(data)));
    const closed = new Promise((resolve) =>
      socket.on("close", (code, reason) =>
        resolve([code, String(reason), said.filter((text) => text.includes("draining"))]),
      ),
    );
    await once(socket, "open");
    if (start) socket.send(JSON.stringify(start));
    return () => closed;
  };
  const calls = new Map<string, () => Promise<unknown>>();
  for (const [name, start] of Object.entries(starts)) calls.set(name, await call(start));
  while (backend.counts.live < 3) await new Promise(setImmediate);
  // One whose session is being made just then.
  let go = (): void => {};
  hold = new Promise((resolve) => {
    go = resolve;
  });
  calls.set("half made", await call({ event: "start", protocol: 1, websocket_id: "h" }));
  while (backend.counts.labels < 3) await new Promise(setImmediate);

  const ending = kit
    .close()
    .then(() => backend.close())
    .then(() => server.close());
  go();
  const ends = await Promise.all([...calls].map(async ([name, closed]) => [name, await closed()]));
  const bye = '{"type":"bye","reason":"draining","resumable":true,"code":1001}';
  const refused = '{"type":"error","code":"draining","message":"the connection is refused","retryable":true}';
  expect(Object.fromEntries(ends)).toEqual({
    v1: [1001, "draining", [bye]],
    compat: [1001, "draining", []],
    phone: [1001, "draining", []],
    silent: [1001, "draining", []],
    "half made": [1001, "draining", [refused]],
  });
  await ending;
  expect(backend.counts).toMatchObject({ sockets: 0, sessions: 0, live: 0 });
});
