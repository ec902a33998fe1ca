// One model that hears and speaks by itself: Gemini Live, called from the browser.
//
//   GEMINI_API_KEY=... npm run example gemini-live
//
// Try: speak any language; the answer comes in the same. Break in on it.
// A session longer than the vendor's ten minutes goes on over a new connection, and the caller hears nothing of that.
import { createServer } from "node:http";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { geminiLive } from "@roomkit/provider-gemini";

const { PORT = "8000" } = process.env;

const kit = new RoomKit();
const provider = geminiLive({ voice: "Aoede" });
// The rates of the provider: nothing is resampled for pages that speak 16,000 Hz.
const backend = new WebSocketBackend({ codec: mulaw(), inputSampleRate: 16_000, outputSampleRate: 24_000 });
kit.registerChannel(
  new RealtimeVoiceChannel("voice", {
    provider,
    transport: backend,
    createResampler,
    systemPrompt: "You are friendly and brief, and answer in the language you are spoken to in.",
  }),
);

const server = createServer(voiceServerOptions);
mountVoice(server, backend, {
  allowAnonymous: true, // only this machine reaches it; give `auth` where that is not so
  ui: playground(),
  sessionFactory: roomPerCaller(kit, { channels: ["voice"] }),
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open http://localhost:${PORT}/voice/ui/ and speak`));

// What is said is in the room, whoever says it.
kit.hook("AFTER_BROADCAST", ({ event: { source, content } }) => {
  if (content.type === "text") console.log(`${source.role}: ${content.text}`);
});

process.once("SIGTERM", async () => {
  await kit.close();
  await backend.close();
  await provider.close?.();
  server.close();
  server.closeAllConnections();
});
