// One model that hears and speaks by itself: OpenAI Realtime, called from the browser, with a tool.
//
//   OPENAI_API_KEY=... npm run example openai-realtime
//
// Try: "What time is it in Tokyo?", and break in on the answer.
// gemini-live.ts is the same with another provider; the first such model on a telephone is in twilio.ts.
import { createServer } from "node:http";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { defineTool, RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { openaiRealtime } from "@roomkit/provider-openai";

const { PORT = "8000" } = process.env;

const timeIn = defineTool({
  name: "time_in",
  description: "The time now in a time zone of the IANA database, such as Asia/Tokyo.",
  parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  execute: ({ zone }) => new Date().toLocaleTimeString("en-GB", { timeZone: zone }),
});

const kit = new RoomKit();
const provider = openaiRealtime({ voice: "marin" });
const backend = new WebSocketBackend({ codec: mulaw() });
kit.registerChannel(
  new RealtimeVoiceChannel("voice", {
    provider,
    transport: backend,
    createResampler,
    systemPrompt: "You are friendly and brief.",
    greetingPrompt: "Greet the caller in one short sentence.",
    tools: [timeIn],
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
