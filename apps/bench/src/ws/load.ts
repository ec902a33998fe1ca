import { mulaw } from "@roomkit/codec-mulaw";
import WebSocket from "ws";
import { serve } from "../measure/child.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import type { LoadAnswer, LoadRequest } from "./messages.ts";

const RATE = 8_000;
const FRAME_MS = 20;

const speech = speechLike(RATE, 4_000);
/** The messages of four seconds of speech, as the compat dialect writes them. */
const media = Array.from({ length: 200 }, (_, i) => {
  const payload = Buffer.from(mulaw().encode(frameAt(speech, RATE, i).samples)).toString("base64");
  return JSON.stringify({ event: "media", media: { payload } });
});

/** One caller: a frame every 20 ms on an absolute clock, and what comes back. */
class Caller {
  readonly socket: WebSocket;
  /** When each frame was sent, by its number. */
  readonly #sent: number[] = [];
  #started = 0;
  #heardMs = 0;
  /** Arrivals since the measurement began, each less the time the audio before it takes. */
  arrivals: number[] = [];
  delays: number[] = [];

  constructor(url: string, name: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer) => this.#heard(data));
    this.socket.on("open", () => this.socket.send(JSON.stringify({ event: "start", websocket_id: name })));
  }

  start(now: number): void {
    this.#started = now;
  }

  /** Sends what is due. */
  speak(now: number): void {
    while (now >= this.#started + this.#sent.length * FRAME_MS) {
      this.socket.send(media[this.#sent.length % media.length] as string);
      this.#sent.push(performance.now());
    }
  }

  reset(): void {
    this.arrivals = [];
    this.delays = [];
  }

  #heard(data: Buffer): void {
    const now = performance.now();
    const message = JSON.parse(data.toString()) as { event?: string; media?: { payload: string } };
    if (message.event !== "media" || !message.media) return;
    this.#heardMs += Buffer.byteLength(message.media.payload, "base64") / (RATE / 1000);
    this.arrivals.push(now - this.#heardMs);
    // The echo of a frame cannot come before the frame that holds its last sample was sent.
    const last = Math.min(Math.ceil(this.#heardMs / FRAME_MS - 1e-6), this.#sent.length) - 1;
    this.delays.push(now - (this.#sent[last] ?? now));
  }
}

let callers: Caller[] = [];
let timer: NodeJS.Timeout | undefined;

serve(async (request: LoadRequest): Promise<LoadAnswer> => {
  if (request.type === "connect") {
    callers = Array.from({ length: request.sessions }, (_, i) => new Caller(request.url, `caller-${i}`));
    await Promise.all(
      callers.map(
        ({ socket }) =>
          new Promise<void>((resolve, reject) => {
            socket.once("open", () => resolve());
            socket.once("error", reject);
          }),
      ),
    );
    const now = performance.now();
    callers.forEach((caller, i) => {
      caller.start(now + (i * FRAME_MS) / callers.length);
    });
    timer = setInterval(() => {
      const tick = performance.now();
      for (const caller of callers) caller.speak(tick);
    }, 2);
    await new Promise((resolve) => setTimeout(resolve, request.warmMs));
    return {};
  }
  if (request.type === "measure") {
    for (const caller of callers) caller.reset();
    await new Promise((resolve) => setTimeout(resolve, request.ms));
    const lateness = callers.flatMap(({ arrivals }) => {
      const earliest = arrivals.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
      return arrivals.map((at) => at - earliest);
    });
    const open = callers.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length;
    return { lateness, delays: callers.flatMap(({ delays }) => delays), open };
  }
  clearInterval(timer);
  for (const { socket } of callers) socket.terminate();
  callers = [];
  return {};
});
