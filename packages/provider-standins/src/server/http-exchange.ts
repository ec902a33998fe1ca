import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../faults/fault.ts";
import { step } from "../faults/schedule.ts";
import type { RouteBase, StandInRequest } from "./route-base.ts";
import { checked, ExchangeEnded, type StandInContext } from "./stand-in-context.ts";

/** One request and its answer, through which every frame passes: logged, checked, and bent by the fault. */
export class HttpExchange {
  readonly request: StandInRequest;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;

  readonly #response: ServerResponse;
  readonly #route: RouteBase;
  readonly #id: number;
  readonly #context: StandInContext;
  readonly #fault: Fault | undefined;
  readonly #gone = new AbortController();
  #count = 0;
  #held: string | Uint8Array | undefined;
  #joined: Buffer[] = [];
  #encode: (frame: unknown) => string | Uint8Array = (frame) => JSON.stringify(frame);

  constructor(
    request: StandInRequest,
    response: ServerResponse,
    route: RouteBase,
    id: number,
    context: StandInContext,
    fault: Fault | undefined,
  ) {
    this.request = request;
    this.#response = response;
    this.#route = route;
    this.#id = id;
    this.#context = context;
    this.#fault = fault;
    this.signal = this.#gone.signal;
    response.on("close", () => this.#gone.abort());
  }

  /** Sends status and headers, and says how frames become bytes (server-sent events, JSON, as they are). */
  begin(
    headers: Readonly<Record<string, string>>,
    encode?: (frame: unknown) => string | Uint8Array,
    status = 200,
  ): void {
    if (encode) this.#encode = encode;
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  /** Sends a frame. Resolves when the next may follow: at the pace at which the client reads. */
  async send(frame: unknown): Promise<void> {
    if (this.signal.aborted) throw new ExchangeEnded();
    const { name, checkOut, unknownFrame, errorFrame } = this.#route;
    const decided = step(this.#fault, this.#count++, { unknown: unknownFrame, error: errorFrame });
    if (decided.do === "send" || decided.do === "twice" || decided.do === "hold" || decided.do === "insert") {
      await checked(this.#context, `out ${name}`, checkOut, frame);
    }
    const bytes = this.#encode(frame);
    switch (decided.do) {
      case "end":
        return await this.#end(decided.fault);
      case "raw":
        return await this.#write(decided.bytes, { malformed: true });
      case "error":
        await this.#write(this.#encode(decided.frame), decided.frame);
        throw new ExchangeEnded();
      case "hold":
        this.#held = bytes;
        return;
      case "insert":
        await this.#write(this.#encode(decided.frame), decided.frame);
        break;
      case "twice":
        await this.#write(bytes, frame);
        break;
    }
    await this.#write(bytes, frame);
    if (this.#held !== undefined) await this.#write(this.#held, { held: true });
    this.#held = undefined;
  }

  /** Called by the stand-in when the route is done. Faults that wait for a frame that never came strike now. */
  async finish(): Promise<void> {
    if (this.signal.aborted) return;
    const last = step(this.#fault, this.#count, { unknown: undefined, error: undefined });
    if (last.do === "end") await this.#end(last.fault);
    const after = this.#fault && "after" in this.#fault ? this.#fault.after : -1;
    if (after >= this.#count) {
      const wanted = JSON.stringify(this.#fault);
      this.#context.violations.push(`${this.#route.name} sent ${this.#count} frames, too few for the fault ${wanted}`);
    }
    this.end();
  }

  /** Ends the answer. */
  end(): void {
    if (this.#joined.length > 0) this.#response.write(Buffer.concat(this.#joined));
    this.#joined = [];
    this.#response.end();
  }

  async #end(fault: Fault): Promise<void> {
    this.#context.log.add({ dir: "fault", route: this.#route.name, exchange: this.#id, frame: fault });
    if (fault.kind === "eof") this.end();
    else if (fault.kind === "cut") {
      // What was sent must arrive first: a reset throws away what the client has not read yet.
      await sleep(5);
      const { socket } = this.#response;
      if (fault.rst === false) socket?.destroy();
      else socket?.resetAndDestroy();
    } else {
      const { socket } = this.#response;
      if (fault.kind === "half-open" && socket) {
        this.#context.frozen.add(socket);
        socket.pause();
      }
      await new Promise<void>((resolve) => {
        if (this.signal.aborted) resolve();
        else this.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    throw new ExchangeEnded();
  }

  async #write(bytes: string | Uint8Array, frame: unknown): Promise<void> {
    if (this.#fault?.kind === "slow") await sleep(this.#fault.ms);
    if (this.signal.aborted) throw new ExchangeEnded();
    const buffer = Buffer.from(bytes as Uint8Array);
    const shown = typeof bytes === "string" ? frame : { bytes: buffer.length };
    this.#context.log.add({ dir: "out", route: this.#route.name, exchange: this.#id, frame: shown });
    if (this.#fault?.kind === "coalesce") {
      this.#joined.push(buffer);
      return;
    }
    const size = this.#fault?.kind === "fragment" ? this.#fault.size : buffer.length;
    for (let at = 0; at < buffer.length; at += size) {
      const ready = this.#response.write(buffer.subarray(at, at + size));
      await nextTurn();
      if (!ready) await this.#drained();
      if (this.signal.aborted) throw new ExchangeEnded();
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#response.once("drain", resolve);
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
