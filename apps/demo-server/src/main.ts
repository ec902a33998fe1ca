import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { voiceServerOptions } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { RoomKit } from "@roomkit/core";
import { offlineAI } from "@roomkit/provider-offline";
import { readConfig } from "./config.ts";
import { mountSpeechToSpeech } from "./realtime.ts";
import { speech } from "./speech.ts";
import { demoTools } from "./tools.ts";
import { mountClassicVoice } from "./voice.ts";

const config = readConfig(process.env);
const kit = new RoomKit();
let stopping = false;

const server = createServer(voiceServerOptions, (request, response) => {
  const home = request.method === "GET" && (request.url ?? "/").split("?", 1)[0] === "/";
  response.writeHead(home ? 302 : 404, home ? { location: "/voice/ui" } : { "content-type": "text/plain" });
  response.end(home ? undefined : "Not found.\n");
});

// A recogniser and a voice that run on this machine, a model that answers from its own rules, and the two ways to talk to them.
const parts = speech(config.voice);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI(), tools: demoTools }));
mountClassicVoice(server, kit, config, parts);
mountSpeechToSpeech(server, kit, config, parts);
// A caller who has gone comes back to a new room: nothing of this one is needed any more.
kit.on("voice_session_ended", ({ session }) => (stopping ? undefined : kit.closeRoom(session.roomId)));

await parts.warmUp();
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
