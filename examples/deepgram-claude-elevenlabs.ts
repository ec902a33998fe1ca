// Deepgram hears, Claude answers, ElevenLabs speaks; RoomKit takes the turns between them.
//
//   DEEPGRAM_API_KEY=... ANTHROPIC_API_KEY=... ELEVENLABS_API_KEY=... npm run example deepgram-claude-elevenlabs
//
// Try: break in on an answer, and ask what it said last. It knows how far you heard it.
// DEEPGRAM_BASE_URL, ANTHROPIC_BASE_URL and ELEVENLABS_BASE_URL name other addresses, such as the vendors' servers in the EU.
import { anthropicAI } from "@roomkit/provider-anthropic";
import { deepgramStt } from "@roomkit/provider-deepgram";
import { elevenlabsTts } from "@roomkit/provider-elevenlabs";
import { RoomKit, voice } from "roomkit";

const { PORT = "8000", DEEPGRAM_BASE_URL, ELEVENLABS_BASE_URL } = process.env;

const stt = deepgramStt({ language: "en", keyterms: ["RoomKit"], baseURL: DEEPGRAM_BASE_URL });
const ai = anthropicAI({ model: "claude-haiku-4-5" });
const tts = elevenlabsTts({ voice: "JBFqnCBsd6RMkjVDRZzb", baseURL: ELEVENLABS_BASE_URL });

const kit = new RoomKit();
const line = await voice(kit, {
  stt,
  ai,
  tts,
  system: "You are on the telephone. Answer in one or two short sentences, without lists or symbols.",
  greeting: "Hello, what can I do for you?",
  port: Number(PORT),
});
console.log(`Open ${line.url} and speak English`);

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  // Whoever makes a provider closes it.
  await Promise.all([stt.close?.(), ai.close?.(), tts.close?.()]);
});
