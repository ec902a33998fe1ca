// Two assistants with voices of their own: the front desk hands the caller over to billing, and billing hands them back.
//
//   npm run example handoff        then open the address it prints
//
// Try: "I have a question about my bill", then "What is the capital of France?", then "Take me back to the front desk."
// With ANTHROPIC_API_KEY a model decides when to hand over; without a key offlineAI does, by the words of the descriptions.
import { createServer } from "node:http";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel, AssistantFloor, handoffTo } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { browser } from "@roomkit/presets";
import { anthropicAI } from "@roomkit/provider-anthropic";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", ANTHROPIC_API_KEY } = process.env;

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw() });
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
const provider = ANTHROPIC_API_KEY ? anthropicAI({ model: "claude-haiku-4-5" }) : offlineAI();
kit.registerChannel(
  new VoiceChannel("voice", {
    ...{ backend, turnDetector, stt, tts },
    pipeline: audioPipeline(browser({ pauseMs: 200 })),
    voices: { desk: "slt", billing: "rms" },
    greeting: "Front desk, hello.",
  }),
);

// One of them has the floor and answers; the tool passes it on.
const floor = new AssistantFloor({ first: "desk" });
kit.registerChannel(
  new AIChannel("desk", {
    ...{ provider, floor },
    system: "You are the front desk of an electricity company. You know nothing about bills.",
    tools: [handoffTo("billing", { description: "Questions about a bill, an invoice or a payment." })],
  }),
);
kit.registerChannel(
  new AIChannel("billing", {
    ...{ provider, floor },
    system: "You are in the billing department of an electricity company. Say so when you begin.",
    tools: [handoffTo("desk", { description: "Back to the front desk." })],
  }),
);

const server = createServer(voiceServerOptions);
mountVoice(server, backend, {
  allowAnonymous: true, // only this machine reaches it; give `auth` where that is not so
  ui: playground(),
  sessionFactory: roomPerCaller(kit, { channels: ["voice", "desk", "billing"] }),
});
await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Open http://localhost:${PORT}/voice/ui/ and speak English`),
);

kit.hook("AFTER_BROADCAST", ({ event: { source, content } }) => {
  if (content.type === "text") console.log(`${source.role === "user" ? "caller" : source.channelId}: ${content.text}`);
  if (content.type === "system" && content.code === "handoff") console.log(`-> ${content.data?.to}`);
});

process.once("SIGTERM", async () => {
  await kit.close();
  await backend.close();
  await Promise.all([provider.close?.(), stt.close?.(), tts.close?.(), turnDetector.close?.()]);
  server.close();
  server.closeAllConnections();
});
