// One of several processes behind a balancer: README.md beside this file says what a call needs of that.
//
//   docker compose up --build        in this folder, then open http://localhost:8000
//
// Try: `docker compose stop app-1` in the middle of a call. It connects again by itself, to the other process.
import { createServer } from "node:http";
import { hostname } from "node:os";
import { mountVoice, tokenAuth, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { openRedisBus } from "@roomkit/bus-redis";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKit, roomPerCaller } from "@roomkit/core";
import { inspector } from "@roomkit/inspector";
import { operate } from "@roomkit/operations";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { browser } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { openPostgresStore } from "@roomkit/store-postgres";
import { heuristicTurns } from "@roomkit/turn-heuristic";

const { PORT = "8000", HOST, NAME = hostname(), DRAIN_MS = "20000", READY_DELAY_MS = "0" } = process.env;
const { TRUSTED_PROXIES = "", DATABASE_URL, REDIS_URL, INSPECT_TOKEN } = process.env;

// With a database calls outlive their process: another goes on with them. Without one they begin anew.
const store = DATABASE_URL ? await openPostgresStore({ url: DATABASE_URL }) : undefined;
const kit = new RoomKit({ ...(store && { store, leases: store.leases }), owner: NAME });
const backend = new WebSocketBackend({ codec: mulaw() });
const [stt, tts, turnDetector] = [moonshineStt(), fliteTts(), heuristicTurns()];
kit.registerChannel(
  new VoiceChannel("voice", {
    ...{ backend, turnDetector, stt, tts },
    pipeline: audioPipeline(browser({ pauseMs: 200 })),
    greeting: `Hello, this is ${NAME}.`,
  }),
);
kit.registerChannel(new AIChannel("ai", { provider: offlineAI() }));

// The calls of all processes on one page, `/inspect`, whichever of them answers: they tell each other over Redis.
const bus = REDIS_URL ? await openRedisBus({ url: REDIS_URL }) : undefined;
const calls = INSPECT_TOKEN ? inspector(kit, { auth: tokenAuth({ [INSPECT_TOKEN]: {} }), bus, name: NAME }) : undefined;

const server = createServer(voiceServerOptions, (request, response) => {
  // What the balancer asks: `/readyz` is 503 while this one drains, and new calls go elsewhere.
  if (operation.handle(request, response) || calls?.handle(request, response)) return;
  response.writeHead(request.url === "/" ? 302 : 404, { location: "/voice/ui/" }).end();
});
mountVoice(server, backend, {
  allowAnonymous: true, // who reaches the balancer may call; give `auth` where that is not so
  // Whose X-Forwarded-For is believed: without it all callers have the balancer's address, and its limit of 20 is for all of them.
  trustedProxies: TRUSTED_PROXIES.split(",").filter(Boolean),
  ui: playground(),
  sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
});
// On SIGTERM calls may finish for `DRAIN_MS`; then, when nobody speaks, they are told to connect again.
const operation = operate({
  ...{ kit, transports: [backend], server },
  closing: [calls, bus, stt, tts, turnDetector, store].map((part) => () => part?.close?.()),
  ...{ readyDelayMs: Number(READY_DELAY_MS), drainTimeoutMs: Number(DRAIN_MS) },
});
await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
server.listen(Number(PORT), HOST, () => console.log(`Open http://localhost:${PORT}/voice/ui/: ${NAME} takes calls`));
