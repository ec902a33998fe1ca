// A telephone number that is answered by an assistant. MODE decides what answers: `voice` (recogniser, model and voice, here
// all on this machine) or `realtime` (OpenAI Realtime, which speaks the telephone's own codec, so no byte is converted).
//
//   TWILIO_AUTH_TOKEN=... PUBLIC_URL=https://voice.example MODE=voice npm run example twilio
//
// Try: in Twilio's console let the number's webhook POST to PUBLIC_URL + /voice/telephone/incoming, and call the number.
import { createServer } from "node:http";
import {
  mountVoice,
  type SessionFactoryContext,
  twilioAuth,
  voiceServerOptions,
  WebSocketBackend,
} from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { audioPipeline, createResampler } from "@roomkit/pipeline";
import { phone } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { openaiRealtime } from "@roomkit/provider-openai";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", MODE = "voice", PUBLIC_URL: publicUrl = "", TWILIO_AUTH_TOKEN: authToken = "" } = process.env;

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw() });
const closing: (() => unknown)[] = [];

function speechToSpeech(): string[] {
  const provider = openaiRealtime({ voice: "marin", codec: mulaw() });
  closing.push(() => provider.close?.());
  kit.registerChannel(
    new RealtimeVoiceChannel("phone", {
      provider,
      transport: backend,
      createResampler, // not for telephones: for whoever else calls
      systemPrompt: "You answer the telephone of a bicycle shop. It is open from nine to six, but not on Sundays.",
      greetingPrompt: "Greet the caller.",
    }),
  );
  return ["phone"];
}

async function voiceChannel(): Promise<string[]> {
  const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
  closing.push(() => Promise.all([stt.close?.(), tts.close?.(), turnDetector.close?.()]));
  await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
  const pipeline = audioPipeline(phone({ pauseMs: 200 }));
  const greeting = "Hello, this is the bicycle shop. What can I do for you?";
  kit.registerChannel(new VoiceChannel("phone", { backend, pipeline, turnDetector, stt, tts, greeting }));
  kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));
  return ["phone", "ai"];
}

const server = createServer(voiceServerOptions);
mountVoice(server, backend, {
  auth: () => null, // nobody comes in but by telephone
  telephone: { publicUrl, auth: twilioAuth({ authToken, publicUrl }) },
  sessionFactory: roomPerCaller<SessionFactoryContext>(kit, {
    channels: MODE === "realtime" ? speechToSpeech() : await voiceChannel(),
    participant: ({ call }) => call?.from ?? "unknown",
  }),
});
server.listen(Number(PORT), () => console.log(`Webhook of the number: POST ${publicUrl}/voice/telephone/incoming`));

kit.hook("AFTER_BROADCAST", ({ event: { source, content } }) => {
  if (content.type === "text") console.log(`${source.participantId ?? source.role}: ${content.text}`);
});

process.once("SIGTERM", async () => {
  await kit.close();
  await backend.close();
  for (const close of closing) await close();
  server.close();
  server.closeAllConnections();
});
