import { connect, type Socket } from "node:net";
import { serve } from "../measure/child.ts";
import { cpuMeter } from "../measure/cpu.ts";
import { Histogram } from "./bins.ts";
import * as wire from "./caller-wire.ts";
import type { Listened, LoadRequest, Stormed } from "./messages.ts";

// The load client where there is no C compiler: raw sockets and bytes made once.

const PATIENCE_MS = 10_000;
const TICK_MS = 1;

/** A socket after its handshake, and what came with the answer. @throws Error when it is not let in */
function enter(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    const timer = setTimeout(() => refuse(new Error("no answer to a handshake")), PATIENCE_MS);
    const refuse = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    let answer = Buffer.alloc(0);
    const read = (bytes: Buffer): void => {
      answer = Buffer.concat([answer, bytes]);
      const end = answer.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!answer.toString("latin1").startsWith("HTTP/1.1 101")) {
        refuse(new Error("a caller was not let in"));
        return;
      }
      clearTimeout(timer);
      socket.off("data", read).off("error", refuse).pause();
      socket.on("error", () => {});
      const rest = answer.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      resolve(socket);
    };
    socket.on("error", refuse).on("data", read);
    socket.write(wire.request(url));
  });
}

let names = 0;
let measuring: Counts | undefined;

class Counts {
  sent = 0;
  received = 0;
  soundsSent = 0;
  soundsHeard = 0;
  garbled = 0;
  readonly delays = new Histogram();
  readonly from = performance.now();
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

class Caller {
  readonly socket: Socket;
  readonly #started: number;
  #frames = 0;
  #heardMs = 0;
  #quiet = wire.QUIET;
  #at = 0;
  #mark = 0;
  /** When each frame of each sound went. */
  readonly #sent = new Float64Array(wire.MARKS * wire.SOUND);
  late: number[] = [];
  /** The least delay of the first fifth of a measurement, and of the last. */
  early = Number.POSITIVE_INFINITY;
  final = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, started: number) {
    this.socket = socket;
    this.#started = started;
    const messages = new wire.Messages((opcode, body) => {
      const heard = opcode === 1 ? wire.heardIn(body) : undefined;
      if (heard) this.#hear(heard, performance.now());
    });
    socket.on("data", (bytes: Buffer) => messages.push(bytes)).resume();
    socket.write(wire.start(`caller-${process.pid}-${names++}`));
  }

  get due(): number {
    return this.#started + this.#frames * wire.FRAME_MS;
  }

  reset(): void {
    this.late = [];
    this.early = Number.POSITIVE_INFINITY;
    this.final = Number.POSITIVE_INFINITY;
  }

  speak(): void {
    const at = this.#frames % wire.PERIOD;
    const mark = Math.floor(this.#frames++ / wire.PERIOD) % wire.MARKS;
    if (this.socket.destroyed) return;
    const sound = at < wire.SOUND;
    this.socket.write(sound ? (wire.symbols[wire.digitOf(mark, at)] as Uint8Array) : wire.silence);
    if (sound) this.#sent[mark * wire.SOUND + at] = performance.now();
    if (!measuring) return;
    measuring.sent++;
    if (at === 0) measuring.soundsSent++;
  }

  #hear({ samples, digit }: wire.Heard, now: number): void {
    this.#heardMs += samples / 8;
    if (measuring) {
      measuring.received++;
      this.late.push(now - this.#heardMs - this.#started);
    }
    if (digit === undefined) {
      this.#quiet++;
      return;
    }
    if (this.#quiet >= wire.QUIET) {
      this.#at = 0;
      this.#mark = digit * 10;
    } else this.#at++;
    this.#quiet = 0;
    if (this.#at === 1) {
      this.#mark += digit;
      if (measuring) measuring.soundsHeard++;
    }
    if (!measuring || this.#at < 1 || this.#at >= wire.SOUND) return;
    const sent = this.#sent[this.#mark * wire.SOUND + this.#at] as number;
    if (sent === 0 || digit !== wire.digitOf(this.#mark, this.#at)) measuring.garbled++;
    else this.#delayed(measuring, now, now - sent);
  }

  #delayed({ delays, from, ms }: Counts, now: number, delay: number): void {
    delays.add(delay);
    if (now < from + ms / 5) this.early = Math.min(this.early, delay);
    if (now > from + (4 * ms) / 5) this.final = Math.min(this.final, delay);
  }
}

let callers: Caller[] = [];
let timer: NodeJS.Timeout | undefined;
let turn = 0;

async function connectAll({ url, calls }: Extract<LoadRequest, { type: "connect" }>): Promise<object> {
  const sockets: Socket[] = [];
  for (let i = 0; i < calls; i++) sockets.push(await enter(new URL(url)));
  const from = performance.now() + wire.FRAME_MS;
  callers = sockets.map((socket, i) => new Caller(socket, from + (i * wire.FRAME_MS) / calls));
  turn = 0;
  timer = setInterval(() => {
    const now = performance.now();
    // Their phases are in order.
    for (let next = callers[turn]; next && next.due <= now; next = callers[turn]) {
      next.speak();
      turn = (turn + 1) % callers.length;
    }
  }, TICK_MS);
  return {};
}

async function measure(ms: number): Promise<Listened> {
  for (const caller of callers) caller.reset();
  const counts = new Counts(ms);
  measuring = counts;
  const meter = cpuMeter();
  await new Promise((resolve) => setTimeout(resolve, ms));
  measuring = undefined;
  const [cpuMs, wallMs] = [meter.cpuMs(), meter.wallMs()];
  const lateness = new Histogram();
  let driftMs = 0;
  for (const { late, early, final } of callers) {
    for (let from = 0; from < late.length; from += wire.WINDOW) {
      const window = late.slice(from, from + wire.WINDOW);
      const earliest = Math.min(...window);
      for (const at of window) lateness.add(at - earliest);
    }
    const moved = Math.abs(final - early);
    if (Number.isFinite(moved)) driftMs = Math.max(driftMs, moved);
  }
  const { sent, received, soundsSent, soundsHeard, garbled } = counts;
  const open = callers.filter(({ socket }) => !socket.destroyed).length;
  return {
    ...{ sent, received, soundsSent, soundsHeard, garbled, open, cpuMs, wallMs, driftMs },
    ...{ delays: counts.delays.bins(), lateness: lateness.bins() },
  };
}

/** One short call. */
async function visit(url: string, talk: boolean): Promise<void> {
  const socket = await enter(new URL(url));
  try {
    const over = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    if (talk) {
      const echo = new Promise<void>((resolve) => {
        const messages = new wire.Messages((opcode, body) => opcode === 1 && wire.heardIn(body) && resolve());
        socket.on("data", (bytes: Buffer) => messages.push(bytes)).resume();
      });
      socket.write(wire.start(`guest-${process.pid}-${names++}`));
      for (const symbol of wire.symbols.slice(0, 3)) socket.write(symbol);
      await Promise.race([echo, over]);
    }
    socket.resume().write(wire.goodbye);
    await over;
  } finally {
    socket.destroy();
  }
}

async function storm({ url, calls, atOnce, talk }: Extract<LoadRequest, { type: "storm" }>): Promise<Stormed> {
  const meter = cpuMeter();
  let [begun, failed] = [0, 0];
  const visitor = async (): Promise<void> => {
    while (begun++ < calls) await visit(url, talk).catch(() => failed++);
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return { over: calls - failed, failed, wallMs: meter.wallMs(), cpuMs: meter.cpuMs() };
}

serve(async (request: LoadRequest): Promise<object> => {
  if (request.type === "connect") return connectAll(request);
  if (request.type === "measure") return measure(request.ms);
  if (request.type === "storm") return storm(request);
  clearInterval(timer);
  for (const { socket } of callers) {
    socket.write(wire.goodbye);
    socket.destroySoon();
  }
  callers = [];
  return {};
});
