import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, tokenAuth, WebSocketBackend } from "@roomkit/backend-ws";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { type Bus, InProcessBus, RoomKit, roomPerCaller, silentLogger, systemClock } from "@roomkit/core";
import { encodeAudioFrame, samplesToPcm16 } from "@roomkit/protocol";
import { FakePipeline, ScriptedStt, ScriptedTts } from "@roomkit/testing";
import { expect, it } from "vitest";
import WebSocket from "ws";
import type { CallRow, InspectorView } from "./calls/views.ts";
import { type Inspector, inspector } from "./inspector.ts";

const logger = silentLogger;
const OPERATORS = "for-operators-alone";

interface Process {
  readonly server: Server;
  readonly backend: WebSocketBackend;
  readonly calls: Inspector;
  readonly url: string;
  close(): Promise<void>;
}

/** A server as an application makes one. */
async function start(name: string, bus: Bus): Promise<Process> {
  const kit = new RoomKit({ logger });
  const backend = new WebSocketBackend({ codec: mulaw(), logger });
  const [stt, tts] = [new ScriptedStt(systemClock, []), new ScriptedTts(systemClock)];
  const voice = new VoiceChannel("voice", {
    backend,
    stt,
    tts,
    pipeline: new FakePipeline(),
    greeting: "Hello there.",
  });
  kit.registerChannel(voice);
  const calls = inspector(kit, { auth: tokenAuth({ [OPERATORS]: {} }), bus, name, logger });
  const server = createServer((request, response) => {
    if (!calls.handle(request, response)) response.writeHead(404).end();
  });
  mountVoice(server, backend, {
    auth: tokenAuth({ caller: { sub: "ada" } }),
    sessionFactory: roomPerCaller(kit, { channels: ["voice"] }),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    await calls.close();
    await kit.close();
    await backend.close();
    server.closeAllConnections();
    server.close();
  };
  return { server, backend, calls, url: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

it("a caller of one process is seen, muted and cut off on the page of another", async () => {
  const bus = new InProcessBus({ logger });
  const [a, b] = [await start("a", bus), await start("b", bus)];
  const headers = { authorization: `Bearer ${OPERATORS}` };
  // A caller's token opens nothing here.
  const caller = { authorization: "Bearer caller" };
  expect((await fetch(`http://${a.url}/inspect/live`, { headers: caller })).status).toBe(401);

  const socket = new WebSocket(`ws://${b.url}/voice/websocket/offer`, { headers: caller });
  const closed = once(socket, "close");
  await once(socket, "open");
  const audio = { codec: "pcm16", sampleRate: 16_000 };
  socket.send(JSON.stringify({ event: "start", protocol: 1, audio: { send: audio, receive: audio } }));
  let offset = 0;
  const speaking = setInterval(() => {
    const sound = samplesToPcm16(new Int16Array(320).fill(3_000));
    socket.send(encodeAudioFrame({ utterance: 0, offset, end: false, audio: sound }));
    offset += 320;
    socket.send(JSON.stringify({ event: "playback", utterance: 1, playedSamples: 0, underruns: 3 }));
  }, 20);

  const stop = new AbortController();
  const live = await fetch(`http://${a.url}/inspect/live`, { headers, signal: stop.signal });
  const views = viewsOf(live);
  const until = async (good: (call: CallRow) => boolean): Promise<[process: string, call: CallRow]> => {
    for (let view = await views.next(); !view.done; view = await views.next())
      for (const { id, self, calls } of view.value.processes)
        for (const call of calls) if (!self && good(call)) return [id, call];
    throw new Error("the stream has ended");
  };
  const [process, call] = await until(
    ({ levels, quality }) => levels.inbound !== undefined && quality?.underruns === 3,
  );
  expect(call).toMatchObject({ who: "ada", transport: "websocket", channel: "voice", turns: 0, errors: 0 });
  expect(call.providers).toEqual({ stt: "scripted-stt", tts: "scripted-tts" });
  expect(call.levels.inbound).toBeCloseTo(-21, 0);
  expect(call.quality?.inbound).toBeUndefined();
  await until(({ status }) => status?.state === "listening");

  const act = async (action: string): Promise<number> => {
    const body = JSON.stringify({ process, call: call.id, action });
    const json = { ...headers, "content-type": "application/json" };
    return (await fetch(`http://${a.url}/inspect/act`, { method: "POST", headers: json, body })).status;
  };
  expect(await act("mute")).toBe(200);
  // What a muted caller says is not even measured.
  await until(({ status, levels }) => status?.muted === true && levels.inbound === undefined);
  expect(await act("end")).toBe(200);
  clearInterval(speaking);
  expect((await closed).map(String)).toEqual(["1000", "server_closed"]);
  await until(({ ended }) => ended?.reason === "server_closed");
  expect(await act("end")).toBe(404);
  stop.abort();
  await Promise.all([a.close(), b.close()]);
  expect(b.backend.counts).toMatchObject({ sockets: 0, sessions: 0, live: 0 });
});

async function* viewsOf(answer: Response): AsyncGenerator<InspectorView> {
  let text = "";
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = `${text}${chunk}`.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) yield JSON.parse(event.slice("data: ".length)) as InspectorView;
  }
}
