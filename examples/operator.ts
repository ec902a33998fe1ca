// A person listens in, takes a call over from the assistant, speaks to the caller by typing, and gives the call back.
//
//   OPERATOR_TOKEN=secret npm run example operator        then open the address it prints, and call
//
// Try: in a terminal, H='authorization: Bearer secret'; curl -H "$H" localhost:8000/calls
//   curl -H "$H" localhost:8000/calls/ROOM                      what was said
//   curl -H "$H" -X POST localhost:8000/calls/ROOM/take         the assistant is silent from now on
//   curl -H "$H" -d 'This is Ann.' localhost:8000/calls/ROOM/say
//   curl -H "$H" -X POST localhost:8000/calls/ROOM/give-back    the assistant goes on, and knows what was said meanwhile
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
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

const { PORT = "8000", OPERATOR_TOKEN = "" } = process.env;
if (OPERATOR_TOKEN === "") throw new Error("set OPERATOR_TOKEN: whoever has it may listen to every call");

const kit = new RoomKit();
const backend = new WebSocketBackend({ codec: mulaw() });
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
const voice = new VoiceChannel("voice", {
  ...{ backend, turnDetector, stt, tts },
  pipeline: audioPipeline(browser({ pauseMs: 200 })),
  voice: "slt",
  greeting: "Hello! What can I do for you?",
});
kit.registerChannel(voice);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));

async function transcript(roomId: string): Promise<string[]> {
  const events = await kit.timeline(roomId, { last: 100 });
  return events.flatMap(({ content, source, status, blockedBy }) =>
    // What was heard of an answer that taking over cut off counts: the assistant might not write any more, but it had been said.
    content.type === "text" && (status === "delivered" || blockedBy === "source_read_only")
      ? [`${source.channelId} (${source.role}): ${content.text}`]
      : [],
  );
}

async function act(roomId: string, action: string, request: IncomingMessage): Promise<unknown> {
  const session = voice.sessions.find((each) => each.roomId === roomId);
  if (!session) return undefined;
  if (action === "") return await transcript(roomId);
  if (action === "take") {
    // It reads on, so that it knows what was said when it gets the call back.
    await kit.setAccess(roomId, "ai", "read_only");
    await voice.interrupt(session.id);
    return "taken";
  }
  if (action === "say") {
    // In another voice, so that the caller hears that it is somebody else. Resolves when it was said.
    const { text: heard } = await voice.say(session.id, await text(request), { voice: "rms" });
    return heard;
  }
  if (action === "give-back") {
    await kit.setAccess(roomId, "ai", "read_write");
    return "given back";
  }
  return undefined;
}

function isOperator({ headers }: IncomingMessage): boolean {
  const [given, wanted] = [headers.authorization ?? "", `Bearer ${OPERATOR_TOKEN}`].map((each) => Buffer.from(each));
  return given?.length === wanted?.length && timingSafeEqual(given as Buffer, wanted as Buffer);
}

const server = createServer(voiceServerOptions, async (request, response) => {
  const [, calls, room, action = ""] = (request.url ?? "").split("/");
  let [status, answer]: [number, unknown] = [404, undefined];
  try {
    if (!isOperator(request)) status = 401;
    else
      answer =
        calls !== "calls" ? undefined : room ? await act(room, action, request) : voice.sessions.map((s) => s.roomId);
    if (answer !== undefined) status = 200;
  } catch (error) {
    const { code } = RoomKitError.from(error);
    [status, answer] = [code === "invalid_option" ? 400 : 500, { error: code }];
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(answer ?? { error: status })}\n`);
});
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
