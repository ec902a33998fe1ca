import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { voiceServerOptions } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { RoomKit } from "@roomkit/core";
import { operate } from "@roomkit/operations";
import { readConfig, SYSTEM_PROMPT } from "./config.ts";
import { Desk } from "./desk.ts";
import { demoLogger, inspect, observe } from "./observe.ts";
import { mountSpeechToSpeech } from "./realtime.ts";
import { Recordings } from "./recordings.ts";
import { speech } from "./speech.ts";
import { demoTools } from "./tools.ts";
import { mountClassicVoice } from "./voice.ts";

const config = readConfig(process.env);
const logger = demoLogger(config);
const kit = new RoomKit({ logger });

const recordings = await Recordings.open();
/** Browsers ask for an icon beside whatever they show. */
const elsewhere = new Map([
  ["/", "/voice/ui"],
  ["/favicon.ico", "/voice/ui/icon.svg"],
]);
const server = createServer(voiceServerOptions, (request, response) => {
  if (recordings.serve(request, response) || serveMetrics(request, response)) return;
  if (operation.handle(request, response) || calls?.handle(request, response)) return;
  const location = request.method === "GET" ? elsewhere.get((request.url ?? "/").split("?", 1)[0] ?? "") : undefined;
  response.writeHead(location ? 302 : 404, location ? { location } : { "content-type": "text/plain" });
  response.end(location ? undefined : "Not found.\n");
});

// A recogniser, a model and a voice: by vendors whose keys are set, otherwise on this machine. And the two ways to talk to them.
const parts = speech(process.env, config.voice, recordings);
kit.registerChannel(new AIChannel("ai", { provider: parts.ai.provider, system: SYSTEM_PROMPT, tools: demoTools }));
const voiceParts = { speech: parts, desk: new Desk(kit, recordings), logger };
const transports = [
  ...mountClassicVoice(server, kit, config, voiceParts),
  mountSpeechToSpeech(server, kit, config, voiceParts),
];

const serveMetrics = observe(kit, transports, config, logger);
const calls = inspect(kit, config, logger);

// The calls first, then what carried them; whoever made something closes it.
const operation = operate({
  ...{ kit, transports, server, logger },
  closing: [() => calls?.close(), () => recordings.close(), () => parts.close()],
  drainTimeoutMs: config.drainMs,
  handOverMs: config.drainMs > 0 ? 15_000 : 0,
});

await parts.warmUp();
server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
  const taken = `port ${config.port} is in use by another program: try PORT=${config.port + 1} npm start`;
  console.error(code === "EADDRINUSE" ? taken : `cannot listen on ${config.host}:${config.port}: ${message}`);
  process.exit(1);
});
server.listen(config.port, config.host, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`RoomKit is listening: open http://localhost:${port} and speak English.`);
  for (const [part, choice] of Object.entries(parts.about)) console.log(`  ${part}: ${choice}`);
  if (calls) console.log(`  calls: http://localhost:${port}/inspect, with the token of ROOMKIT_INSPECT_TOKEN`);
});
