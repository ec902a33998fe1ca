// A supervisor listens to a call, tells the assistant what the caller does not hear, and takes the caller over by voice.
//
//   SUPERVISOR_TOKEN=secret npm run example supervisor        then open the address it prints, and call
//
// Try: open /desk/ui/#token=secret in a second window (with headphones) and start a call there: you hear the first one, and
//   what you type is read by the assistant alone. "Speak with the caller" silences the assistant; given back, it goes on and knows
//   what was said meanwhile. An application can do the same; in a terminal, H='authorization: Bearer secret':
//   curl -H "$H" -X POST localhost:8000/talk
//   curl -H "$H" -X POST localhost:8000/listen
import { createServer } from "node:http";
import { mountVoice, tokenAuth, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { OperatorChannel, type OperatorMode, operatorSessions } from "@roomkit/channel-operator";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, RoomKitError, roomPerCaller } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { browser } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", SUPERVISOR_TOKEN = "" } = process.env;
// Whoever has it may listen to every call, and speak in it. An empty one is refused.
const auth = tokenAuth({ [SUPERVISOR_TOKEN]: { userId: "ann", name: "Ann" } });

const kit = new RoomKit();
const [callers, desk] = [new WebSocketBackend({ codec: mulaw() }), new WebSocketBackend({ codec: mulaw() })];
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
const voice = new VoiceChannel("voice", {
  ...{ backend: callers, turnDetector, stt, tts },
  pipeline: audioPipeline(browser({ pauseMs: 200 })),
  greeting: "Hello! What can I do for you?",
});
// What supervisors say to callers is written down by the same recogniser.
const operators = new OperatorChannel("operator", {
  ...{ backend: desk, calls: voice, stt },
  pipeline: audioPipeline(browser()),
});
kit.registerChannel(voice);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));
kit.registerChannel(operators);
kit.on("call_taken_over", ({ by }) => console.log(`taken over by ${by.participantId}`));
kit.on("call_given_back", ({ reason }) => console.log(`given back: ${reason}`));

const server = createServer(voiceServerOptions, (request, response) => {
  const authorized = request.headers.authorization === `Bearer ${SUPERVISOR_TOKEN}`;
  const mode = ({ "/talk": "talk", "/listen": "listen" } as const)[request.url ?? ""];
  const status = authorized ? (mode ? setMode(mode) : 404) : 401;
  response.writeHead(status).end(`${status}\n`);
});

/** For all supervisors who attend a call: here there is one. */
function setMode(mode: OperatorMode): number {
  try {
    for (const { id } of operators.sessions) operators.setMode(id, mode);
    return operators.sessions.length > 0 ? 200 : 409;
  } catch (error) {
    console.log(`no: ${RoomKitError.from(error).code}`);
    return 409;
  }
}

mountVoice(server, callers, {
  allowAnonymous: true, // only this machine reaches it; give `auth` where that is not so
  ui: playground(),
  sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
});
mountVoice(server, desk, {
  ...{ path: "/desk", auth },
  ui: playground(),
  // The newest call. An application knows which calls a supervisor may attend, and lets them choose.
  sessionFactory: operatorSessions(kit, { channel: "operator", room: () => voice.sessions.at(-1)?.roomId }),
});
await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Open http://localhost:${PORT}/voice/ui/ and speak English`),
);

process.once("SIGTERM", async () => {
  await kit.close();
  await Promise.all([callers.close(), desk.close()]);
  await Promise.all([stt.close?.(), tts.close?.(), turnDetector.close?.()]);
  server.close();
  server.closeAllConnections();
});
