import { mulaw } from "@roomkit/codec-mulaw";
import WebSocket from "ws";
import { serve } from "../measure/child.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import type { LoadAnswer, LoadRequest } from "./messages.ts";

const RATE = 8_000;
const FRAME_MS = 20;

/** A sound of this many frames begins every so many frames: its echo can be found again, whatever happened on the way. */
const SOUND = 10;
const PERIOD = 40;
/** Samples above this are sound, below it silence. */
const LOUD = 1_000;

const codec = mulaw();
const speech = speechLike(RATE, SOUND * FRAME_MS + 250).subarray(0.02 * RATE);
/** The messages of one period, as the compat dialect writes them. */
const media = Array.from({ length: PERIOD }, (_, i) => {
  const samples = i < SOUND ? frameAt(speech, RATE, i).samples : new Int16Array(RATE / 50);
  return JSON.stringify({ event: "media", media: { payload: Buffer.from(codec.encode(samples)).toString("base64") } });
});

/** One caller: a frame every 20 ms on an absolute clock, and what comes back. */
class Caller {
  readonly socket: WebSocket;
  #frames = 0;
  #started = 0;
  /** When the sounds began to be sent whose echo has not come, oldest first. */
  readonly #sounds: number[] = [];
  /** Frames of silence in a row. */
  #quiet = SOUND;
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
    while (now >= this.#started + this.#frames * FRAME_MS) {
      const at = this.#frames++ % PERIOD;
      this.socket.send(media[at] as string);
      if (at === 0) this.#sounds.push(performance.now());
    }
  }

  reset(): void {
    this.arrivals = [];
    this.delays = [];
  }

  #heard(data: Buffer): void {
    const now = performance.now();
    const message = JSON.parse(data.toString()) as {
      event?: string | undefined;
      media?: { payload: string } | undefined;
    };
    if (message.event !== "media" || !message.media) return;
    const samples = codec.decode(Buffer.from(message.media.payload, "base64"));
    this.#heardMs += samples.length / (RATE / 1000);
    this.arrivals.push(now - this.#heardMs);
    const loud = samples.some((sample) => sample > LOUD);
    // The first loud frame after a silence is the echo of a sound's beginning.
    if (loud && this.#quiet >= SOUND) this.delays.push(now - (this.#sounds.shift() ?? now));
    this.#quiet = loud ? 0 : this.#quiet + 1;
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
