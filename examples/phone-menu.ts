// A telephone menu: "press one for sales, two for support". A key, or the word for it, leads to that department's assistant,
// with a voice of its own; zero leads back to the menu. Over a telephone (see twilio.ts), and from a browser's keys.
//
//   npm run example phone-menu        then open the address it prints
//   TWILIO_AUTH_TOKEN=... PUBLIC_URL=https://voice.example npm run example phone-menu        for a number
//
// Try: press 2 while the menu is being read. Nobody needs to hear it to its end.
import { createServer } from "node:http";
import {
  mountVoice,
  type SessionFactoryContext,
  twilioAuth,
  voiceServerOptions,
  WebSocketBackend,
} from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { phone } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", PUBLIC_URL: publicUrl, TWILIO_AUTH_TOKEN: authToken = "" } = process.env;

const MENU = "Press one for sales, two for support, or zero to hear this again.";
const departments = [
  { id: "sales", key: "1", word: /\b(one|sales)\b/i, voice: "rms", welcome: "This is sales." },
  { id: "support", key: "2", word: /\b(two|support)\b/i, voice: "awb", welcome: "This is support. What is broken?" },
];

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw() });
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
const line = new VoiceChannel("line", {
  ...{ backend, turnDetector, stt, tts },
  // Tones are heard in the audio, and telephones' own messages of keys count too: once each.
  pipeline: audioPipeline(phone({ pauseMs: 200 })),
  voices: Object.fromEntries(departments.map(({ id, voice }) => [id, voice])),
  greeting: `Welcome to the bicycle shop. ${MENU}`,
});
kit.registerChannel(line);
for (const { id } of departments)
  kit.registerChannel(new AIChannel(id, { provider: offlineAI(), system: `You are in ${id}. Be brief.` }));

/** The department that answers in a room; none: the menu. */
async function connectTo(roomId: string, chosen: string | undefined): Promise<void> {
  for (const { id } of departments)
    if (id === chosen) await kit.attachChannel(roomId, id);
    else await kit.detachChannel(roomId, id);
}

async function choose(session: { id: string; roomId: string }, key: string): Promise<void> {
  const department = departments.find((each) => each.key === key);
  if (!department && key !== "0") return;
  console.log(`${session.id} pressed ${key}: ${department?.id ?? "the menu"}`);
  await line.interrupt(session.id);
  await connectTo(session.roomId, department?.id);
  await line.say(session.id, department?.welcome ?? MENU, { voice: department?.voice });
}

kit.hook("ON_DTMF", ({ session, digit }) => choose(session, digit), { execution: "async" });

// Where the menu is, words choose too.
kit.hook("ON_TRANSCRIPTION", async ({ session, roomId, text }) => {
  const present = (await kit.listBindings(roomId)).map(({ channelId }) => channelId);
  if (departments.some(({ id }) => present.includes(id))) return;
  void choose(session, departments.find(({ word }) => word.test(text))?.key ?? "0").catch(() => {});
  return { action: "block", reason: "answer to the menu" };
});

const server = createServer(voiceServerOptions);
mountVoice(server, backend, {
  allowAnonymous: true, // only this machine reaches it; give `auth` where that is not so
  ui: playground(),
  ...(publicUrl && { telephone: { publicUrl, auth: twilioAuth({ authToken, publicUrl }) } }),
  sessionFactory: roomPerCaller<SessionFactoryContext>(kit, {
    channels: ["line"],
    participant: ({ call }) => call?.from ?? "caller",
  }),
});
await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Open http://localhost:${PORT}/voice/ui/ and speak English`),
);

process.once("SIGTERM", async () => {
  await kit.close();
  await backend.close();
  await Promise.all([stt.close?.(), tts.close?.(), turnDetector.close?.()]);
  server.close();
  server.closeAllConnections();
});
