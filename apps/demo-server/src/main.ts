import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { ChannelCategory, RoomKit } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { sileroVad } from "@roomkit/vad-silero";
import { readConfig } from "./config.ts";
import { demoTools } from "./tools.ts";

const config = readConfig(process.env);

// The parts: a recogniser, a model and a voice that run on this machine, and the path audio takes between them.
const stt = moonshineStt();
const tts = fliteTts({ voice: config.voice });
const vad = sileroVad();
const backend = new WebSocketBackend({ codec: mulaw() });
const kit = new RoomKit();
let stopping = false;

const { greeting } = config;
kit.registerChannel(
  new VoiceChannel("voice", {
    backend,
    stt,
    tts,
    pipeline: audioPipeline({ vad }),
    ...(greeting === "" ? {} : { greeting }),
  }),
);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI(), tools: demoTools }));

/** A room of its own for everybody who calls. */
async function openRoom(websocketId: string): Promise<Awaited<ReturnType<typeof backend.connect>>> {
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "browser-user", "voice", { websocketId });
  await kit.join(room.id, "voice", { session });
  return session;
}
// A caller who has gone comes back to a new room: nothing of this one is needed any more.
kit.on("voice_session_ended", ({ session }) => (stopping ? undefined : kit.closeRoom(session.roomId)));

const ui = playground();
const server = createServer(voiceServerOptions, (request, response) => {
  const home = request.method === "GET" && (request.url ?? "/").split("?", 1)[0] === "/";
  response.writeHead(home ? 302 : 404, home ? { location: "/voice/ui" } : { "content-type": "text/plain" });
  response.end(home ? undefined : "Not found.\n");
});
// A demo on your own machine: anybody who reaches it may talk. Give `auth` instead where that is not so.
mountVoice(server, backend, {
  path: "/voice",
  allowAnonymous: true,
  sessionFactory: openRoom,
  concurrencyLimit: config.maxCalls,
  ui,
});

await Promise.all([stt.warmUp?.(), tts.warmUp?.(), vad.warmUp()]);
server.listen(config.port, config.host, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`RoomKit is listening: open http://localhost:${port} and speak English.`);
  console.log("Hears with Moonshine, speaks with Flite, answers from its own rules: no key, no network.");
});

async function stop(): Promise<void> {
  if (stopping) process.exit(1);
  stopping = true;
  server.close();
  await kit.close();
  process.exit(0);
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
