import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import type { Fault } from "../faults/fault.ts";
import { step } from "../faults/schedule.ts";
import type { SocketRouteBase, StandInRequest } from "./route-base.ts";
import { checked, type StandInContext } from "./stand-in-context.ts";

interface SocketExchangeParts {
  readonly request: StandInRequest;
  readonly ws: WebSocket;
  readonly socket: Socket;
  readonly route: SocketRouteBase;
  readonly id: number;
  readonly context: StandInContext;
  readonly fault: Fault | undefined;
}

/** One WebSocket, through which every message passes: logged, checked, and bent by the fault. */
export class SocketExchange {
  readonly request: StandInRequest;
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal;
  /** Whether this side began the end. */
  endedByUs = false;
  /** Set by the route: a text message, parsed. */
  onJson: (frame: unknown) => void = () => {};
  /** Set by the route. */
  onBinary: (bytes: Buffer) => void = () => {};

  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #route: SocketRouteBase;
  readonly #id: number;
  readonly #context: StandInContext;
  readonly #fault: Fault | undefined;
  readonly #ended = new AbortController();
  #count = 0;
  #held: (() => Promise<void>) | undefined;
  /** Messages leave one after the other, although each may wait. */
  #lane: Promise<void> = Promise.resolve();
  #silent = false;

  constructor({ request, ws, socket, route, id, context, fault }: SocketExchangeParts) {
    this.request = request;
    this.#ws = ws;
    this.#socket = socket;
    this.#route = route;
    this.#id = id;
    this.#context = context;
    this.#fault = fault;
    this.signal = this.#ended.signal;
    ws.on("error", () => {});
    ws.on("close", () => this.#ended.abort());
    ws.on("message", (data, binary) => this.#receive(data as Buffer, binary));
    // A fault that comes before the first frame does not wait for the route to say something.
    const first = step(fault, 0, { unknown: undefined, error: undefined });
    if (first.do === "end") this.#lane = this.#strike(first.fault);
  }

  /** Sends a message: JSON as text (or, with `binary`, as bytes), bytes as they are. */
  send(frame: unknown, options: { readonly binary?: boolean | undefined } = {}): void {
    this.#lane = this.#lane.then(() => this.#send(frame, options.binary ?? frame instanceof Uint8Array));
  }

  /** Closes after what was sent. */
  close(code?: number, reason?: string): void {
    this.#lane = this.#lane.then(() => {
      if (this.#silent || this.signal.aborted) return;
      this.endedByUs = true;
      this.#ws.close(code, reason);
    });
  }

  async #send(frame: unknown, binary: boolean): Promise<void> {
    if (this.#silent || this.signal.aborted) return;
    const { name, checkOut, unknownFrame, errorFrame } = this.#route;
    const decided = step(this.#fault, this.#count++, { unknown: unknownFrame, error: errorFrame });
    const isBytes = frame instanceof Uint8Array;
    if (!isBytes && decided.do !== "raw" && decided.do !== "error" && decided.do !== "end") {
      await checked(this.#context, `out ${name}`, checkOut, frame);
    }
    const encode = (value: unknown): string | Uint8Array =>
      value instanceof Uint8Array ? value : JSON.stringify(value);
    const send = (): Promise<void> => this.#write(encode(frame), binary, isBytes ? { bytes: frame.length } : frame);
    switch (decided.do) {
      case "end":
        return await this.#strike(decided.fault);
      case "raw":
        return await this.#write(decided.bytes, typeof decided.bytes !== "string", { malformed: true });
      case "error":
        return await this.#write(encode(decided.frame), binary && !isBytes, decided.frame);
      case "hold":
        this.#held = send;
        return;
      case "insert":
        await this.#write(encode(decided.frame), binary && !isBytes, decided.frame);
        break;
      case "twice":
        await send();
        break;
    }
    await send();
    const held = this.#held;
    this.#held = undefined;
    await held?.();
  }

  async #strike(fault: Fault): Promise<void> {
    if (this.#silent) return;
    this.#silent = true;
    this.#context.log.add({ dir: "fault", route: this.#route.name, exchange: this.#id, frame: fault });
    if (fault.kind === "half-open") {
      this.#context.frozen.add(this.#socket);
      this.#socket.pause();
      return;
    }
    if (fault.kind === "stall") return;
    this.endedByUs = true;
    if (fault.kind === "close") {
      this.#ws.close(fault.code, fault.reason);
      return;
    }
    // What was sent must arrive first: a reset throws away what the client has not read yet.
    await sleep(5);
    if (fault.kind === "cut" && fault.rst === false) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  async #write(bytes: string | Uint8Array, binary: boolean, frame: unknown): Promise<void> {
    if (this.#fault?.kind === "slow") await sleep(this.#fault.ms);
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#context.log.add({ dir: "out", route: this.#route.name, exchange: this.#id, frame });
    if (this.#fault?.kind === "coalesce") {
      this.#socket.cork();
      process.nextTick(() => setImmediate(() => this.#socket.uncork()));
    }
    const buffer = Buffer.from(bytes as Uint8Array);
    const size = this.#fault?.kind === "fragment" ? this.#fault.size : Math.max(1, buffer.length);
    for (let at = 0; at === 0 || at < buffer.length; at += size) {
      const fin = at + size >= buffer.length;
      this.#ws.send(buffer.subarray(at, at + size), { binary, fin }, () => {});
    }
  }

  #receive(data: Buffer, binary: boolean): void {
    const { name, checkIn } = this.#route;
    const log = (frame: unknown): void => this.#context.log.add({ dir: "in", route: name, exchange: this.#id, frame });
    if (binary) {
      log({ bytes: data.length });
      this.onBinary(data);
      return;
    }
    let frame: unknown;
    try {
      frame = JSON.parse(data.toString("utf8"));
    } catch {
      this.#context.violations.push(`in ${name}: a text message that is not JSON`);
      return;
    }
    log(frame);
    void checked(this.#context, `in ${name}`, checkIn, frame);
    this.onJson(frame);
  }
}
