// Records every call: a WAV file with the caller left and what they heard right, and a JSON file of who said what and when.
//
//   RECORDINGS=./recordings npm run example recording        then open the address it prints
//
// Try: say something, let it answer, break in on an answer, and hang up. What you did not hear is not in the file.
// Ask callers first: consent.ts shows how.
import { createServer } from "node:http";
import { join } from "node:path";
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
const pipeline = audioPipeline({
  ...browser({ pauseMs: 200 }),
  recorder: wavRecorder({ storage, layout: "stereo", sidecar: true }),
});
const greeting = "Hello! This call is recorded.";
kit.registerChannel(new VoiceChannel("voice", { backend, pipeline, turnDetector, stt, tts, greeting }));
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));

kit.hook("ON_RECORDING_STOPPED", ({ recording: { files, reason } }) => {
  for (const { name, kind, durationMs } of files)
    if (kind === "audio") console.log(`${join(storage, name)}: ${(durationMs / 1_000).toFixed(1)} s (${reason})`);
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
