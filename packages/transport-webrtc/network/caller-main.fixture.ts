import { setTimeout as sleep } from "node:timers/promises";
import { mulaw } from "@roomkit/codec-mulaw";
import { WebSocket } from "ws";
import { sine } from "../src/testing.fixture.ts";
import { Caller, type CallerOptions } from "./caller.fixture.ts";
import { answerLines, givenOptions, say } from "./child.fixture.ts";
import { toOpus } from "./speech.fixture.ts";

/** What a call came to. */
export interface CallReport {
  readonly connected: boolean;
  readonly connectMs: number;
  readonly sent: number;
  /** Audio packets, or WebSocket messages with audio. */
  readonly heard: number;
  readonly texts: readonly (string | undefined)[];
  /** Kinds of the candidates the server was told. */
  readonly told?: readonly string[];
  readonly pair?: { readonly local: string; readonly remote: string };
}

const options = givenOptions<CallerOptions>();
const tone = sine(48_000, 440, 1_000);
const packets = await toOpus(tone, 48_000);
const open: Caller[] = [];

async function call(connectMs: number, iceServers: string[]): Promise<CallReport> {
  const caller = new Caller({ ...options, iceServers });
  try {
    const connected = await caller.connect(connectMs).then(
      () => true,
      () => false,
    );
    if (connected) {
      caller.write("over the channel");
      await caller.speak(packets);
      await settled(() => caller.heard.length > 45 && caller.messages.length > 0);
    }
    const { sent, heard, messages, pair } = caller;
    return {
      connected,
      connectMs: caller.connectMs,
      sent,
      heard: heard.length,
      texts: messages.map(({ data }) => data?.text),
      told: caller.told,
      ...(pair ? { pair } : {}),
    };
  } finally {
    caller.close();
  }
}

/** Connects and hangs up, one after another; how long each took to connect, ms. */
async function cycles(count: number): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    const caller = new Caller(options);
    await caller.connect();
    out.push(caller.connectMs);
    await caller.speak(packets.slice(0, 2));
    // A third each: the connection is closed, the client says goodbye first, the server hangs up.
    if (i % 3 === 1) caller.send({ event: "stop" });
    if (i % 3 === 2) {
      caller.write("hang up");
      await caller.ended();
    }
    caller.close();
  }
  return out;
}

/** The same words and sounds over a WebSocket. */
async function callBySocket(): Promise<CallReport> {
  const socket = new WebSocket(`${options.url.replace("http", "ws")}/voice/websocket/offer`);
  const started = performance.now();
  let heard = 0;
  const texts: string[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as { event?: string; data?: { text?: string } };
    if (message.event === "media") heard++;
    else if (message.data?.text !== undefined) texts.push(message.data.text);
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const connectMs = performance.now() - started;
  socket.send(JSON.stringify({ event: "start", websocket_id: "caller" }));
  const samples = sine(24_000, 440, 20);
  const payload = Buffer.from(mulaw().encode(samples)).toString("base64");
  for (let i = 0; i < 50; i++) {
    socket.send(JSON.stringify({ event: "media", media: { payload } }));
    await sleep(20);
    if (i === 25) socket.send(JSON.stringify({ event: "text", text: "over the socket" }));
  }
  await settled(() => heard > 45 && texts.length > 0);
  socket.terminate();
  return { connected: true, connectMs, sent: 50, heard, texts };
}

/** Waits a while for what may still be on its way. */
async function settled(enough: () => boolean): Promise<void> {
  for (let waited = 0; !enough() && waited < 4_000; waited += 50) await sleep(50);
}

say("ready");

answerLines(async (line) => {
  const [command, number, ...iceServers] = line.split(" ");
  if (command === "call") return await call(Number(number), iceServers);
  if (command === "cycles") return await cycles(Number(number));
  if (command === "socket") return await callBySocket();
  // Stays on the line until the process is killed, sending nothing but what the stack sends by itself.
  const caller = await new Caller(options).connect();
  open.push(caller);
  return "connected";
});
