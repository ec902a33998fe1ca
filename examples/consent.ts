// Asks before it records, and keeps card numbers out of everything: transcript, model, log, page and voice.
//
//   RECORDINGS=./recordings npm run example consent        then open the address it prints
//
// Try: answer "Yes, I agree" or "No", then say or type "My card number is 4111 1111 1111 1111".
// Both rules are hooks. They fail closed: a hook that throws or hangs lets nothing through.
import { createServer } from "node:http";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { browser } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", RECORDINGS: storage = "./recordings" } = process.env;

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw() });
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
// Nothing is written before somebody has agreed, and nothing at all where nobody is asked.
const recorder = wavRecorder({ storage, sidecar: true, requireConsent: true });
const voice = new VoiceChannel("voice", {
  ...{ backend, turnDetector, stt, tts },
  pipeline: audioPipeline({ ...browser({ pauseMs: 200 }), recorder }),
  greeting: "May I record this call? Please say: yes, I agree, or no.",
});
kit.registerChannel(voice);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));

/** Callers who were asked and have not answered, by session. */
const asked = new Map<string, (agreed: boolean) => void>();

kit.hook(
  "ON_RECORDING_STARTED",
  async ({ session }, { signal }) => {
    const agreed = await new Promise<boolean>((resolve) => {
      asked.set(session.id, resolve);
      // Too late, or hung up: nobody has agreed.
      signal.addEventListener("abort", () => resolve(false), { once: true });
    });
    asked.delete(session.id);
    console.log(`${session.id} ${agreed ? "is recorded" : "is not recorded"}`);
    return agreed ? undefined : { action: "block", reason: "the caller did not agree" };
  },
  { timeoutMs: 60_000 },
);

// The answer to the question is for us, and not for the model.
kit.hook("ON_TRANSCRIPTION", ({ session, text }) => {
  const answer = asked.get(session.id);
  if (!answer) return;
  asked.delete(session.id);
  const agreed = /\b(yes|agree|sure|okay)\b/i.test(text) && !/\b(no|not)\b/i.test(text);
  answer(agreed);
  const thanks = agreed ? "Thank you, it is being recorded." : "All right, nothing is recorded.";
  voice.say(session.id, `${thanks} How can I help?`).catch(() => {});
  return { action: "block", reason: "answer to the question of consent" };
});

/** Thirteen to nineteen digits, however they are grouped. */
const CARD = /\d(?:[ -]?\d){12,18}/g;
const redact = (text: string): string => text.replace(CARD, "[card number]");

// What is said and what is typed, before it goes anywhere; and what a model would say of it.
kit.hook("ON_TRANSCRIPTION", ({ text }) => ({ action: "modify", payload: { text: redact(text) } }));
kit.hook("BEFORE_TTS", ({ text, written }) => ({
  action: "modify",
  payload: { text: redact(text), written: redact(written) },
}));
kit.hook("AFTER_BROADCAST", ({ event: { source, content } }) => {
  if (content.type === "text") console.log(`${source.role}: ${content.text}`);
});

const server = createServer(voiceServerOptions);
mountVoice(server, backend, {
  allowAnonymous: true, // only this machine reaches it; give `auth` where that is not so
  ui: playground(),
  sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
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
