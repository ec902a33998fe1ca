import { createServer } from "node:http";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { ChannelCategory, RoomKit } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { energyVad } from "@roomkit/vad-energy";

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw(), inputSampleRate: 48_000, outputSampleRate: 24_000 });
const pipeline = audioPipeline({ vad: energyVad({ energyThreshold: 300, silenceThresholdMs: 600 }) });

kit.registerChannel(new VoiceChannel("voice", { backend, pipeline, stt: moonshineStt(), tts: fliteTts() }));
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));

const server = createServer();
mountVoice(server, backend, {
  path: "/voice",
  auth: async ({ url }) => (url.searchParams.get("token") === process.env.TOKEN ? { userId: "ada" } : null),
  // Called when a browser connects: makes a room and a session for it.
  sessionFactory: async (websocketId) => {
    const room = await kit.createRoom();
    await kit.attachChannel(room.id, "voice");
    await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
    const session = await backend.connect(room.id, "browser-user", "voice", { websocketId });
    await kit.join(room.id, "voice", { session });
    return session;
  },
});
server.listen(8_000);
process.once("SIGTERM", () => kit.close().then(() => server.close()));
